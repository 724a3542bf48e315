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
