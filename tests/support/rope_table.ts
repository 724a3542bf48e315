// The cosines and sines that the rope kernel turns by, in f64: no checkpoint's rounding, unlike core/model/rope_frequencies.ts.

/** [positions, dim] f32: a row holds dim/2 cosines, then dim/2 sines of position·theta^(−2i/dim). */
export function ropeTable(
  positions: number,
  dim: number,
  theta: number,
): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: positions * dim }, (_, at) => {
    const column = at % dim, i = column % (dim / 2);
    const angle = Math.floor(at / dim) * theta ** (-2 * i / dim);
    return column < dim / 2 ? Math.cos(angle) : Math.sin(angle);
  });
}
