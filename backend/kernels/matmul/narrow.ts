// Reading narrow storage (quantise.ts) inside kernels: WGSL that widens one element. Halves are widened by integers and
// not by unpack2x16float, which may flush those below 6e-5 to zero: weights and scales that small are common.
import type { BaseDType } from "../../quantise.ts";

/** A storage type as kernels' `FORMAT`; f32 too is read as words. */
export const FORMAT: Readonly<Record<BaseDType, number>> = { f32: 0, f16: 1, int8: 2, int4: 3 };

/**
 * WGSL `narrow(row, col)`, an element of the matrix in the binding `words`.
 *
 * @param names WGSL: the bindings of words and scales (array<u32>), and the words of each that a row takes.
 */
export function narrowWgsl(
  format: number,
  { words, scales, ld, ldScales }: {
    words: string;
    scales: string;
    ld: string;
    ldScales: string;
  },
): string {
  const body = [
    `return bitcast<f32>(${words}[row * ${ld} + col]);`,
    `return half(${words}[row * ${ld} + (col >> 1u)] >> (16u * (col & 1u)));`,
    `let word = bitcast<i32>(${words}[row * ${ld} + (col >> 2u)]);
  return f32(extractBits(word, 8u * (col & 3u), 8u)) *
    bitcast<f32>(${scales}[row * ${ldScales} + (col >> 5u)]);`,
    `let q = (${words}[row * ${ld} + (col >> 3u)] >> (4u * (col & 7u))) & 15u;
  let both = ${scales}[row * ${ldScales} + (col >> 5u)];
  return f32(q) * half(both) + half(both >> 16u);`,
  ][format];
  return /* wgsl */ `
fn half(bits: u32) -> f32 {
  let size = bits & 0x7fffu;
  let normal = bitcast<f32>((size << 13u) + 0x38000000u);
  let value = select(normal, f32(size) * 5.9604644775390625e-8, size < 0x400u); // 2^-24
  return select(value, -value, (bits & 0x8000u) != 0u);
}
fn narrow(row: u32, col: u32) -> f32 {
  ${body}
}`;
}
