// Sums: of squares per row (gradient norms), over segments of rows and its gradient, and the mean over members.
// Axes: G groups, P numbers each; H rows, S segments. Reads 4 bytes an element, 2 flop each.
// Long sums have two stages, blocks of 4096 then the blocks in order: deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, eachWorkgroupWgsl, grid, WORKGROUP_SUM } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { length, matrix } from "../checks.ts";
import { BLOCKS, eachBlockWgsl } from "./block_wgsl.ts";

/** First stage: binds x [G, P], part [G, ⌈P/BLOCK⌉]. */
export const sumSquaresKernel: Kernel = defineKernel({
  name: "sumSquares",
  bindings: [{ name: "x", access: "read" }, { name: "part", access: "read_write" }],
  params: [["G", "u32"], ["P", "u32"]],
  fixed: [],
  constants: BLOCKS,
  wgsl: () =>
    /* wgsl */ `${eachBlockWgsl({ groups: "p.G", size: "p.P" })}
  var sum = 0.0;
  for (var i = first + local; i < end; i += WORKGROUP) { sum += x[start + i] * x[start + i]; }
  let all = total(local, sum);
  if (local == 0u) { part[at] = all; }
}`,
  workgroups: (p, f) => grid(p.G * Math.ceil(p.P / f.BLOCK), 1),
  cpu: [{
    tasks: (p, f) => p.G * Math.ceil(p.P / f.BLOCK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { BLOCK } = f, blocks = Math.ceil(p.P / BLOCK);
      for (let task = lo; task < hi; task++) {
        const g = Math.floor(task / blocks), from = (task - g * blocks) * BLOCK;
        b.part[task] = wasm.sumSquares(
          b.x.byteOffset + 4 * (g * p.P + from),
          Math.min(BLOCK, p.P - from),
        );
      }
    },
  }],
});

/** Second stage: binds part [G, C], sum [G]. */
export const sumChunksKernel: Kernel = defineKernel({
  name: "sumChunks",
  bindings: [{ name: "part", access: "read" }, { name: "sum", access: "read_write" }],
  params: [["G", "u32"], ["C", "u32"]],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${WORKGROUP_SUM}${eachWorkgroupWgsl("g", "p.G")}
  var mine = 0.0;
  for (var i = local; i < p.C; i += WORKGROUP) { mine += part[g * p.C + i]; }
  let all = total(local, mine);
  if (local == 0u) { sum[g] = all; }
}`,
  workgroups: (p) => grid(p.G, 1),
  cpu: [{
    tasks: (p) => p.G,
    run: ({ b, p }, lo, hi) => {
      for (let g = lo; g < hi; g++) {
        let sum = 0;
        for (let i = 0; i < p.C; i++) sum += b.part[g * p.C + i];
        b.sum[g] = sum;
      }
    },
  }],
});

/** Segments of a task of the twins. */
const TASKS = { TASK: 64 } as const;

/** Sums of segments: binds x [H], starts, counts [S], sum [S]. */
export const segmentSumKernel: Kernel = defineKernel({
  name: "segmentSum",
  bindings: [
    { name: "x", access: "read" },
    { name: "starts", access: "read", type: "u32" },
    { name: "counts", access: "read", type: "u32" },
    { name: "sum", access: "read_write" },
  ],
  params: [["S", "u32"], ["H", "u32"]],
  fixed: [],
  constants: TASKS,
  wgsl: () =>
    /* wgsl */ `${WORKGROUP_SUM}${eachWorkgroupWgsl("s", "p.S")}
  var mine = 0.0;
  let end = min(starts[s] + counts[s], p.H);
  for (var i = starts[s] + local; i < end; i += WORKGROUP) { mine += x[i]; }
  let all = total(local, mine);
  if (local == 0u) { sum[s] = all; }
}`,
  workgroups: (p) => grid(p.S, 1),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.S / f.TASK),
    run: ({ b, p, f: { TASK } }, lo, hi) => {
      const { x, starts, counts } = b, to = Math.min(hi * TASK, p.S);
      for (let s = lo * TASK; s < to; s++) {
        let sum = 0;
        const end = Math.min(starts[s] + counts[s], p.H);
        for (let i = starts[s]; i < end; i++) sum += x[i];
        b.sum[s] = sum;
      }
    },
  }],
});

/** Gradient of the sums of segments, into zeros: binds s, starts, counts [S], y [H]; segments do not overlap. */
export const expandSegmentsInPlaceKernel: Kernel = defineKernel({
  name: "expandSegmentsInPlace",
  bindings: [
    { name: "s", access: "read" },
    { name: "starts", access: "read", type: "u32" },
    { name: "counts", access: "read", type: "u32" },
    { name: "y", access: "read_write" },
  ],
  params: [["S", "u32"], ["H", "u32"]],
  fixed: [],
  constants: TASKS,
  wgsl: () =>
    /* wgsl */ `${eachWorkgroupWgsl("at", "p.S")}
  let end = min(starts[at] + counts[at], p.H);
  for (var i = starts[at] + local; i < end; i += WORKGROUP) { y[i] = s[at]; }
}`,
  workgroups: (p) => grid(p.S, 1),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.S / f.TASK),
    run: ({ b, p, f: { TASK } }, lo, hi) => {
      const { s, starts, counts, y } = b, to = Math.min(hi * TASK, p.S);
      for (let at = lo * TASK; at < to; at++) y.fill(s[at], starts[at], starts[at] + counts[at]);
    },
  }],
});

/** Mean over members: binds x [G, P], y [P]. */
export const meanGroupsKernel: Kernel = defineKernel({
  name: "meanGroups",
  bindings: [{ name: "x", access: "read" }, { name: "y", access: "read_write" }],
  params: [["G", "u32"], ["P", "u32"]],
  fixed: [],
  constants: { TASK: 4096 },
  // A running mean: the mean of equal members is that member, bit for bit.
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.P")}
  var mean = x[i];
  for (var g = 1u; g < p.G; g++) { mean += (x[g * p.P + i] - mean) / f32(g + 1u); }
  y[i] = mean;
}`,
  workgroups: (p) => grid(p.P),
  cpu: [{
    // Scalar: once a phase. Sums in f64 are exact enough that equal members give themselves.
    tasks: (p, f) => Math.ceil(p.P / f.TASK),
    run: ({ b, p, f: { TASK } }, lo, hi) => {
      const { x, y } = b, to = Math.min(hi * TASK, p.P);
      for (let i = lo * TASK; i < to; i++) {
        let sum = 0;
        for (let g = 0; g < p.G; g++) sum += x[g * p.P + i];
        y[i] = sum / p.G;
      }
    },
  }],
});

/**
 * Sum of squares of each group.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, sumSquares } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * assertEquals(await arena.read(sumSquares(arena, x)), new Float32Array([5, 25]));
 * ```
 *
 * @param x [G, P] f32; borrowed.
 * @returns [G] in `arena`.
 */
export function sumSquares(arena: Arena, x: Tensor): Tensor {
  const [G, P] = matrix("sumSquares", "x", x);
  const C = Math.ceil(P / BLOCKS.BLOCK);
  const part = arena.alloc([G, C], "sumSquares.part"), sum = arena.alloc([G], "sumSquares");
  arena.dispatch(sumSquaresKernel, { bind: { x, part }, params: { G, P } });
  arena.dispatch(sumChunksKernel, { bind: { part, sum }, params: { G, C } });
  arena.release(part);
  return sum;
}

/**
 * Sums over segments: segment s has rows starts[s] … starts[s] + counts[s] − 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, segmentSum } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([4], new Float32Array([1, 2, 3, 4]), "x");
 * const starts = arena.upload([2], new Uint32Array([0, 3]), "starts");
 * const counts = arena.upload([2], new Uint32Array([3, 1]), "counts");
 * assertEquals(await arena.read(segmentSum(arena, x, starts, counts)), new Float32Array([6, 4]));
 * ```
 *
 * @param x [H] f32; borrowed.
 * @param starts [S] u32, in rows; borrowed.
 * @param counts [S] u32, in rows, 0 allowed; borrowed.
 * @returns [S] in `arena`.
 * @throws {TypeError} If `starts` and `counts` differ in length.
 */
export function segmentSum(arena: Arena, x: Tensor, starts: Tensor, counts: Tensor): Tensor {
  const S = sizeOf(starts.shape), H = sizeOf(x.shape);
  length("segmentSum", "counts", counts, S);
  const sum = arena.alloc([S], "segmentSum");
  arena.dispatch(segmentSumKernel, { bind: { x, starts, counts, sum }, params: { S, H } });
  return sum;
}

/**
 * Gradient of {@linkcode segmentSum}: each row gets its segment's number, rows outside any segment 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, expandSegments, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const s = arena.upload([1], new Float32Array([7]), "s");
 * const starts = arena.upload([1], new Uint32Array([1]), "starts");
 * const counts = arena.upload([1], new Uint32Array([2]), "counts");
 * assertEquals(await arena.read(expandSegments(arena, s, starts, counts, 4)), new Float32Array([0, 7, 7, 0]));
 * ```
 *
 * @param s [S] f32; borrowed.
 * @param starts [S] u32, in rows; borrowed. Segments do not overlap.
 * @param counts [S] u32, in rows; borrowed.
 * @param H Rows.
 * @returns [H] in `arena`.
 * @throws {TypeError} If the lengths differ.
 */
export function expandSegments(
  arena: Arena,
  s: Tensor,
  starts: Tensor,
  counts: Tensor,
  H: number,
): Tensor {
  const S = sizeOf(s.shape);
  length("expandSegments", "starts", starts, S);
  length("expandSegments", "counts", counts, S);
  const y = arena.zeros([H], "expandSegments");
  arena.dispatch(expandSegmentsInPlaceKernel, { bind: { s, starts, counts, y }, params: { S, H } });
  return y;
}

/**
 * Mean over members; equal members give that member, bit for bit.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, meanGroups, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * assertEquals(await arena.read(meanGroups(arena, x)), new Float32Array([2, 3]));
 * ```
 *
 * @param x [G, P] f32; borrowed.
 * @returns [P] in `arena`.
 */
export function meanGroups(arena: Arena, x: Tensor): Tensor {
  const [G, P] = matrix("meanGroups", "x", x);
  const y = arena.alloc([P], "meanGroups");
  arena.dispatch(meanGroupsKernel, { bind: { x, y }, params: { G, P } });
  return y;
}
