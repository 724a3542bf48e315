// Sixteen-bit floats as bit patterns: F16 (IEEE half: 1 sign, 5 exponent, 10 fraction bits) and BF16 (the
// upper half of an f32). Narrowing rounds to nearest, ties to even; NaN stays NaN.

const f32 = new Float32Array(1);
const bits = new Uint32Array(f32.buffer);

/** F16 bits to the number they stand for (exact). */
export function f16ToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** An f32 number to F16 bits; beyond 65519.996 it becomes ±infinity. */
export function numberToF16(value: number): number {
  f32[0] = value;
  const x = bits[0];
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x47800000) return sign | 0x7c00; // 65536 and more
  if (magnitude < 0x38800000) return sign | roundEven(Math.abs(f32[0]) * 2 ** 24); // below 2^-14
  const rebiased = magnitude - (112 << 23); // exponent bias 127 becomes 15
  return sign | ((rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13); // a carry runs into the exponent
}

/** An f32 number to BF16 bits. */
export function numberToBf16(value: number): number {
  f32[0] = value;
  const x = bits[0];
  if ((x & 0x7fffffff) > 0x7f800000) return (x >>> 16) | 0x40; // a quiet NaN, never infinity
  return (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
}

function roundEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The F16 number at `bytes[at]`, little-endian. */
export function f16At(bytes: Uint8Array, at: number): number {
  return f16ToNumber(bytes[at] | bytes[at + 1] << 8);
}
