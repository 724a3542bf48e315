// safetensors: an 8-byte length, a JSON header of that length, then the tensors' bytes without gap or overlap
// (https://huggingface.co/docs/safetensors). Whatever breaks one of its rules is refused, by name.
import {
  FLOAT_BYTES,
  isFloatType,
  narrowFloats,
  type SafetensorsDType,
  widenFloats,
} from "../base/float_bytes.ts";
import type { HostTensor } from "../base/host_tensor.ts";
import { joinBytes } from "../base/join_bytes.ts";
import { quote, show, showShape } from "../base/quote.ts";
import {
  encodeHeader,
  HEADER_START,
  headerLength,
  isCounts,
  parseHeader,
  unreadType,
} from "./safetensors_header.ts";
import { Mistake } from "../base/mistake.ts";

export type { SafetensorsDType } from "../base/float_bytes.ts";

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
 * @throws {Mistake} If the file is cut, is not safetensors, or breaks a rule of the format; or if a tensor
 * is of a type other than F32, F16 and BF16. One line, with the file and the field.
 */
export function parseSafetensors(bytes: Uint8Array, name: string): SafetensorsFile {
  const dataStart = 8 + headerLength(bytes.subarray(0, HEADER_START), bytes.length, name);
  const { entries, metadata } = parseHeader(
    bytes.subarray(8, dataStart),
    name,
    bytes.length - dataStart,
  );
  const tensors = new Map<string, StoredTensor>();
  for (const entry of entries) {
    const { dtype, shape, begin, end } = entry;
    if (!isFloatType(dtype)) throw unreadType(name, entry);
    const data = widenFloats(bytes.slice(dataStart + begin, dataStart + end), dtype);
    tensors.set(entry.name, { shape, data, dtype });
  }
  return { tensors, metadata };
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
 * @throws {Mistake} If a tensor's data does not fit its shape, or its name is `__metadata__`.
 * @throws {Mistake} If a finite number would become infinite in F16 or BF16.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  options: EncodeSafetensorsOptions = {},
): Uint8Array<ArrayBuffer> {
  const dtype = options.dtype ?? "F32";
  if (!isFloatType(dtype)) {
    throw new Mistake("file", {
      verb: "write",
      thing: "safetensors",
      found: `dtype is ${show(dtype)}`,
      expected: "F32, F16 or BF16",
    });
  }
  const sorted = [...tensors].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [name, tensor] of sorted) checkTensor(name, tensor);
  const header = encodeHeader(
    sorted.map(([name, { shape, data }]) => {
      return { name, dtype, shape, bytes: data.length * FLOAT_BYTES[dtype] };
    }),
    options.metadata,
  );
  const parts = sorted.map(([name, { data }]) => narrowFloats(name, data, dtype));
  return joinBytes([header, ...parts]);
}

function checkTensor(name: string, tensor: HostTensor): void {
  const wrong = (found: string, expected: string) =>
    new Mistake("file", { verb: "write", thing: `tensor ${quote(name)}`, found, expected });
  if (name === "__metadata__") {
    throw wrong("its name is that of the header's metadata", "another name");
  }
  if (!isCounts(tensor.shape)) {
    throw wrong(`shape is ${show(tensor.shape)}`, "whole numbers of at least 0");
  }
  const elements = tensor.shape.reduce((product, extent) => product * extent, 1);
  if (tensor.data.length !== elements) {
    const found = `data is ${tensor.data.length} elements long`;
    throw wrong(found, `${elements} for shape ${showShape(tensor.shape)}`);
  }
}
