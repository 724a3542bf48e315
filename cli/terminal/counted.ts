// How many of something, as people write it.

/**
 * `1 pair`, `2 pairs`.
 *
 * @param one What one is called.
 * @param many What several are called, where it is not `one` with an s.
 */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** A number with so many decimals; what rounds to zero has no sign. */
export function decimals(x: number, places: number): string {
  return x.toFixed(places).replace(/^-(?=0(\.0+)?$)/, "");
}
