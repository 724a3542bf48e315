// Host arrays by dtype, and the words that they are on a device: halves go by twos.
import { bytesPerElement, type DType, type HostArray, sizeOf, type Tensor } from "./tensor.ts";

/** Any host array, shared memory too. */
export type AnyHostArray = Float32Array | Uint32Array | Uint16Array;

/** The dtype that an array has if nobody says: f16 for halves. */
export function dtypeOf(data: AnyHostArray): DType {
  if (data instanceof Uint32Array) return "u32";
  return data instanceof Uint16Array ? "f16" : "f32";
}

/** Whether an array can hold elements of a dtype. */
export function holds(data: AnyHostArray, dtype: DType): boolean {
  return dtypeOf(data) === (dtype === "bf16" ? "f16" : dtype);
}

/** `n` elements of a dtype in what was read back. */
export function viewAs(dtype: DType, buffer: ArrayBuffer, n: number): HostArray {
  if (dtype === "u32") return new Uint32Array(buffer, 0, n);
  if (dtype === "f32") return new Float32Array(buffer, 0, n);
  return new Uint16Array(buffer, 0, n);
}

/** Bytes of `n` elements in whole words, as devices copy them. */
export function wordBytes(dtype: DType, n: number): number {
  return Math.ceil(n * bytesPerElement(dtype) / 4) * 4;
}

/** A copy of an array in whole words: an odd number of halves gets a 0 more. */
export function wholeWords(data: AnyHostArray): HostArray {
  if (!(data instanceof Uint16Array) || data.length % 2 === 0) return data.slice() as HostArray;
  const padded = new Uint16Array(data.length + 1);
  padded.set(data);
  return padded;
}

/** Whether a range of a tensor of `size` elements is whole words: halves begin at an even place and end at one, or with it. */
function isWholeWords(dtype: DType, from: number, count: number, size: number): boolean {
  if (bytesPerElement(dtype) === 4) return true;
  return from % 2 === 0 && (count % 2 === 0 || from + count === size);
}

/** Whether elements `from` … `from + count` − 1 are there, and are whole words. */
export function inside(from: number, count: number, { shape, dtype }: Tensor): boolean {
  return Number.isInteger(from) && Number.isInteger(count) && from >= 0 && count >= 0 &&
    from + count <= sizeOf(shape) && isWholeWords(dtype, from, count, sizeOf(shape));
}
