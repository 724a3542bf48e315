// GGUF version 3 from metadata and tensors' bytes: adapters for llama.cpp, and small files for tests.
import { quote, showShape } from "../../base/quote.ts";
import { GGML_TYPE_IDS, GGML_TYPES } from "./ggml_types.ts";
import { Mistake } from "../../base/mistake.ts";

/** Types of metadata values, by the number that GGUF gives them. */
const VALUE_TYPES: readonly (GgufValueType | "array")[] = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
];

/** A metadata value's type; arrays have one element type. */
export type GgufValueType =
  | "u8"
  | "i8"
  | "u16"
  | "i16"
  | "u32"
  | "i32"
  | "u64"
  | "i64"
  | "f32"
  | "f64"
  | "bool"
  | "string";

/** A scalar to write. */
export type GgufScalar = number | bigint | boolean | string;

/** One key-value pair: `["llama.block_count", "u32", 2]`, `["tokenizer.ggml.tokens", "string[]", ["a"]]`. */
export type GgufEntry =
  | readonly [key: string, type: GgufValueType, value: GgufScalar]
  | readonly [key: string, type: `${GgufValueType}[]`, values: Iterable<GgufScalar>];

/** A tensor to write. */
export interface GgufTensorData {
  /** As ggml calls it. */
  readonly name: string;
  /** Extents, row-major as Hugging Face has them; the file gets them the other way round. */
  readonly shape: readonly number[];
  /** Its type: "F32", "Q8_0". */
  readonly type: string;
  /** As they lie in the file; borrowed. */
  readonly bytes: Uint8Array;
}

const ALIGNMENT = 32;

/**
 * A GGUF file, version 3, little-endian, tensors aligned to 32 bytes.
 *
 * @example
 * ```ts
 * import { encodeGguf } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const bytes = new Uint8Array(Float32Array.of(1, 2).buffer);
 * const file = encodeGguf([["general.name", "string", "two"]], [{ name: "w", shape: [2], type: "F32", bytes }]);
 * assertEquals(new TextDecoder().decode(file.slice(0, 4)), "GGUF");
 * ```
 *
 * @param metadata Key-value pairs in the file's order.
 * @param tensors In the file's order.
 * @throws {Mistake} If a type is not ggml's, or a tensor's bytes are not as many as its shape says.
 */
export function encodeGguf(
  metadata: Iterable<GgufEntry>,
  tensors: Iterable<GgufTensorData>,
): Uint8Array<ArrayBuffer> {
  const entries = [...metadata], placed = [...tensors];
  const out = new Bytes();
  out.raw(new TextEncoder().encode("GGUF"));
  out.scalar("u32", 3);
  out.scalar("u64", placed.length);
  out.scalar("u64", entries.length);
  for (const [key, type, value] of entries) {
    out.scalar("string", key);
    if (type.endsWith("[]")) {
      const element = type.slice(0, -2) as GgufValueType;
      const values = [...value as Iterable<GgufScalar>];
      out.scalar("u32", VALUE_TYPES.indexOf("array"));
      out.scalar("u32", VALUE_TYPES.indexOf(element));
      out.scalar("u64", values.length);
      for (const one of values) out.scalar(element, one);
    } else {
      out.scalar("u32", VALUE_TYPES.indexOf(type as GgufValueType));
      out.scalar(type as GgufValueType, value as GgufScalar);
    }
  }
  let offset = 0;
  for (const { name, shape, type, bytes } of placed) {
    const id = GGML_TYPE_IDS.get(type);
    const block = GGML_TYPES.get(id ?? -1);
    const elements = shape.reduce((product, extent) => product * extent, 1);
    if (id === undefined || block === undefined) {
      throw new Mistake("file", {
        verb: "write",
        thing: `tensor ${quote(name)}`,
        found: `its type is ${quote(type)}`,
        expected: "a type of ggml",
      });
    }
    if (bytes.length !== elements / block.elements * block.bytes) {
      throw new Mistake("file", {
        verb: "write",
        thing: `tensor ${quote(name)}`,
        found: `it has ${bytes.length} bytes`,
        expected: `${elements / block.elements * block.bytes} for ${type} of shape ` +
          `${showShape(shape)}`,
      });
    }
    out.scalar("string", name);
    out.scalar("u32", shape.length);
    for (const extent of shape.toReversed()) out.scalar("u64", extent);
    out.scalar("u32", id);
    out.scalar("u64", offset);
    offset += Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
  }
  out.align(ALIGNMENT);
  for (const { bytes } of placed) {
    out.raw(bytes);
    out.align(ALIGNMENT);
  }
  return out.taken();
}

/** Bytes that grow at the end. */
class Bytes {
  #bytes = new Uint8Array(1024);
  #length = 0;

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes);
  }

  align(to: number): void {
    this.#room((to - this.#length % to) % to);
  }

  scalar(type: GgufValueType, value: GgufScalar): void {
    if (type === "string") {
      const bytes = new TextEncoder().encode(String(value));
      this.scalar("u64", bytes.length);
      this.raw(bytes);
      return;
    }
    const width = type === "bool" ? 1 : Number(type.slice(1)) / 8;
    const { buffer, byteOffset } = this.#room(width);
    const view = new DataView(buffer, byteOffset, width);
    if (type === "u64") view.setBigUint64(0, BigInt(value), true);
    else if (type === "i64") view.setBigInt64(0, BigInt(value), true);
    else SETTERS[type](view, Number(value));
  }

  taken(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** The next `length` bytes, zero. */
  #room(length: number): Uint8Array {
    const end = this.#length + length;
    if (end > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      wider.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = wider;
    }
    const room = this.#bytes.subarray(this.#length, end);
    this.#length = end;
    return room;
  }
}

const SETTERS: Readonly<
  Record<
    Exclude<GgufValueType, "string" | "u64" | "i64">,
    (view: DataView, value: number) => void
  >
> = {
  u8: (view, value) => view.setUint8(0, value),
  i8: (view, value) => view.setInt8(0, value),
  u16: (view, value) => view.setUint16(0, value, true),
  i16: (view, value) => view.setInt16(0, value, true),
  u32: (view, value) => view.setUint32(0, value, true),
  i32: (view, value) => view.setInt32(0, value, true),
  f32: (view, value) => view.setFloat32(0, value, true),
  bool: (view, value) => view.setUint8(0, value),
  f64: (view, value) => view.setFloat64(0, value, true),
};
