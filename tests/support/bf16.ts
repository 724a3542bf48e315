// BF16 as its definition has it: the upper half of an f32.

/** BF16 bits to the number they stand for (exact). */
export function bf16ToNumber(half: number): number {
  return new Float32Array(Uint32Array.of(half << 16).buffer)[0];
}
