// What the files beside a tokenizer.json say of it, each setting read in all the places where transformers 5 reads it:
// special tokens, tokens that only they declare, end ids, chat templates.
import { CONFIG_BOUNDS, TOKENIZER_BOUNDS } from "../../base/json_bounds.ts";
import { parseJsonObject, refuseWrongDownload } from "../../base/json_object.ts";
import { isObject, show } from "../../base/quote.ts";
import { type ChatTemplateSource, findChatTemplate } from "../template/pick_chat_template.ts";
import type { AddedToken } from "./tokenizer_json.ts";
import { cannotRead } from "../../base/mistake.ts";

type Json = Record<string, unknown>;
type Read = (file: string) => Promise<Uint8Array | undefined>;

/** What stands beside a tokenizer.json. */
export interface TokenizerSettings {
  /** tokenizer_config.json, empty where there is none. */
  readonly config: Json;
  /** generation_config.json, empty where there is none. */
  readonly generation: Json;
  /** Texts of `bos_token`, `eos_token`, `pad_token`, `unk_token` by these names. */
  readonly special: Readonly<Record<string, string | undefined>>;
  /** Tokens that tokenizer.json may lack. */
  readonly declared: readonly AddedToken[];
  /** Texts of more special tokens, which may stand in tokenizer.json as ordinary ones. */
  readonly extra: readonly string[];
  /** The chat template, or several by name. */
  readonly templates: ChatTemplateSource | undefined;
}

/** Where the settings are. */
export interface TokenizerSettingsOptions {
  /** Names in a folder below the model's; default: only well-known templates are asked for. */
  readonly list?: (folder: string) => Promise<readonly string[]>;
  /** Whether the folder has vocab.json and merges.txt, GPT-2's, in place of tokenizer.json; default false. */
  readonly isGpt2?: boolean;
}

/** The vocabulary's own names where a GPT-2 or Llama folder has no tokenizer_config.json, as the classes have it. */
const CLASS_DEFAULTS: Record<string, Json> = {
  GPT2: { bos_token: "<|endoftext|>", eos_token: "<|endoftext|>", unk_token: "<|endoftext|>" },
  Llama: { bos_token: "<s>", eos_token: "</s>", unk_token: "<unk>" },
  Gemma: { bos_token: "<bos>", eos_token: "<eos>", unk_token: "<unk>", pad_token: "<pad>" },
  Qwen2: { eos_token: "<|endoftext|>", pad_token: "<|endoftext|>" },
};

/** Templates that a dialogue may ask for by itself. */
const WELL_KNOWN = ["tool_use.jinja"];

/**
 * Reads the settings of a folder.
 *
 * @param folder What to call it in errors.
 * @throws {Mistake} If a file is malformed; one line, with file and field.
 */
export async function readTokenizerSettings(
  read: Read,
  folder: string,
  { list, isGpt2 = false }: TokenizerSettingsOptions = {},
): Promise<TokenizerSettings> {
  const json = async (file: string) => await readJson(read, folder, file) ?? {};
  const config = await json("tokenizer_config.json");
  // Where tokenizer_config.json declares tokens it is of today, and whole; before, the other files went over it.
  const isWhole = isObject(config.added_tokens_decoder);
  const map = await json("special_tokens_map.json");
  const all = isWhole ? { ...map, ...config } : { ...config, ...map };
  const special = specialTokens(all, isGpt2, `${folder}/tokenizer_config.json`);
  const extra = extraTokens(all);
  const names = new Set([...Object.values(special), ...extra]);
  return {
    config,
    generation: await json("generation_config.json"),
    special,
    extra,
    declared: isWhole
      ? declaredTokens(config.added_tokens_decoder as Json)
      : addedFile(await json("added_tokens.json"), names),
    templates: await readTemplates(read, folder, config, list),
  };
}

/** A JSON file of the folder; undefined where there is none. */
export async function readJson(
  read: Read,
  folder: string,
  file: string,
): Promise<Json | undefined> {
  const bytes = await read(file);
  if (bytes === undefined) return undefined;
  refuseWrongDownload(bytes, `${folder}/${file}`, "a JSON file");
  const bounds = /^(tokenizer|vocab)\.json$/.test(file) ? TOKENIZER_BOUNDS : CONFIG_BOUNDS;
  return parseJsonObject(bytes, `${folder}/${file}`, "the file", bounds);
}

/** Added tokens of a tokenizer.json. */
export function addedTokens(json: Json): AddedToken[] {
  return Array.isArray(json.added_tokens) ? json.added_tokens : [];
}

/** A tokenizer.json with the tokens that only other files declare, and those special that others say are. */
export function withDeclared(
  json: Json,
  { declared, extra }: Pick<TokenizerSettings, "declared" | "extra">,
): Json {
  if (json.added_tokens !== undefined && !Array.isArray(json.added_tokens)) return json;
  const known = new Set(addedTokens(json).map((token) => isObject(token) ? token.content : ""));
  const more = declared.filter(({ content }) => !known.has(content));
  const all = [...addedTokens(json), ...more].map((token) =>
    isObject(token) && extra.includes(token.content) ? { ...token, special: true } : token
  );
  return { ...json, added_tokens: all };
}

function declaredTokens(decoder: Json): AddedToken[] {
  return Object.entries(decoder).flatMap(([id, token]) =>
    isObject(token) && typeof token.content === "string"
      ? [{ ...token, id: Number(id), content: token.content } as AddedToken]
      : []
  );
}

/** added_tokens.json has ids by text. */
function addedFile(file: Json, special: ReadonlySet<string | undefined>): AddedToken[] {
  return Object.entries(file).flatMap(([content, id]) =>
    Number.isSafeInteger(id) && Number(id) >= 0
      ? [{
        ...{ content, id, single_word: false, lstrip: false, rstrip: false },
        ...{ normalized: !special.has(content), special: special.has(content) },
      } as AddedToken]
      : []
  );
}

/** Special tokens by their key, the class's own last. */
function specialTokens(
  said: Json,
  isGpt2: boolean,
  name: string,
): Record<string, string | undefined> {
  const named = typeof said.tokenizer_class === "string" ? said.tokenizer_class : "";
  const family = (isGpt2 && named === "" ? "GPT2" : named).replace(/Tokenizer(Fast)?$/, "");
  const defaults = Object.hasOwn(CLASS_DEFAULTS, family) ? CLASS_DEFAULTS[family] : {};
  const found: Record<string, string | undefined> = {};
  for (const key of ["bos_token", "eos_token", "pad_token", "unk_token"]) {
    const value = key in said ? said[key] : defaults[key];
    if (value === null || value === undefined) continue;
    const text = textOf(value);
    if (text === undefined) {
      throw cannotRead(name, { found: `${key} is ${show(value)}`, expected: "text" });
    }
    found[key] = text;
  }
  return found;
}

/** Special tokens without a role of their own. */
function extraTokens(said: Json): string[] {
  const lists = [said.extra_special_tokens, said.additional_special_tokens];
  const values = lists.flatMap((list) =>
    Array.isArray(list) ? list : isObject(list) ? Object.values(list) : []
  );
  return values.map(textOf).filter((text) => text !== undefined);
}

/** A token is text, or an object with `content`. */
function textOf(value: unknown): string | undefined {
  const text = isObject(value) ? value.content : value;
  return typeof text === "string" ? text : undefined;
}

async function readTemplates(
  read: Read,
  folder: string,
  tokenizerConfig: Json,
  list: TokenizerSettingsOptions["list"],
): Promise<ChatTemplateSource | undefined> {
  const jinja = async (path: string): Promise<string | undefined> => {
    const bytes = await read(path);
    return bytes && templateText(bytes, `${folder}/${path}`);
  };
  const named = new Map<string, string>();
  const below = "additional_chat_templates";
  for (const name of list ? await list(below) : WELL_KNOWN) {
    if (!name.endsWith(".jinja")) continue;
    const text = await jinja(`${below}/${name}`);
    if (text !== undefined) named.set(name.slice(0, -".jinja".length), text);
  }
  return findChatTemplate({
    tokenizerConfig,
    jinja: await jinja("chat_template.jinja"),
    json: await readJson(read, folder, "chat_template.json"),
    named,
  });
}

function templateText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.slice());
  } catch {
    throw cannotRead(name, { found: "the file is not UTF-8", expected: "a Jinja template" });
  }
}
