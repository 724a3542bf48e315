// Workgroups: how many threads one has, how many a dispatch takes, and how a shader's `main` begins.

/** Threads of a workgroup, where a kernel says nothing else. */
export const WORKGROUP = 64;

/**
 * Workgroups for `n` threads of `size`, folded into two dimensions past 65,535. The WGSL undoes the folding with
 * `flatIndex(workgroup_id, num_workgroups, size, local_invocation_index)` and checks it against n.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { grid } from "@leash/bpo/backend";
 * assertEquals(grid(65), [2, 1, 1]);
 * assertEquals(grid(65537, 1), [32769, 2, 1]);
 * ```
 */
export function grid(n: number, size: number = WORKGROUP): readonly [number, number, number] {
  const groups = Math.max(1, Math.ceil(n / size));
  if (groups <= 65535) return [groups, 1, 1];
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y, 1];
}

/** WGSL: `WORKGROUP`, and `main` up to its body: thread `local` of workgroup `group` among `groups`. */
function mainWgsl(size: number): string {
  return /* wgsl */ `
const WORKGROUP = ${size}u;
@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {`;
}

/** WGSL: `main` for a dispatch of `grid(n)`, up to where a thread has its number under a name and is one of the n. */
export function eachThreadWgsl(name: string, n: string): string {
  return /* wgsl */ `${mainWgsl(WORKGROUP)}
  let ${name} = flatIndex(group, groups, WORKGROUP, local);
  if (${name} >= ${n}) { return; }`;
}

/**
 * WGSL: `main` for a dispatch of `grid(n, 1)`, up to where a workgroup has its number under a name and is one of the n;
 * its threads are `local` of WORKGROUP, which is `size`.
 */
export function eachWorkgroupWgsl(name: string, n: string, size: number = WORKGROUP): string {
  return /* wgsl */ `${mainWgsl(size)}
  let ${name} = group.y * groups.x + group.x;
  if (${name} >= ${n}) { return; }`;
}

/** WGSL `total(local, value)`: the sum of one value from each thread of a workgroup, in a fixed tree, on every thread. */
export function workgroupSumWgsl(type: "f32" | "vec3<f32>"): string {
  return /* wgsl */ `
var<workgroup> lanes: array<${type}, ${WORKGROUP}>;
fn total(local: u32, value: ${type}) -> ${type} {
  lanes[local] = value;
  workgroupBarrier();
  for (var s = ${WORKGROUP / 2}u; s > 0u; s >>= 1u) {
    if (local < s) { lanes[local] += lanes[local + s]; }
    workgroupBarrier();
  }
  return lanes[0];
}`;
}

/** The same of numbers. */
export const WORKGROUP_SUM: string = workgroupSumWgsl("f32");
