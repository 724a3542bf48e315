// A Hugging Face model folder as named files: config.json, model.safetensors or its shards, tokenizer.json.
// Where the bytes come from is the caller's; this file works in a browser.
import { type ModelConfig, modelConfigJson, parseModelConfig } from "../model/config.ts";
import { checkTensors } from "../model/shapes.ts";
import { type Settled, settleHead, storedNames } from "../model/tied_head.ts";
import type { HostTensors } from "../base/host_tensor.ts";
import { TOKENIZER_BOUNDS } from "../base/json_bounds.ts";
import { parseJsonObject, refuseWrongDownload } from "../base/json_object.ts";
import { quote } from "../base/quote.ts";
import { fileOfBytes } from "../base/random_access.ts";
import { encodeSafetensors, type SafetensorsDType } from "./safetensors.ts";
import { withoutSecrets } from "../base/secrets.ts";
import { openSafetensors, openShardedSafetensors } from "./safetensors_stream.ts";
import { cannotRead, Mistake } from "../base/mistake.ts";

/** A model: sizes, weights, and its tokenizer's file. */
export interface HostModel {
  /** Sizes and special ids. */
  readonly config: ModelConfig;
  /** Weights by their Hugging Face names, f32. */
  readonly tensors: HostTensors;
  /** The parsed tokenizer.json, where the folder has one. */
  readonly tokenizerJson?: unknown;
}

/** How to write a model folder. */
export interface EncodeModelOptions {
  /** Element type of the weights in the file, default F32. */
  readonly dtype?: SafetensorsDType;
  /** Further files by name, e.g. README.md. */
  readonly extraFiles?: ReadonlyMap<string, Uint8Array>;
}

/** Bytes of a file of a folder by its name; undefined where there is no such file. */
export type FileReader = (file: string) => Promise<Uint8Array | undefined>;

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

/**
 * Reads a model from the files of a Hugging Face folder, in one piece or in shards, and checks every
 * tensor's name and shape against the config. A head that a tied model has of its own is kept: the config then says so.
 *
 * @example
 * ```ts
 * import { encodeModelFiles, tensorShapes, readModelFiles } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const config = {
 *   vocabSize: 4, hiddenSize: 2, intermediateSize: 3, layers: 1, heads: 1, kvHeads: 1,
 *   headDim: 2, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 8,
 * };
 * const tensors = new Map([...tensorShapes(config)].map(([name, shape]) => {
 *   return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }];
 * }));
 * const files = encodeModelFiles({ config, tensors });
 * const model = await readModelFiles((file) => Promise.resolve(files.get(file)), "tiny");
 * assertEquals(model.config, config);
 * ```
 *
 * @param read Gives the bytes of a file by name.
 * @param folder What to call the folder in errors.
 * @returns The model; its tensors are copies.
 * @throws {Mistake} If a file is missing or malformed, or tensors do not fit the config.
 * @throws {Mistake} If a size in the config is out of range.
 */
export async function readModelFiles(read: FileReader, folder: string): Promise<HostModel> {
  const said = parseModelConfig(
    await readJson(read, folder, "config.json"),
    `${folder}/config.json`,
  );
  const { config, tensors } = await readWeights(read, folder, said);
  checkTensors(config, tensors, folder);
  const tokenizer = await read("tokenizer.json");
  if (!tokenizer) return { config, tensors };
  const name = `${folder}/tokenizer.json`;
  refuseWrongDownload(tokenizer, name, "a JSON object");
  return {
    config,
    tensors,
    tokenizerJson: parseJsonObject(tokenizer, name, "the file", TOKENIZER_BOUNDS),
  };
}

/**
 * Reads a model from a Hugging Face folder at a URL, by `fetch`: `https:`, or `file:` in Deno.
 *
 * @example
 * ```ts
 * import { fetchModelFolder, Mistake } from "@leash/bpo/core";
 * import { assertRejects } from "@std/assert";
 * const nowhere = new URL("./no-such-model/", import.meta.url);
 * await assertRejects(() => fetchModelFolder(nowhere), Mistake, "config.json is missing");
 * ```
 *
 * @param url The folder, with or without a slash at its end.
 * @returns The model; its tensors are copies.
 * @throws {Mistake} As `readModelFiles`, or if a server answers with an error.
 */
export function fetchModelFolder(url: URL): Promise<HostModel> {
  const base = new URL(url);
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return readModelFiles((file) => fetchFile(new URL(file, base)), base.href.replace(/\/$/, ""));
}

/**
 * The files of a Hugging Face folder of a model, as `from_pretrained` reads it.
 *
 * @example
 * ```ts
 * import { encodeModelFiles, Mistake } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const config = {
 *   vocabSize: 4, hiddenSize: 2, intermediateSize: 3, layers: 1, heads: 1, kvHeads: 1,
 *   headDim: 2, ropeTheta: 10000, rmsEps: 1e-5, tied: true, maxPositions: 8,
 * };
 * assertThrows(() => encodeModelFiles({ config, tensors: new Map() }), Mistake, "is missing");
 * ```
 *
 * @param model Config, tensors, and tokenizer.json where there is one; borrowed.
 * @param options `dtype` of the weights (default F32), `extraFiles`.
 * @returns Files by name.
 * @throws {Mistake} If tensors do not fit the config, or an extra file has the name of another.
 */
export function encodeModelFiles(
  model: HostModel,
  options: EncodeModelOptions = {},
): Map<string, Uint8Array> {
  const { config, tensors, tokenizerJson } = model;
  const { dtype = "F32", extraFiles } = options;
  checkTensors(config, tensors);
  const torchDtype = { F32: "float32", F16: "float16", BF16: "bfloat16" }[dtype];
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value, null, 2) + "\n");
  const files = new Map<string, Uint8Array>([
    ["config.json", json({ ...modelConfigJson(config), torch_dtype: torchDtype })],
    [WEIGHTS, encodeSafetensors(tensors, { dtype, metadata: new Map([["format", "pt"]]) })],
  ]);
  if (tokenizerJson !== undefined) files.set("tokenizer.json", json(tokenizerJson));
  for (const [name, bytes] of extraFiles ?? []) {
    if (files.has(name)) {
      throw new Mistake("file", {
        verb: "write",
        thing: "the model",
        found: `extra file ${quote(name)} is one of its own`,
      });
    }
    files.set(name, bytes);
  }
  return files;
}

async function readJson(
  read: FileReader,
  folder: string,
  file: string,
): Promise<Record<string, unknown>> {
  const bytes = await read(file);
  if (!bytes) {
    throw cannotRead(folder, {
      found: `${file} is missing`,
      expected: "a Hugging Face model folder",
    });
  }
  refuseWrongDownload(bytes, `${folder}/${file}`, "a JSON object");
  return parseJsonObject(bytes, `${folder}/${file}`, "the file");
}

async function readWeights(
  read: FileReader,
  folder: string,
  said: ModelConfig,
): Promise<Settled<HostTensors>> {
  const open = async (file: string) => {
    const bytes = await read(file);
    return bytes && fileOfBytes(bytes, `${folder}/${file}`);
  };
  const whole = await open(WEIGHTS), index = whole ?? await open(INDEX);
  if (!index) {
    throw cannotRead(folder, {
      found: `${WEIGHTS} and ${INDEX} are missing`,
      expected: "one of them",
      fix: "Save other weights with save_pretrained(safe_serialization=True)",
    });
  }
  using opened = whole
    ? await openSafetensors(whole)
    : await openShardedSafetensors(index, async (file) => {
      const shard = await open(file);
      if (shard) return shard;
      throw cannotRead(folder, {
        found: `${file} is missing`,
        expected: `it, as ${INDEX} lists it`,
      });
    });
  const { config, tensors: source } = await settleHead(said, opened);
  const tensors: HostTensors = new Map();
  for (const [canonical, name] of storedNames(config, source.tensors.keys())) {
    const { shape } = source.tensors.get(name)!;
    tensors.set(canonical, { shape, data: await source.read(name) });
  }
  return { config, tensors };
}

async function fetchFile(url: URL): Promise<Uint8Array | undefined> {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (cause) {
    if (url.protocol === "file:" && cause instanceof TypeError) return undefined;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw cannotRead(withoutSecrets(url.href), {
      found: withoutSecrets(why),
      expected: "an answer",
    }, { cause });
  }
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw cannotRead(withoutSecrets(url.href), {
      found: `the server says ${response.status}`,
      expected: "200",
    });
  }
  return new Uint8Array(await response.arrayBuffer());
}
