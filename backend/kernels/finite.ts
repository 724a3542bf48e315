// Numbers that are none: how many blocks of a group's numbers hold a NaN or an infinity, told by their bits, since
// WGSL may drop NaN in comparisons, min and max. Axes: G groups, P numbers each, in blocks of 4096.
// Reads 4 bytes an element, no flop; counts are whole: deterministic.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachWorkgroupWgsl, grid, WORKGROUP_SUM } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { BLOCKS, eachBlockWgsl } from "./block_wgsl.ts";

/** WGSL `isNonFinite(x)`: whether a number is NaN, ∞ or −∞. */
export const NON_FINITE_WGSL: string = /* wgsl */ `
fn isNonFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u; }`;

/**
 * WGSL: one workgroup a block of {@linkcode BLOCKS}; part[at] is 1 where `test` holds of one of its numbers.
 *
 * @param names WGSL: groups, numbers a group, and what is asked of number `i` of the group that begins at `start`.
 */
export function anyInBlockWgsl(
  { groups, size, test }: { groups: string; size: string; test: string },
): string {
  return /* wgsl */ `${eachBlockWgsl({ groups, size })}
  var found = 0.0;
  for (var i = first + local; i < end; i += WORKGROUP) {
    if (${test}) { found = 1.0; }
  }
  let all = total(local, found);
  if (local == 0u) { part[at] = select(0u, 1u, all > 0.0); }
}`;
}

/** First stage: binds x [G, P], part u32 [G, ⌈P/4096⌉], 1 for a block with a number that is not finite. */
export const nonFiniteKernel: Kernel = defineKernel({
  name: "nonFinite",
  bindings: [
    { name: "x", access: "read" },
    { name: "part", access: "read_write", type: "u32" },
  ],
  params: [["G", "u32"], ["P", "u32"]],
  fixed: [],
  constants: BLOCKS,
  wgsl: () =>
    /* wgsl */ `${NON_FINITE_WGSL}${
      anyInBlockWgsl({ groups: "p.G", size: "p.P", test: "isNonFinite(x[start + i])" })
    }`,
  workgroups: (p, f) => grid(p.G * Math.ceil(p.P / f.BLOCK), 1),
  cpu: [{
    tasks: (p, f) => p.G * Math.ceil(p.P / f.BLOCK),
    run: ({ b, p, f }, lo, hi) => {
      const chunks = Math.ceil(p.P / f.BLOCK);
      const bits = new Uint32Array(b.x.buffer, b.x.byteOffset, b.x.length);
      for (let task = lo; task < hi; task++) {
        const g = Math.floor(task / chunks), from = (task - g * chunks) * f.BLOCK;
        let found = 0;
        for (let i = g * p.P + from; i < g * p.P + Math.min(from + f.BLOCK, p.P); i++) {
          if ((bits[i] & 0x7f800000) === 0x7f800000) found = 1;
        }
        b.part[task] = found;
      }
    },
  }],
});

/** Second stage: binds part u32 [G, C], count u32 [G], which grows by the sum of its parts. */
export const addCountsInPlaceKernel: Kernel = defineKernel({
  name: "addCountsInPlace",
  bindings: [
    { name: "part", access: "read", type: "u32" },
    { name: "count", access: "read_write", type: "u32" },
  ],
  params: [["G", "u32"], ["C", "u32"]],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${WORKGROUP_SUM}
${eachWorkgroupWgsl("g", "p.G")}
  var mine = 0.0; // exact below 2^24
  for (var i = local; i < p.C; i += WORKGROUP) { mine += f32(part[g * p.C + i]); }
  let all = total(local, mine);
  if (local == 0u) { count[g] += u32(all); }
}`,
  workgroups: (p) => grid(p.G, 1),
  cpu: [{
    tasks: (p) => p.G,
    run: ({ b, p }, lo, hi) => {
      for (let g = lo; g < hi; g++) {
        for (let i = 0; i < p.C; i++) b.count[g] += b.part[g * p.C + i];
      }
    },
  }],
});

/**
 * Add up the counts of each group.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addCountsInPlace, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const part = arena.upload([2, 2], new Uint32Array([1, 0, 1, 1]), "part");
 * const count = arena.upload([2], new Uint32Array([0, 5]), "count");
 * addCountsInPlace(arena, { part, count });
 * assertEquals(await arena.read(count), new Uint32Array([1, 7]));
 * ```
 *
 * @param part [G, C] u32; borrowed.
 * @param count [G] u32: grows by the sum of the group's parts.
 * @throws {TypeError} If the shapes do not fit.
 */
export function addCountsInPlace(
  arena: Arena,
  { part, count }: { part: Tensor; count: Tensor },
): void {
  const [G, C] = matrix("addCountsInPlace", "part", part);
  length("addCountsInPlace", "count", count, G);
  arena.dispatch(addCountsInPlaceKernel, { bind: { part, count }, params: { G, C } });
}

/**
 * Count the blocks of 4096 numbers that hold a NaN or an infinity, each group's for itself. What a step must not
 * build on is counted in one place: 0 means that all that was looked at is finite.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, countNonFiniteInPlace, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, NaN, -Infinity]), "x");
 * const count = arena.zeros([2], "count", "u32");
 * countNonFiniteInPlace(arena, { x, count });
 * assertEquals(await arena.read(count), new Uint32Array([0, 1])); // both in one block
 * ```
 *
 * @param x [G, P] f32, G being the length of `count`; borrowed.
 * @param count [G] u32: grows by each group's blocks with a number that is not finite.
 * @throws {TypeError} If `x` cannot be divided into that many groups.
 */
export function countNonFiniteInPlace(
  arena: Arena,
  { x, count }: { x: Tensor; count: Tensor },
): void {
  const G = sizeOf(count.shape), P = sizeOf(x.shape) / G;
  if (!Number.isInteger(P)) {
    throw new TypeError(
      `Cannot run countNonFiniteInPlace: x is [${x.shape}], expected a multiple of ${G} elements`,
    );
  }
  const part = arena.alloc([G, Math.ceil(P / BLOCKS.BLOCK)], "nonFinite.part", "u32");
  arena.dispatch(nonFiniteKernel, { bind: { x, part }, params: { G, P } });
  addCountsInPlace(arena, { part, count });
  arena.release(part);
}
