// Some columns of a matrix: a fused projection's parts, taken out and put back. A part is `groups` blocks of `width`
// columns, `stride` apart: block g begins at column g·stride + offset. Axes: R rows. Reads and writes 4 bytes an
// element of the part (the way back reads the sum too); every element is one thread's, so deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import type { Tensor } from "../tensor.ts";
import { matrix } from "../checks.ts";

/** Which columns: j < width of g·stride + offset + j, for each g < groups. */
export interface Columns {
  /** Blocks: 1, or one a head where the heads' parts are interleaved. */
  readonly groups: number;
  /** Columns from the start of a block to the start of the next, at least `width`. */
  readonly stride: number;
  /** First column of the first block. */
  readonly offset: number;
  /** Columns of a block. */
  readonly width: number;
}

/** `line` for element i of the part, which is element `at` of the matrix. */
const each = (line: string): string =>
  /* wgsl */ `${eachThreadWgsl("i", "p.rows * blocks * width")}
  let at = i / (blocks * width) * total + i / width % blocks * stride + p.offset + i % width;
  ${line}
}`;

/** What both kernels take beside their bindings; TASK rows are a task of the twin. */
const SHARED = {
  params: [["rows", "u32"], ["offset", "u32"]],
  fixed: ["total", "blocks", "stride", "width"],
  constants: { TASK: 64 },
} as const;

/** Binds x [R, total], part [R, groups·width]. */
export const splitColumnsKernel: Kernel = defineKernel({
  ...SHARED,
  name: "splitColumns",
  bindings: [{ name: "x", access: "read" }, { name: "part", access: "read_write" }],
  wgsl: () => each("part[i] = x[at];"),
  workgroups: (p, f) => grid(p.rows * f.blocks * f.width),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, f32 }, lo, hi) => {
      const { TASK } = f;
      let to = b.part.byteOffset / 4 + lo * TASK * f.blocks * f.width;
      for (let r = lo * TASK; r < Math.min(hi * TASK, p.rows); r++) {
        let from = b.x.byteOffset / 4 + r * f.total + p.offset;
        for (let g = 0; g < f.blocks; g++, from += f.stride, to += f.width) {
          f32.copyWithin(to, from, from + f.width);
        }
      }
    },
  }],
});

/** The way back, a sum: binds part [R, groups·width], x [R, total]. */
export const addColumnsInPlaceKernel: Kernel = defineKernel({
  ...SHARED,
  name: "addColumnsInPlace",
  bindings: [{ name: "part", access: "read" }, { name: "x", access: "read_write" }],
  wgsl: () => each("x[at] += part[i];"),
  workgroups: (p, f) => grid(p.rows * f.blocks * f.width),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm }, lo, hi) => {
      const { TASK } = f;
      let from = b.part.byteOffset + 4 * lo * TASK * f.blocks * f.width;
      for (let r = lo * TASK; r < Math.min(hi * TASK, p.rows); r++) {
        let to = b.x.byteOffset + 4 * (r * f.total + p.offset);
        for (let g = 0; g < f.blocks; g++, to += 4 * f.stride, from += 4 * f.width) {
          wasm.add(to, from, to, f.width);
        }
      }
    },
  }],
});

/** What a dispatch is given, if the part lies inside `total` columns. */
function sizes(op: string, rows: number, total: number, part: Columns) {
  const { groups, stride, offset, width } = part;
  for (
    const [name, value, least] of Object.entries({ groups, stride, offset, width })
      .map(([name, value]) => [name, value, name === "offset" ? 0 : 1] as const)
  ) {
    if (Number.isInteger(value) && value >= least) continue;
    throw new RangeError(
      `Cannot run ${op}: ${name} is ${value}, expected a whole number ≥ ${least}`,
    );
  }
  if (width > stride) {
    throw new RangeError(`Cannot run ${op}: width is ${width}, expected at most stride ${stride}`);
  }
  const end = (groups - 1) * stride + offset + width;
  if (end > total) {
    throw new RangeError(
      `Cannot run ${op}: the part ends at column ${end}, expected at most ${total}`,
    );
  }
  return { params: { rows, offset }, fixed: { total, blocks: groups, stride, width } };
}

/**
 * Takes a part's columns: y[r, g·width + j] = x[r, g·stride + offset + j].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, splitColumns } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const qkv = arena.upload([1, 6], new Float32Array([1, 2, 3, 4, 5, 6]), "[q k v] of two heads");
 * const k = splitColumns(arena, qkv, { groups: 2, stride: 3, offset: 1, width: 1 });
 * assertEquals(await arena.read(k), new Float32Array([2, 5]));
 * ```
 *
 * @param x [R, total] f32; borrowed.
 * @param part The columns; blocks do not overlap.
 * @returns [R, groups·width] in `arena`.
 * @throws {RangeError} If the part is not inside the matrix.
 */
export function splitColumns(arena: Arena, x: Tensor, part: Columns): Tensor {
  const [rows, total] = matrix("splitColumns", "x", x);
  const what = sizes("splitColumns", rows, total, part);
  const y = arena.alloc([rows, part.groups * part.width], "splitColumns");
  arena.dispatch(splitColumnsKernel, { bind: { x, part: y }, ...what });
  return y;
}

/**
 * Adds to a part's columns, in place: x[r, g·stride + offset + j] += y[r, g·width + j].
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addColumnsInPlace, Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 3], new Float32Array([1, 2, 3]), "x");
 * const y = arena.upload([1, 1], new Float32Array([10]), "y");
 * addColumnsInPlace(arena, x, { columns: y, groups: 1, stride: 3, offset: 2, width: 1 });
 * assertEquals(await arena.read(x), new Float32Array([1, 2, 13]));
 * ```
 *
 * @param x [R, total] f32; overwritten.
 * @param part The columns, and what is added to them: `columns` [R, groups·width] f32, borrowed.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If the part is not inside the matrix.
 */
export function addColumnsInPlace(
  arena: Arena,
  x: Tensor,
  part: Columns & { readonly columns: Tensor },
): void {
  const [rows, total] = matrix("addColumnsInPlace", "x", x);
  const what = sizes("addColumnsInPlace", rows, total, part);
  matrix("addColumnsInPlace", "columns", part.columns, rows, part.groups * part.width);
  arena.dispatch(addColumnsInPlaceKernel, { bind: { part: part.columns, x }, ...what });
}

/**
 * Puts parts back together: the inverse, and the gradient, of {@linkcode splitColumns}. Columns that no part names are
 * 0, columns that several name get the sum.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, joinColumns, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const q = arena.upload([1, 2], new Float32Array([1, 4]), "q of two heads");
 * const k = arena.upload([1, 2], new Float32Array([2, 5]), "k of two heads");
 * const heads = { groups: 2, stride: 3, width: 1 };
 * const qkv = joinColumns(arena, [{ columns: q, offset: 0, ...heads }, { columns: k, offset: 1, ...heads }], 6);
 * assertEquals(await arena.read(qkv), new Float32Array([1, 2, 0, 4, 5, 0]));
 * ```
 *
 * @param parts At least one: which columns, and the numbers in them, `columns` [R, groups·width] f32, borrowed.
 * @param total Columns of the whole.
 * @returns [R, total] in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If a part is not inside `total` columns.
 */
export function joinColumns(
  arena: Arena,
  parts: readonly [
    Columns & { readonly columns: Tensor },
    ...(Columns & { readonly columns: Tensor })[],
  ],
  total: number,
): Tensor {
  const [rows] = matrix("joinColumns", "columns", parts[0].columns);
  const x = arena.zeros([rows, total], "joinColumns");
  for (const part of parts) addColumnsInPlace(arena, x, part);
  return x;
}
