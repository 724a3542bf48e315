// The frozen base of a command, as `--model` names it: the embedded stories model, a folder, a GGUF file or a hub id.
// It is opened and checked first; its weights go to the device tensor by tensor, and their fingerprint comes along.
import type { BaseDType, Device } from "../../backend/mod.ts";
import {
  canonicalName,
  type ChatTemplate,
  defaultContext,
  endTokenIds,
  longestContext,
  type Model,
  type ModelConfig,
  parseDate,
  type PretrainedTokenizer,
  sourceOfTensors,
  streamModel,
  tensorShapes,
  type TensorSource,
  type Tokenizer,
  tokenizerFromJson,
} from "../../core/mod.ts";
import { type OpenedModel, openModel, readModelFolder } from "../../files/mod.ts";
import { digestingSource } from "../folder/digest.ts";
import { type FetchOptions, modelDownloader } from "./hub_files.ts";
import { hubNameOf } from "./hub_name.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { absolutePath } from "../flags/paths.ts";
import { statusLine } from "../terminal/progress.ts";
import { FILES } from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";

/** What of a command's flags the base depends on. */
export interface BaseFlags {
  /** Absent for the embedded model. */
  readonly model?: string;
  /** Longest text in tokens; absent for the model's positions, at most 8,192. */
  readonly context?: number;
  /** Absent for f32. */
  readonly baseDtype?: BaseDType;
  /** End tokens beside the model's own, texts or ids with commas between. */
  readonly endToken?: string;
  /** The day that the chat template is told, `YYYY-MM-DD`; absent for today. */
  readonly date?: string;
  /** Notes on the chat template are kept back where it is never used. */
  readonly chat?: "auto" | "always" | "never";
}

/** A base whose files are open. Disposing it closes them. */
export interface BaseModel extends Disposable {
  /** Whether it is the one that comes with the package. */
  readonly embedded: boolean;
  /** As the user named it. */
  readonly name: string;
  /** What PEFT finds it by: a folder, an address or a hub id. */
  readonly peftName: string;
  /** Folder or GGUF file on this machine; absent for the embedded one. */
  readonly opened?: OpenedModel;
  /** Sizes and special ids. */
  readonly sizes: ModelConfig;
  /** Most tokens of a text. */
  readonly positions: number;
  /** Where the weights are. */
  readonly source: TensorSource;
  /** Text to ids and back; `bosId` is the begin token of its files, else the config's: what an empty text begins with. */
  readonly tokenizer: Tokenizer;
  /** Whether text of its own gets the begin token, as the tokenizer's files say. */
  readonly addsBos: boolean;
  /** How it wants dialogues written; absent for a model that is not for chat. */
  readonly chat?: ChatTemplate;
  /** The day that the template is told, where it asks for the date: `--date`, or today. */
  readonly date?: string;
  /** Number of weights. */
  readonly parameters: number;
}

/** Where the embedded model lies, beside the code. */
export const EMBEDDED_MODEL: URL = new URL("../../stories/model/", import.meta.url);

/**
 * Opens the model that a command names.
 *
 * @param flags `--model`, `--context`, `--base-dtype`, `--end-token`, `--date`.
 * @param options Where a download's bar is drawn; absent where nothing may be fetched.
 * @throws {UsageError} If it brings no tokenizer, or `--context` is out of its range.
 * @throws {Mistake} If it cannot be opened.
 */
export async function openBase(flags: BaseFlags, options?: FetchOptions): Promise<BaseModel> {
  if (flags.date !== undefined) checkDate(flags.date);
  const { model } = flags;
  const base = model === undefined
    ? await openEmbedded(flags)
    : await openNamed({ ...flags, model }, options);
  try {
    return { ...base, positions: positionsOf(base, flags) };
  } catch (error) {
    base[Symbol.dispose]();
    throw error;
  }
}

type Opened = Omit<BaseModel, "positions">;

function checkDate(date: string): void {
  try {
    parseDate(date);
  } catch {
    throw new UsageError({
      verb: "use",
      thing: `--date ${quote(date)}`,
      found: "it is no day",
      expected: "YYYY-MM-DD",
    });
  }
}

async function openEmbedded({ endToken }: BaseFlags): Promise<Opened> {
  const { config, tensors, tokenizerJson } = await readModelFolder(EMBEDDED_MODEL);
  const name = "the stories model";
  const source = sourceOfTensors(tensors, name);
  const special = { bos: config.bosId, eos: config.eosId?.[0], pad: config.padId };
  const tokenizer = tokenizerFromJson(tokenizerJson, special);
  const more = endTokenIds(endTokensOf(endToken), tokenizer, config.vocabSize, name);
  const sizes = more.length === 0
    ? config
    : { ...config, eosId: [...new Set([...config.eosId ?? [], ...more])] };
  return {
    embedded: true,
    name,
    peftName: addressOf(EMBEDDED_MODEL),
    sizes,
    source,
    tokenizer,
    addsBos: true,
    parameters: countWeights(sizes),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/** `--end-token` as a list. */
export function endTokensOf(endToken: string | undefined): string[] {
  return endToken === undefined ? [] : [endToken];
}

async function openNamed(
  { model, endToken, date, chat: whenChat }: BaseFlags & { readonly model: string },
  options: FetchOptions | undefined,
): Promise<Opened> {
  const isLocal = await isThere(model);
  await refuseRun(model);
  const opened = await openModel(model, {
    ...(options ? { download: modelDownloader(options) } : {}),
    endTokens: endTokensOf(endToken),
    date,
  });
  const { tokenizer, config, chat } = opened;
  if (tokenizer === undefined) {
    opened[Symbol.dispose]();
    throw new UsageError({
      verb: "use",
      thing: `--model ${model}`,
      found: `${opened.gguf ? "tokenizer.ggml.model" : "tokenizer.json"} is missing`,
      expected: "it",
      fix: opened.gguf
        ? "Convert the model together with its tokenizer"
        : "Save the tokenizer with transformers' save_pretrained",
    });
  }
  if (whenChat !== "never") { for (const note of opened.notes) options?.terminal.error(note); }
  const { eosId = config.eosId?.[0], padId = config.padId } = tokenizer;
  const begin = beginOf(tokenizer);
  const bosId = begin ?? tokenizer.bosId ?? config.bosId;
  return {
    embedded: false,
    name: opened.name,
    peftName: isLocal ? hubNameOf(absolutePath(opened.path)) : opened.name.replace(/[@:].*$/, ""),
    opened,
    sizes: config,
    source: opened.source,
    tokenizer: { ...tokenizer, bosId, eosId, padId },
    addsBos: begin !== undefined,
    chat,
    date: opened.date,
    parameters: countWeights(config),
    [Symbol.dispose]: () => opened[Symbol.dispose](),
  };
}

/** A run has a config.json too, which is no model's. */
async function refuseRun(model: string): Promise<void> {
  if (!await isThere(`${model}/${FILES.config}`) || !await isThere(`${model}/${FILES.metrics}`)) {
    return;
  }
  throw new UsageError({
    verb: "use",
    thing: `--model ${model}`,
    found: "it is the folder of a run",
    expected: "a model",
    fix: await isThere(`${model}/model/${FILES.config}`)
      ? `Give ${model}/model`
      : `Give the model of the run, and --adapter ${model}`,
  });
}

/** The id that a tokenizer's files put before text, as transformers reads them; undefined where they put none. */
function beginOf(tokenizer: PretrainedTokenizer): number | undefined {
  const [first] = tokenizer.encode("a", { addSpecial: true });
  return first === tokenizer.encode("a")[0] ? undefined : first;
}

function positionsOf({ sizes, name }: Opened, { context }: BaseFlags): number {
  const { maxPositions, rope } = sizes;
  const most = longestContext(rope, maxPositions);
  if (context === undefined) return defaultContext(rope, maxPositions);
  if (context <= most) return context;
  throw new UsageError({
    verb: "use",
    thing: `--model ${name}`,
    found: `--context is ${context}`,
    expected: `at most its ${most} positions`,
  });
}

function countWeights(config: ModelConfig): number {
  return tensorShapes(config).values()
    .reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}

/** A local address as a path, any other as it is. */
function addressOf({ protocol, pathname, href }: URL): string {
  return protocol === "file:" ? decodeURIComponent(pathname).replace(/\/$/, "") : href;
}

/** A run's config with the day that its template was told, so that the run goes on with it. */
export function withDate<Config extends object>(
  config: Config,
  { date }: Pick<BaseModel, "date">,
): Config {
  return date === undefined ? config : { ...config, date };
}

/** A base on its device; the caller owns `model.weights`. */
export interface LoadedBase {
  /** The frozen base. */
  readonly model: Model;
  /** Fingerprint of its weights as they are in the files, whatever they are on the device. */
  readonly digest: string;
}

/** Streams a base to a device, with a bar. */
export async function loadBase(
  device: Device,
  { source, sizes, positions, name }: BaseModel,
  { baseDtype }: BaseFlags,
  { terminal, signal }: Partial<FetchOptions> = {},
): Promise<LoadedBase> {
  const digesting = digestingSource(source, (stored) => canonicalName(sizes, stored) ?? stored);
  try {
    const model = await streamModel(device, sizes, digesting, {
      baseDtype,
      context: positions,
      onProgress(done, of) {
        signal?.throwIfAborted();
        const text = `loading ${name}: ${done} of ${of} tensors`;
        terminal?.status(statusLine(done / of, [text], terminal.columns));
      },
    });
    return { model, digest: await digesting.digest() };
  } finally {
    terminal?.status("");
  }
}
