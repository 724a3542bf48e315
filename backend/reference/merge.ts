// f64 truth of the exact mean of adapters: concatenated along the rank, B scaled by 1/K.

/** One matrix of the flat layout: where it starts, how many elements, whether it is a B. */
export type MatrixEntry = readonly [offset: number, size: number, isB: 0 | 1];

/** dest [K·P]: dest[K·offset + k·size + e] = s·src[k·P + offset + e], s = 1/K for B and 1 for A; 0 elsewhere. */
export function mergeExact(
  params: ArrayLike<number>,
  table: readonly MatrixEntry[],
  { members, size }: { readonly members: number; readonly size: number },
): Float64Array {
  const dest = new Float64Array(members * size);
  for (const [offset, length, isB] of table) {
    for (let k = 0; k < members; k++) {
      for (let e = 0; e < length; e++) {
        const x = params[k * size + offset + e];
        dest[members * offset + k * length + e] = isB === 1 ? x / members : x;
      }
    }
  }
  return dest;
}
