// Floats as a file stores them, F32, F16 or BF16 little-endian, to f32 numbers and back: whole tensors at a time.
import { f16ToNumber, numberToBf16, numberToF16 } from "./half.ts";
import { quote } from "./quote.ts";
import { cannotRead, Mistake } from "./mistake.ts";

/** Element types of a safetensors file that this package reads and writes. */
export type SafetensorsDType = "F32" | "F16" | "BF16";

/** Bytes of an element. */
export const FLOAT_BYTES: Readonly<Record<SafetensorsDType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Whether `dtype` is one of the float types that are read and written. */
export function isFloatType(dtype: unknown): dtype is SafetensorsDType {
  return typeof dtype === "string" && Object.hasOwn(FLOAT_BYTES, dtype);
}

let halves: Float32Array | undefined; // all 65,536 F16 numbers: a look-up is ten times the arithmetic's speed

/**
 * Floats of a file as f32; widening is exact.
 *
 * @param bytes A buffer of their own: F32 is returned as a view of it.
 */
export function widenFloats(
  bytes: Uint8Array<ArrayBuffer>,
  dtype: SafetensorsDType,
): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const narrow = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const out = new Float32Array(narrow.length);
  if (dtype === "BF16") {
    const bits = new Uint32Array(out.buffer);
    for (let i = 0; i < narrow.length; i++) bits[i] = narrow[i] << 16;
    return out;
  }
  halves ??= Float32Array.from({ length: 65536 }, (_, half) => f16ToNumber(half));
  for (let i = 0; i < narrow.length; i++) out[i] = halves[narrow[i]];
  return out;
}

/**
 * Numbers as a file stores them, rounded to nearest, ties to even.
 *
 * @param name The tensor's, for the error.
 * @returns For F32 a view of `data`.
 * @throws {Mistake} If a finite number would become infinite.
 */
export function narrowFloats(
  name: string,
  data: Float32Array<ArrayBuffer>,
  dtype: SafetensorsDType,
): Uint8Array<ArrayBuffer> {
  if (dtype === "F32") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const toBits = dtype === "F16" ? numberToF16 : numberToBf16;
  const infinity = dtype === "F16" ? 0x7c00 : 0x7f80;
  const out = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) {
    out[i] = toBits(data[i]);
    if ((out[i] & 0x7fff) === infinity && Number.isFinite(data[i])) {
      throw new Mistake("file", {
        verb: "write",
        thing: `tensor ${quote(name)} as ${dtype}`,
        found: `element ${i} is ${data[i]}`,
        expected: `at most ${dtype === "F16" ? "65504. Use BF16 or F32" : "3.39e38. Use F32"}`,
      });
    }
  }
  return new Uint8Array(out.buffer);
}

/** Where the first NaN or infinity is, −1 if there is none. Looks at the bits. */
export function firstNonFinite(data: Float32Array): number {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & 0x7f800000) === 0x7f800000) return i;
  }
  return -1;
}

/** Throws a TypeError that names the tensor and the place of the first NaN or infinity, if there is one. */
export function refuseNonFinite(
  file: string,
  name: string,
  shape: readonly number[],
  data: Float32Array,
): void {
  const at = firstNonFinite(data);
  if (at < 0) return;
  const place: number[] = [];
  let rest = at;
  for (const extent of shape.toReversed()) {
    place.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  throw cannotRead(file, {
    found: `tensor ${quote(name)} is ${data[at]} at [${place.join(", ")}]`,
    expected: "finite numbers",
    fix: "The file is damaged or its training diverged",
  });
}
