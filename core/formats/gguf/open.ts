// A GGUF file as a model: its tensors by Hugging Face names, one at a time and as they were before llama.cpp's
// converter, its config.json and its tokenizer.json.
import { refuseNonFinite } from "../../base/float_bytes.ts";
import { quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import type { TensorInfo, TensorSource } from "../../base/tensor_source.ts";
import { transpose } from "../../base/transpose.ts";
import { kvHeads } from "../../model/families/gguf_parts.ts";
import type { Family } from "../../model/family.ts";
import type { Heads, RopeFactors } from "../../model/gguf_family.ts";
import { ggufConfig } from "./config.ts";
import { dequantise, DEQUANTISED, isDequantised } from "./dequantise.ts";
import type { GgufValue } from "./header.ts";
import { GgufMetadata } from "./metadata.ts";
import {
  ARCHITECTURES,
  ggufFamily,
  ggufRowOrder,
  huggingFaceName,
  isShifted,
  isTransposed,
  ROPE_TENSORS,
} from "./names.ts";
import { type GgufParts, type OpenBeside, readGgufParts } from "./split.ts";
import type { GgufTensor } from "./tensor_infos.ts";
import { ggufTokenizer } from "./tokenizer.ts";
import type { GgufTokenizerConfig } from "./tokenizer_config.ts";
import { cannotRead } from "../../base/mistake.ts";

/** A model from a GGUF file. */
export interface GgufModel {
  /** Key-value pairs as they stand in the file. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Tensors by Hugging Face name; disposing it closes the file. */
  readonly source: TensorSource;
  /** As in Hugging Face's config.json. */
  readonly configJson: Record<string, unknown>;
  /** As in tokenizer.json; absent for a file without a vocabulary. */
  readonly tokenizerJson?: Record<string, unknown>;
  /** As in tokenizer_config.json, with ids. */
  readonly tokenizerConfig: GgufTokenizerConfig;
  /** Files that it lies in. */
  readonly parts: number;
  /** Their bytes, all together. */
  readonly fileBytes: number;
}

/** How to read a GGUF file's numbers. */
export interface OpenGgufOptions {
  /** Let NaN and infinities through; by default a tensor that has one is refused when it is read. */
  readonly allowNonFinite?: boolean;
  /** Opens the other parts of a file that was cut in several, by their names; default: one part alone is refused. */
  readonly beside?: OpenBeside;
}

const PART = 1 << 22; // bytes of a tensor that are read at once

/**
 * Opens a GGUF file as a model of any family here (core/model/families). Types: F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0,
 * Q5_1 and Q2_K to Q6_K, dequantised with the reference formulas' bits. What llama.cpp's converter did to the weights is
 * undone, so that the model is the one that transformers has.
 *
 * @example
 * ```ts
 * import { encodeGguf, fileOfBytes, Mistake, openGguf } from "@leash/bpo/core";
 * import { assertRejects } from "@std/assert";
 * const bytes = encodeGguf([["general.architecture", "string", "mamba"]], []);
 * await assertRejects(() => openGguf(fileOfBytes(bytes, "m.gguf")), Mistake, 'is "mamba", expected one of llama');
 * ```
 *
 * @param file Owned from here on: disposing the source closes it, and so does an error here.
 * @param options `allowNonFinite`: default false; `beside`.
 * @throws {Mistake} If the file is not GGUF, is cut or damaged, or its architecture, a tensor's type or its tokenizer is
 * not supported. The source's `read` rejects with one if there is no such tensor, or a number is NaN or infinite.
 */
export async function openGguf(
  file: RandomAccessFile,
  options: OpenGgufOptions = {},
): Promise<GgufModel> {
  const parts = await readGgufParts(file, options.beside);
  const { header } = parts;
  try {
    const metadata = new GgufMetadata(header, file.name);
    const family = familyOfFile(metadata);
    const heads = { heads: metadata.size(".attention.head_count"), kvHeads: kvHeads(metadata) };
    const placed = placeTensors(family, metadata, heads);
    const configJson = ggufConfig(family, metadata, await ropeFactors(parts));
    const tokenizer = ggufTokenizer(metadata);
    const tokens = metadata.texts("tokenizer.ggml.tokens")?.length ?? 0;
    const rows = configJson.vocab_size as number;
    if (tokens > rows) {
      throw metadata.mistake(
        `tokenizer.ggml.tokens has ${tokens} tokens`,
        `at most the embedding's ${rows} rows`,
      );
    }
    return {
      metadata: header.metadata,
      source: new GgufSource(parts, placed, options.allowNonFinite ?? false),
      configJson,
      ...(tokenizer.json === undefined ? {} : { tokenizerJson: tokenizer.json }),
      tokenizerConfig: tokenizer.config,
      parts: parts.files.length,
      fileBytes: parts.files.reduce((sum, { size }) => sum + size, 0),
    };
  } catch (error) {
    for (const part of parts.files) part[Symbol.dispose]();
    throw error;
  }
}

function familyOfFile(metadata: GgufMetadata): Family {
  const type = metadata.text("general.type") ?? "model";
  if (type !== "model") {
    throw metadata.mistake(`general.type is ${quote(type)}`, '"model"');
  }
  const family = ggufFamily(metadata.architecture, metadata);
  if (family) return family;
  throw metadata.mistake(
    `general.architecture is ${quote(metadata.architecture)}`,
    `one of ${ARCHITECTURES.join(", ")}`,
  );
}

/** A tensor and what to undo. */
interface Placed {
  readonly tensor: GgufTensor;
  /** Hugging Face's extents. */
  readonly shape: readonly number[];
  /** The row of the file that holds a row of Hugging Face's. */
  readonly rowOf?: (row: number) => number;
  readonly transposed: boolean;
  readonly shifted: boolean;
}

function placeTensors(family: Family, metadata: GgufMetadata, heads: Heads): Map<string, Placed> {
  const placed = new Map<string, Placed>();
  for (const [name, tensor] of metadata.header.tensors) {
    if (ROPE_TENSORS.includes(name)) continue;
    const what = `tensor ${quote(name)}`;
    const ours = huggingFaceName(family, name);
    if (ours === undefined) {
      throw metadata.mistake(`${what} is no part of ${metadata.architecture}`, "only its weights");
    }
    if (!isDequantised(tensor.type.name)) {
      throw metadata.mistake(
        `${what} is ${tensor.type.name}`,
        `one of ${DEQUANTISED.join(", ")}. Use a file of another quantisation`,
      );
    }
    const rows = tensor.shape[0],
      order = ggufRowOrder(family, name, heads),
      unit = order?.unit ?? 1;
    const transposed = isTransposed(family, name);
    if (rows % unit !== 0 || (transposed && tensor.shape.length !== 2)) {
      throw metadata.mistake(
        `${what} is of shape [${tensor.shape.join(", ")}]`,
        transposed ? "two dimensions" : `a multiple of ${unit} rows for its heads`,
      );
    }
    placed.set(ours, {
      tensor,
      shape: transposed ? tensor.shape.toReversed() : tensor.shape,
      rowOf: order && ((row) => order.rowOf(row, rows)),
      transposed,
      shifted: isShifted(family, name),
    });
  }
  return placed;
}

class GgufSource implements TensorSource {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  #parts: GgufParts;
  #placed: ReadonlyMap<string, Placed>;
  #allowNonFinite: boolean;

  constructor(parts: GgufParts, placed: Map<string, Placed>, allowNonFinite: boolean) {
    this.name = parts.files[0].name;
    this.#parts = parts;
    this.#placed = placed;
    this.#allowNonFinite = allowNonFinite;
    this.tensors = new Map(
      [...placed].map(([name, { shape, tensor }]) => [name, { shape, dtype: tensor.type.name }]),
    );
  }

  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const placed = this.#placed.get(name);
    if (placed === undefined) {
      throw cannotRead(this.name, {
        found: `tensor ${quote(name)} is missing`,
        expected: "it there",
      });
    }
    const { tensor, shape, rowOf, transposed, shifted } = placed;
    let data = await readNumbers(this.#parts.fileOf(tensor.name), tensor);
    if (rowOf) data = orderRows(data, tensor.shape[0], rowOf);
    if (transposed) data = transpose(data, tensor.shape[0], tensor.shape[1]);
    if (shifted) { for (let i = 0; i < data.length; i++) data[i] -= 1; }
    if (!this.#allowNonFinite) refuseNonFinite(this.name, name, shape, data);
    return data;
  }

  [Symbol.dispose](): void {
    for (const part of this.#parts.files) part[Symbol.dispose]();
  }
}

/** A tensor's numbers in the file's order, read a part at a time. */
async function readNumbers(
  file: RandomAccessFile,
  { type, offset, bytes }: GgufTensor,
): Promise<Float32Array<ArrayBuffer>> {
  const out = new Float32Array(bytes / type.bytes * type.elements);
  const step = Math.floor(PART / type.bytes);
  const blocks = bytes / type.bytes;
  for (let from = 0; from < blocks; from += step) {
    const count = Math.min(step, blocks - from);
    const part = await file.read(offset + from * type.bytes, count * type.bytes);
    dequantise(
      type.name,
      part,
      out.subarray(from * type.elements, (from + count) * type.elements),
    );
  }
  return out;
}

function orderRows(
  data: Float32Array<ArrayBuffer>,
  rows: number,
  rowOf: (row: number) => number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length), width = data.length / rows;
  for (let row = 0; row < rows; row++) {
    const from = rowOf(row) * width;
    out.set(data.subarray(from, from + width), row * width);
  }
  return out;
}

async function ropeFactors({ header, fileOf }: GgufParts): Promise<RopeFactors> {
  const { tensors } = header;
  const [llama3, long, short] = await Promise.all(ROPE_TENSORS.map((name) => {
    const tensor = tensors.get(name);
    if (tensor === undefined) return undefined;
    if (tensor.type.name === "F32" && tensor.shape.length === 1 && tensor.shape[0] <= 4096) {
      return readNumbers(fileOf(name), tensor);
    }
    throw cannotRead(fileOf(name).name, {
      found: `tensor ${quote(name)} is ${tensor.type.name} of shape [${tensor.shape.join(", ")}]`,
      expected: "F32 of shape [half a head's features]",
    });
  }));
  return { ...(llama3 && { llama3 }), ...(long && { long }), ...(short && { short }) };
}
