// Truth of counting numbers that are none: blocks of 4096 of each group that hold a NaN or an infinity in f32.

/** Blocks of a group's numbers for which `isSound` of some index is false; [G] counts. */
export function countBlocks(
  size: number,
  groups: number,
  isSound: (i: number) => boolean,
): number[] {
  return Array.from({ length: groups }, (_, g) => {
    const blocks = new Set<number>();
    for (let i = 0; i < size; i++) if (!isSound(g * size + i)) blocks.add(Math.floor(i / 4096));
    return blocks.size;
  });
}

/** Blocks of x [G, P] with a number that is not finite once it is f32. */
export function nonFiniteCounts(x: ArrayLike<number>, groups: number): number[] {
  return countBlocks(x.length / groups, groups, (i) => Number.isFinite(Math.fround(x[i])));
}
