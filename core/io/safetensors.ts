// safetensors: an 8-byte length, a JSON header of that length, then the tensors' bytes without gap or overlap
// (https://huggingface.co/docs/safetensors). Whatever breaks one of its rules is refused, by name.
import { bf16ToNumber, f16ToNumber, numberToBf16, numberToF16 } from "./half.ts";
import type { HostTensor } from "./host_tensor.ts";
import {
  isObject,
  parseJsonObject,
  quote,
  refuseWrongDownload,
  show,
  showShape,
} from "./mistakes.ts";

/** Element types of a safetensors file that this package reads and writes. */
export type SafetensorsDType = "F32" | "F16" | "BF16";

/** A tensor of a safetensors file, widened to f32, with the type that it has in the file. */
export interface StoredTensor extends HostTensor {
  /** Element type in the file; F16 and BF16 widen to f32 exactly. */
  readonly dtype: SafetensorsDType;
}

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** Tensors by name, in the order of their bytes; copies that do not alias the file. */
  readonly tensors: Map<string, StoredTensor>;
  /** The header's `__metadata__`, e.g. `format` → `pt`. */
  readonly metadata: Map<string, string>;
}

/** How to write a safetensors file. */
export interface EncodeSafetensorsOptions {
  /** Strings for `__metadata__`; default none. transformers and peft want `format` → `pt`. */
  readonly metadata?: ReadonlyMap<string, string>;
  /** Element type in the file, default F32. F16 and BF16 round to nearest, ties to even. */
  readonly dtype?: SafetensorsDType;
}

const MAX_HEADER = 100_000_000;
const BYTES: Readonly<Record<SafetensorsDType, number>> = { F32: 4, F16: 2, BF16: 2 };

interface Entry {
  name: string;
  dtype: SafetensorsDType;
  shape: number[];
  begin: number;
  end: number;
}

/**
 * Reads a safetensors file strictly: offsets must tile the data, shapes must fit them, keys must be unique.
 *
 * @example
 * ```ts
 * import { encodeSafetensors, parseSafetensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const data = Float32Array.of(1, 2, 3, 4, 5, 6);
 * const file = encodeSafetensors(new Map([["w", { shape: [2, 3], data }]]), { dtype: "BF16" });
 * const { tensors } = parseSafetensors(file, "model.safetensors");
 * assertEquals(tensors.get("w"), { shape: [2, 3], data, dtype: "BF16" });
 * ```
 *
 * @param bytes The whole file; borrowed, any alignment.
 * @param name What to call the file in errors.
 * @returns The tensors as f32 copies, and the metadata.
 * @throws {TypeError} If the file is cut, is not safetensors, or breaks a rule of the format; or if a tensor
 * is of a type other than F32, F16 and BF16. One line, with the file and the field.
 */
export function parseSafetensors(bytes: Uint8Array, name: string): SafetensorsFile {
  refuseWrongDownload(bytes, name, "a safetensors file");
  if (bytes.length < 8) {
    throw malformed(
      name,
      `it is ${bytes.length} bytes long, expected at least the 8 of the header length. ` +
        "The download was cut: fetch the file again",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    throw malformed(
      name,
      `the header length is ${length} bytes, expected at most ${MAX_HEADER}. ` +
        "This is not a safetensors file",
    );
  }
  const dataStart = 8 + Number(length);
  if (dataStart > bytes.length) {
    throw malformed(
      name,
      `the header says ${length} bytes and ${bytes.length - 8} remain. ` +
        "The download was cut: fetch the file again",
    );
  }
  const headerBytes = bytes.subarray(8, dataStart);
  if (headerBytes[0] !== 0x7b) {
    throw malformed(name, 'the header does not start with "{", expected a JSON object');
  }
  const header = parseJsonObject(headerBytes, name, "the header");
  const dataBytes = bytes.length - dataStart;
  const entries: Entry[] = [];
  for (const [key, value] of Object.entries(header)) {
    if (key !== "__metadata__") entries.push(readEntry(name, key, value, dataBytes));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(name, entries, dataBytes);
  const tensors = new Map<string, StoredTensor>();
  for (const { name: key, dtype, shape, begin, end } of entries) {
    const data = widen(bytes.slice(dataStart + begin, dataStart + end), dtype);
    tensors.set(key, { shape, data, dtype });
  }
  return { tensors, metadata: readMetadata(name, header) };
}

/**
 * Writes tensors as a safetensors file. The same tensors give the same bytes, whatever the map's order.
 *
 * @example
 * ```ts
 * import { encodeSafetensors, parseSafetensors } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tensors = new Map([["scale", { shape: [], data: Float32Array.of(0.5) }]]);
 * const bytes = encodeSafetensors(tensors, { metadata: new Map([["format", "pt"]]) });
 * assertEquals(parseSafetensors(bytes, "scale").metadata.get("format"), "pt");
 * ```
 *
 * @param tensors Tensors by name; borrowed.
 * @param options `metadata`, and `dtype`: F32 (default), F16 or BF16, rounded to nearest, ties to even.
 * @returns The file.
 * @throws {TypeError} If a tensor's data does not fit its shape, or its name is `__metadata__`.
 * @throws {RangeError} If a finite number would become infinite in F16 or BF16.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  options: EncodeSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const dtype = options.dtype ?? "F32";
  if (!Object.hasOwn(BYTES, dtype)) {
    throw new TypeError(
      `Cannot write safetensors: dtype is ${show(dtype)}, expected F32, F16 or BF16`,
    );
  }
  const sorted = [...tensors].sort(([a], [b]) => a < b ? -1 : 1);
  const fields: string[] = [];
  if (options.metadata && options.metadata.size > 0) {
    const pairs = [...options.metadata].map(([k, v]) =>
      `${JSON.stringify(k)}:${JSON.stringify(v)}`
    );
    fields.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let end = 0;
  for (const [name, tensor] of sorted) {
    checkTensor(name, tensor);
    const begin = end;
    end += tensor.data.length * BYTES[dtype];
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${tensor.shape}],` +
        `"data_offsets":[${begin},${end}]}`,
    );
  }
  const json = `{${fields.join(",")}}`;
  const padding = -new TextEncoder().encode(json).length & 7; // the data then starts at a multiple of 8
  const header = new TextEncoder().encode(json + " ".repeat(padding));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  let at = 8 + header.length;
  for (const [name, tensor] of sorted) {
    const narrowed = narrow(name, tensor.data, dtype);
    file.set(narrowed, at);
    at += narrowed.length;
  }
  return file;
}

function readEntry(file: string, name: string, value: unknown, dataBytes: number): Entry {
  const what = `tensor ${quote(name)}`;
  if (!isObject(value)) {
    throw malformed(
      file,
      `${what} is ${show(value)}, expected an object with dtype, shape, data_offsets`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw malformed(file, `${what} dtype is ${show(dtype)}, expected F32, F16 or BF16`);
  }
  if (!isCounts(shape)) {
    throw malformed(file, `${what} shape is ${show(shape)}, expected whole numbers of at least 0`);
  }
  let elements = 1;
  for (const extent of shape) elements *= extent;
  if (!Number.isSafeInteger(elements * 4)) {
    throw malformed(
      file,
      `${what} shape is ${showShape(shape)}, expected fewer than 2^51 elements`,
    );
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw malformed(
      file,
      `${what} data_offsets is ${show(offsets)}, expected [begin, end] with 0 ≤ begin ≤ end`,
    );
  }
  const [begin, end] = offsets;
  if (end > dataBytes) {
    throw malformed(
      file,
      `${what} ends at byte ${end}, expected at most the ${dataBytes} that follow the header. ` +
        "The download was cut: fetch the file again",
    );
  }
  const wanted = elements * BYTES[dtype as SafetensorsDType];
  if (end - begin !== wanted) {
    throw malformed(
      file,
      `${what} is ${end - begin} bytes long, expected ${wanted} for ${dtype} ${showShape(shape)}`,
    );
  }
  return { name, dtype: dtype as SafetensorsDType, shape, begin, end };
}

function checkTiling(file: string, entries: readonly Entry[], dataBytes: number): void {
  let end = 0;
  let before = "the header";
  for (const entry of entries) {
    if (entry.begin !== end) {
      const why = entry.begin < end ? "they overlap" : "bytes between them belong to no tensor";
      throw malformed(
        file,
        `tensor ${quote(entry.name)} begins at byte ${entry.begin}, ` +
          `expected ${end}, where ${before} ends: ${why}`,
      );
    }
    end = entry.end;
    before = `tensor ${quote(entry.name)}`;
  }
  if (end !== dataBytes) {
    throw malformed(
      file,
      `${dataBytes} bytes follow the header, expected the ${end} of its tensors: the rest belongs to none`,
    );
  }
}

function readMetadata(file: string, header: Record<string, unknown>): Map<string, string> {
  const metadata = new Map<string, string>();
  if (!Object.hasOwn(header, "__metadata__")) return metadata;
  const value = header.__metadata__;
  if (!isObject(value)) {
    throw malformed(file, `__metadata__ is ${show(value)}, expected an object of strings`);
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw malformed(file, `__metadata__ ${quote(key)} is ${show(text)}, expected a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function widen(bytes: Uint8Array<ArrayBuffer>, dtype: SafetensorsDType): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return new Float32Array(bytes.buffer);
  const toNumber = dtype === "F16" ? f16ToNumber : bf16ToNumber;
  return Float32Array.from(new Uint16Array(bytes.buffer), toNumber);
}

function narrow(name: string, data: Float32Array, dtype: SafetensorsDType): Uint8Array {
  if (dtype === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const toBits = dtype === "F16" ? numberToF16 : numberToBf16;
  const infinity = dtype === "F16" ? 0x7c00 : 0x7f80;
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = toBits(data[i]);
    if ((out[i] & 0x7fff) === infinity && Number.isFinite(data[i])) {
      throw new RangeError(
        `Cannot write tensor ${quote(name)} as ${dtype}: element ${i} is ${data[i]}, ` +
          `expected at most ${dtype === "F16" ? "65504. Use BF16 or F32" : "3.39e38. Use F32"}`,
      );
    }
  }
  return new Uint8Array(out.buffer);
}

function checkTensor(name: string, tensor: HostTensor): void {
  const what = `Cannot write tensor ${quote(name)}:`;
  if (name === "__metadata__") {
    throw new TypeError(`${what} its name is that of the header's metadata, expected another name`);
  }
  if (!isCounts(tensor.shape)) {
    throw new TypeError(
      `${what} shape is ${show(tensor.shape)}, expected whole numbers of at least 0`,
    );
  }
  const elements = tensor.shape.reduce((product, extent) => product * extent, 1);
  if (tensor.data.length !== elements) {
    throw new TypeError(
      `${what} data is ${tensor.data.length} elements long, ` +
        `expected ${elements} for shape ${showShape(tensor.shape)}`,
    );
  }
}

function malformed(file: string, why: string): TypeError {
  return new TypeError(`Cannot read ${file}: ${why}`);
}
