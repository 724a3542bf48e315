// f64 truth of taking rows by number and of its gradient.

/** y[r] = table[ids[r]], rows of length `cols`. */
export function gatherRows(
  table: ArrayLike<number>,
  ids: ArrayLike<number>,
  { cols }: { cols: number },
): Float64Array {
  return Float64Array.from(
    { length: ids.length * cols },
    (_, i) => table[ids[Math.floor(i / cols)] * cols + i % cols] ?? 0,
  );
}

/** dTable[v] = Σ_{r: ids[r] = v} dy[r], v < V. */
export function scatterAddRows(
  dy: ArrayLike<number>,
  ids: ArrayLike<number>,
  { V, cols }: { V: number; cols: number },
): Float64Array {
  const dTable = new Float64Array(V * cols);
  for (let i = 0; i < ids.length * cols; i++) {
    const id = ids[Math.floor(i / cols)];
    if (id < V) dTable[id * cols + i % cols] += dy[i];
  }
  return dTable;
}
