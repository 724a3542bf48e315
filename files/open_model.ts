// A model as a user names it, ready to be put on a device: a Hugging Face folder, a GGUF file, or a hub id that a
// downloader turns into one of them. Weights stay in their files until they are read, tensor by tensor.
import { MOST_END_IDS } from "../backend/mod.ts";
import { type ChatTemplate, chatTemplate } from "../core/text/template/chat_template.ts";
import { endTokenIds, turnThatCannotEnd } from "../core/text/rows/end_of_turn.ts";
import {
  type PretrainedTokenizer,
  type PretrainedTokenizerOptions,
  readPretrainedTokenizer,
} from "../core/text/tokenizer/pretrained_tokenizer.ts";
import { asksDate, dayOf, templateDate } from "../core/text/template/date.ts";
import { type ModelConfig, parseModelConfig } from "../core/model/config.ts";
import { settleHead } from "../core/model/tied_head.ts";
import { openGgufFile, wholeGgufs } from "./gguf_file.ts";
import { openLocalFile } from "./local_file.ts";
import { parseJsonObject, refuseWrongDownload } from "../core/base/json_object.ts";
import { bare } from "../core/base/quote.ts";
import { namesIn } from "./model_companions.ts";
import type { RandomAccessFile } from "../core/base/random_access.ts";
import { openSafetensors, openShardedSafetensors } from "../core/formats/safetensors_stream.ts";
import { SHARD_INDEX } from "../core/formats/shard_index.ts";
import { readSmallFile, statIfThere } from "./small_file.ts";
import type { TensorSource } from "../core/base/tensor_source.ts";
import { cannotRead, Mistake } from "../core/base/mistake.ts";

/** A model whose files are open. Disposing it closes them. */
export interface OpenedModel extends Disposable {
  /** As the user named it. */
  readonly name: string;
  /** The folder or GGUF file on this machine. */
  readonly path: string;
  /** Whether it is a GGUF file, whose companions cannot be copied. */
  readonly gguf: boolean;
  /** How many files a GGUF model lies in, and their bytes; absent for a folder. */
  readonly ggufFiles?: { readonly count: number; readonly bytes: number };
  /** Sizes and constants, `tied` as the weights have it; ends at any id that its config, generation config or tokenizer ends at. */
  readonly config: ModelConfig;
  /** config.json as it stands in the folder, or as the GGUF file implies it. */
  readonly configJson: Readonly<Record<string, unknown>>;
  /** Tensors by Hugging Face name. */
  readonly source: TensorSource;
  /** Text to ids and back; absent where the model brings no tokenizer. */
  readonly tokenizer?: PretrainedTokenizer;
  /** How it wants dialogues written; absent for a base model. */
  readonly chat?: ChatTemplate;
  /** The day that the template is told, `YYYY-MM-DD`, where it asks for the date. */
  readonly date?: string;
  /** End tokens that `endTokens` added to the model's own. */
  readonly addedEnds: readonly number[];
  /** What a user should know of it, a line each: a head of its own, a turn that cannot end. */
  readonly notes: readonly string[];
}

/** How to open a model. */
export interface OpenModelOptions {
  /** Turns `org/name`, `org/name@revision` or `org/name:file.gguf` into a folder or file on this machine. */
  readonly download?: (spec: string) => Promise<string>;
  /** Tokens at which it ends too, by text or id. */
  readonly endTokens?: readonly string[];
  /** The day that its chat template is told, `YYYY-MM-DD`; default today. */
  readonly date?: string;
}

const HUB_ID = /^[\w-][\w.-]*\/[\w-][\w.-]*(@[\w./-]+)?(:[\w./-]+\.gguf)?$/;

/**
 * Opens a model by path or hub id.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { openModel } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => openModel("no-such-model"), Mistake, "no-such-model: it is not there");
 * ```
 *
 * @param spec A folder with config.json, a `.gguf` file (any part of one that was cut) or a folder with exactly one, or
 * a hub id.
 * @param options `download`: asked for a hub id that is no local path; `endTokens`, `date`.
 * @throws {Mistake} If there is no such model, or a file is missing or malformed; one line with file and field.
 * @throws {Mistake} If a size is out of range.
 */
export async function openModel(
  spec: string,
  options: OpenModelOptions = {},
): Promise<OpenedModel> {
  const path = await pathOf(spec, options);
  return path.toLowerCase().endsWith(".gguf")
    ? await openGgufModel(spec, path, options)
    : await openFolder(spec, path, options);
}

async function pathOf(spec: string, { download }: OpenModelOptions): Promise<string> {
  let path = spec.length > 1 ? spec.replace(/\/+$/, "") : spec;
  let there = await statIfThere(path);
  if (!there && download && HUB_ID.test(spec)) {
    path = await download(spec);
    there = await statIfThere(path);
  }
  if (!there) {
    const hub = HUB_ID.test(spec) || !download ? "" : ", or a hub id as org/name";
    throw new Mistake("file", {
      verb: "open",
      thing: `the model ${bare(spec)}`,
      found: "it is not there",
      expected: `a folder with config.json or a .gguf file${hub}`,
    });
  }
  if (!there.isDirectory || await statIfThere(`${path}/config.json`)) return path;
  const ggufs: string[] = [];
  for await (const { name, isFile } of Deno.readDir(path)) {
    if (isFile && name.toLowerCase().endsWith(".gguf")) ggufs.push(name);
  }
  const whole = wholeGgufs(ggufs);
  if (whole.length === 1) return `${path}/${whole[0]}`;
  if (whole.length === 0) return path; // whose config.json is then missing, by name
  throw new Mistake("file", {
    verb: "open",
    thing: `the model ${bare(spec)}`,
    found: `it holds ${whole.length} GGUF files`,
    expected: `one of them: ${bare(whole.join(", "))}`,
  });
}

async function openGgufModel(
  name: string,
  path: string,
  options: OpenModelOptions,
): Promise<OpenedModel> {
  const { source, configJson, tokenizerJson, tokenizerConfig, parts, fileBytes } =
    await openGgufFile(path);
  const ggufFiles = { count: parts, bytes: fileBytes };
  try {
    const config = parseModelConfig(configJson, path);
    const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const files = new Map([
      ["tokenizer.json", tokenizerJson && json(tokenizerJson)],
      ["tokenizer_config.json", json(tokenizerConfig)],
    ]);
    const read = (file: string) => Promise.resolve(files.get(file));
    const words = tokenizerJson && await readWords(read, path, config, options);
    const parts = { name, path, gguf: true, ggufFiles, configJson, source };
    return opened(parts, config, words, options);
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

async function openFolder(
  name: string,
  path: string,
  options: OpenModelOptions,
): Promise<OpenedModel> {
  const read = (file: string) => readSmallFile(`${path}/${file}`);
  const configBytes = await read("config.json");
  if (!configBytes) {
    throw new Mistake("file", {
      verb: "open",
      thing: `the model ${bare(name)}`,
      found: "config.json is missing",
      expected: "a Hugging Face model folder",
    });
  }
  refuseWrongDownload(configBytes, `${path}/config.json`, "a JSON object");
  const configJson = parseJsonObject(configBytes, `${path}/config.json`, "the file");
  const said = parseModelConfig(configJson, `${path}/config.json`);
  const hasTokenizer = await anyThere(path, ["tokenizer.json", "vocab.json", "tokenizer.model"]);
  const list = (folder: string) => namesIn(`${path}/${folder}`);
  const words = hasTokenizer ? await readWords(read, path, said, { ...options, list }) : undefined;
  const weights = await openWeights(path);
  try {
    const { config, tensors: source } = await settleHead(said, weights);
    return opened({ name, path, gguf: false, configJson, source }, config, words, {
      ...options,
      headIsOwn: said.tied && !config.tied,
    });
  } catch (error) {
    weights[Symbol.dispose]();
    throw error;
  }
}

async function openWeights(path: string): Promise<TensorSource> {
  const open = (file: string): Promise<RandomAccessFile> => openLocalFile(`${path}/${file}`);
  if (await statIfThere(`${path}/model.safetensors`)) {
    return await openSafetensors(await open("model.safetensors"));
  }
  if (await statIfThere(`${path}/${SHARD_INDEX}`)) {
    return await openShardedSafetensors(await open(SHARD_INDEX), open);
  }
  const pickle = await anyThere(path, ["pytorch_model.bin", "pytorch_model.bin.index.json"]);
  throw cannotRead(path, {
    found: `model.safetensors and ${SHARD_INDEX} are missing${
      pickle ? " and pytorch_model.bin is a pickle, which can run code" : ""
    }`,
    expected: "one of them",
    fix: "Save the weights with save_pretrained(safe_serialization=True)",
  });
}

interface Words {
  readonly tokenizer: PretrainedTokenizer;
  readonly chat?: ChatTemplate;
  readonly date?: string;
}

async function readWords(
  read: (file: string) => Promise<Uint8Array | undefined>,
  path: string,
  { vocabSize }: ModelConfig,
  { list, date }: OpenModelOptions & Pick<PretrainedTokenizerOptions, "list">,
): Promise<Words> {
  const tokenizer = await readPretrainedTokenizer(read, path, { embeddingRows: vocabSize, list });
  const source = tokenizer.chatTemplate;
  if (source === undefined) return { tokenizer };
  const day = date ?? dayOf(new Date());
  const told = date !== undefined || asksDate(source) ? templateDate(source, day) : {};
  const name = `the chat template of ${path}`;
  return {
    tokenizer,
    chat: chatTemplate(source, { ...tokenizer.specialTokens, name, ...told }),
    ...(asksDate(source) ? { date: day } : {}),
  };
}

function opened(
  parts: Pick<OpenedModel, "name" | "path" | "gguf" | "ggufFiles" | "configJson" | "source">,
  config: ModelConfig,
  words: Words | undefined,
  { endTokens = [], headIsOwn = false }: OpenModelOptions & { readonly headIsOwn?: boolean },
): OpenedModel {
  const { bosId, padId, eosIds = [] } = words?.tokenizer ?? {};
  const own = new Set([...config.eosId ?? [], ...eosIds]);
  const added = endTokenIds(endTokens, words?.tokenizer, config.vocabSize, parts.name)
    .filter((id) => !own.has(id));
  const ends = [...new Set([...own, ...added])];
  if (ends.length > MOST_END_IDS) {
    throw new Mistake("file", {
      verb: "open",
      thing: `the model ${parts.name}`,
      found: `eos_token_id of its configs is [${ends}]`,
      expected: `at most ${MOST_END_IDS} ids`,
    });
  }
  return {
    ...parts,
    config: {
      ...config,
      ...(bosId === undefined ? {} : { bosId }),
      ...(ends.length > 0 ? { eosId: ends } : {}),
      ...(padId === undefined || config.padId !== undefined ? {} : { padId }),
    },
    ...words,
    addedEnds: [...new Set(added)],
    notes: notesOf(words, ends, headIsOwn),
    [Symbol.dispose]: () => parts.source[Symbol.dispose](),
  };
}

function notesOf(
  words: Words | undefined,
  ends: readonly number[],
  headIsOwn: boolean,
): string[] {
  const { chat, tokenizer } = words ?? {};
  return [
    headIsOwn
      ? "The weights have a head of their own, although config.json says tie_word_embeddings: both are kept"
      : undefined,
    chat && tokenizer && turnThatCannotEnd(chat, tokenizer, ends),
  ].filter((note) => note !== undefined);
}

async function anyThere(path: string, files: readonly string[]): Promise<boolean> {
  const found = await Promise.all(files.map((file) => statIfThere(`${path}/${file}`)));
  return found.some((info) => info !== undefined);
}
