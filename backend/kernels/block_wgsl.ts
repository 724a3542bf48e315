// How the shaders begin that go through a group's numbers in blocks: a workgroup has one block, and sums over it in a fixed
// tree. The twins go through the same blocks.
import { eachWorkgroupWgsl, WORKGROUP_SUM } from "../workgroup.ts";

/** The constants of such a kernel: how many numbers of a group one result is about. */
export const BLOCKS = { BLOCK: 4096 } as const;

/**
 * WGSL: `main` up to where block `at`, of groups one after another, has its numbers `first` to `end` − 1 of the group that
 * begins at `start`; `total(local, value)` sums over threads.
 *
 * @param names WGSL: groups, and numbers a group.
 */
export function eachBlockWgsl({ groups, size }: { groups: string; size: string }): string {
  const blocks = `((${size} + BLOCK - 1u) / BLOCK)`;
  return /* wgsl */ `${WORKGROUP_SUM}${eachWorkgroupWgsl("at", `${groups} * ${blocks}`)}
  let first = (at % ${blocks}) * BLOCK;
  let end = min(first + BLOCK, ${size});
  let start = (at / ${blocks}) * ${size};`;
}
