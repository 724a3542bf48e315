// What a GGUF file says about using its tokenizer: special tokens, what goes around a text, chat templates.
import type { GgufMetadata } from "./metadata.ts";
import { PRE_TOKENIZERS } from "./pre_tokenizers.ts";

/** What a file says about using its tokenizer: as in tokenizer_config.json, with the ids beside the tokens. */
export interface GgufTokenizerConfig {
  /** First token of a text. */
  readonly bos_token?: string;
  /** Its id. */
  readonly bos_token_id?: number;
  /** Last token of a text. */
  readonly eos_token?: string;
  /** Its id. */
  readonly eos_token_id?: number;
  /** Token for what the vocabulary cannot spell. */
  readonly unk_token?: string;
  /** Its id. */
  readonly unk_token_id?: number;
  /** Token that fills up rows. */
  readonly pad_token?: string;
  /** Its id. */
  readonly pad_token_id?: number;
  /** Whether encoding begins with BOS. */
  readonly add_bos_token: boolean;
  /** Whether encoding ends with EOS. */
  readonly add_eos_token: boolean;
  /** Jinja source, or sources by name. */
  readonly chat_template?: string | readonly { readonly name: string; readonly template: string }[];
  /** Always false: decoding leaves spaces as they are. */
  readonly clean_up_tokenization_spaces: false;
}

/**
 * Reads them.
 *
 * @param model `tokenizer.ggml.model`.
 * @param tokens The vocabulary; none where the file has none, and then ids stand alone.
 * @throws {Mistake} If an id is of no token; a padding id past them is none, since nothing is padded.
 */
export function ggufTokenizerConfig(
  metadata: GgufMetadata,
  model: string,
  tokens: readonly string[],
): GgufTokenizerConfig {
  const specials: [string, string][] = [
    ["bos", "bos"],
    ["eos", "eos"],
    ["unk", "unknown"],
    ["pad", "padding"],
  ];
  const named = specials.flatMap(([short, long]): [string, string | number][] => {
    const key = `tokenizer.ggml.${long}_token_id`;
    if (metadata.get(key) === undefined) return [];
    const id = metadata.count(key);
    if (short === "pad" && tokens.length > 0 && id >= tokens.length) return []; // nothing is padded
    if (tokens.length === 0) return [[`${short}_token_id`, id]];
    if (id >= tokens.length) {
      throw metadata.mistake(`${key} is ${id}`, `below the number of tokens ${tokens.length}`);
    }
    return [[`${short}_token`, tokens[id]], [`${short}_token_id`, id]];
  });
  const template = chatTemplates(metadata);
  const pre = metadata.text("tokenizer.ggml.pre") ?? "default";
  const usual = model === "llama" ||
    (model === "gpt2" && Object.hasOwn(PRE_TOKENIZERS, pre) && PRE_TOKENIZERS[pre].addBos);
  return {
    ...Object.fromEntries(named),
    add_bos_token: metadata.flag("tokenizer.ggml.add_bos_token") ?? usual,
    add_eos_token: metadata.flag("tokenizer.ggml.add_eos_token") ?? false,
    ...(template === undefined ? {} : { chat_template: template }),
    clean_up_tokenization_spaces: false,
  };
}

/** `tokenizer.chat_template` is the default; more stand beside it as `tokenizer.chat_template.NAME`. */
function chatTemplates(metadata: GgufMetadata): GgufTokenizerConfig["chat_template"] {
  const key = "tokenizer.chat_template";
  const main = metadata.text(key);
  const named = [...metadata.header.metadata.keys()].filter((name) => name.startsWith(`${key}.`))
    .map((name) => ({ name: name.slice(key.length + 1), template: metadata.text(name)! }));
  if (named.length === 0) return main;
  return [...main === undefined ? [] : [{ name: "default", template: main }], ...named];
}
