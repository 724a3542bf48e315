// Reading narrow storage (quantise.ts) inside kernels: WGSL that widens one element. Halves are widened by integers and
// not by unpack2x16float, which may flush those below 6e-5 to zero: weights and scales that small are common.
import { type BaseDType, QUANT_BLOCK } from "../../quantise.ts";

/** The storage types, as constants of a kernel that has a `FORMAT`; f32 too is read as words. */
export const FORMATS = { F32: 0, F16: 1, INT8: 2, INT4: 3 } as const;

/** A storage type as kernels' `FORMAT`. */
export const FORMAT: Readonly<Record<BaseDType, number>> = {
  f32: FORMATS.F32,
  f16: FORMATS.F16,
  int8: FORMATS.INT8,
  int4: FORMATS.INT4,
};

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
  const block = `(col >> ${Math.log2(QUANT_BLOCK)}u)`;
  const bodies: Readonly<Record<number, string>> = {
    [FORMATS.F32]: `return bitcast<f32>(${words}[row * ${ld} + col]);`,
    [FORMATS.F16]: `return half(${words}[row * ${ld} + (col >> 1u)] >> (16u * (col & 1u)));`,
    [FORMATS.INT8]: `let word = bitcast<i32>(${words}[row * ${ld} + (col >> 2u)]);
  return f32(extractBits(word, 8u * (col & 3u), 8u)) *
    bitcast<f32>(${scales}[row * ${ldScales} + ${block}]);`,
    [FORMATS.INT4]: `let q = (${words}[row * ${ld} + (col >> 3u)] >> (4u * (col & 7u))) & 15u;
  let both = ${scales}[row * ${ldScales} + ${block}];
  return f32(q) * half(both) + half(both >> 16u);`,
  };
  return /* wgsl */ `
fn half(bits: u32) -> f32 {
  let size = bits & 0x7fffu;
  let normal = bitcast<f32>((size << 13u) + 0x38000000u);
  let value = select(normal, f32(size) * 5.9604644775390625e-8, size < 0x400u); // 2^-24
  return select(value, -value, (bits & 0x8000u) != 0u);
}
fn narrow(row: u32, col: u32) -> f32 {
  ${bodies[format]}
}`;
}
