// Rows by number: gather y[r] = table[ids[r]] (embedding, row selection) and its gradient, scatter-add
// dTable[v] = Σ_{r: ids[r] = v} dy[r] (+ add[v]). Axes: V rows of the table, R rows taken, D columns.
// Reads and writes 8RD bytes; the gradient 4(R + V)D, without atomics: rows r are added in order, so it is deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, eachWorkgroupWgsl, grid } from "../workgroup.ts";
import type { Matrix } from "../matrix.ts";
import { wordsPerRow } from "../quantise.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { length, matrix } from "../checks.ts";
import { FORMAT, FORMATS, narrowWgsl } from "./matmul/narrow.ts";

/** Rows of a task of the twins. */
const TASKS = { TASK: 256 } as const;

/** Forward: binds table [V, D], ids [R], y [R, D]. */
export const gatherRowsKernel: Kernel = defineKernel({
  name: "gatherRows",
  bindings: [
    { name: "table", access: "read" },
    { name: "ids", access: "read", type: "u32" },
    { name: "y", access: "read_write" },
  ],
  params: [["rows", "u32"], ["V", "u32"]],
  fixed: ["D"],
  constants: TASKS,
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.rows * D")}
  let id = ids[i / D];
  var value = 0.0;
  if (id < p.V) { value = table[id * D + i % D]; }
  y[i] = value;
}`,
  workgroups: (p, f) => grid(p.rows * f.D),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f }, lo, hi) => {
      const { ids, table, y } = b, { D, TASK } = f;
      const to = Math.min(hi * TASK, p.rows);
      for (let r = lo * TASK; r < to; r++) {
        const id = ids[r];
        if (id < p.V) y.set(table.subarray(id * D, id * D + D), r * D);
        else y.fill(0, r * D, r * D + D);
      }
    },
  }],
});

/**
 * Rows of a block of a matrix, of any storage type: binds table and scales (u32 words), ids [R], y [R, D]. Rows whose
 * id is not in the block (`first` to `first` + `V` − 1) are cleared with CLEAR, else left.
 */
export const gatherMatrixRowsKernel: Kernel = defineKernel({
  name: "gatherMatrixRows",
  bindings: [
    { name: "table", access: "read", type: "u32" },
    { name: "scales", access: "read", type: "u32" },
    { name: "ids", access: "read", type: "u32" },
    { name: "y", access: "read_write" },
  ],
  params: [["rows", "u32"], ["V", "u32"], ["first", "u32"], ["clear", "u32"]],
  fixed: ["D", "FORMAT", "LD", "LD_SCALES"],
  constants: { ...TASKS, ...FORMATS },
  wgsl: ({ FORMAT: format }) => /* wgsl */ `
${narrowWgsl(format, { words: "table", scales: "scales", ld: "LD", ldScales: "LD_SCALES" })}
${eachThreadWgsl("i", "p.rows * D")}
  let row = ids[i / D] - p.first; // below p.first it wraps around to far past V
  if (row < p.V) { y[i] = narrow(row, i % D); }
  else if (p.clear == 1u) { y[i] = 0.0; }
}`,
  workgroups: (p, f) => grid(p.rows * f.D),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, f32, wasm, scratch }, lo, hi) => {
      const { ids, table, scales, y } = b, { D, FORMAT: format, TASK, F32, F16, INT8 } = f;
      const whole = Math.floor(D / 8), rest = D - 8 * whole; // a group of eight must not reach into the next row
      const widen = (row: number, dst: number, from: number, to: number) => {
        const words = table.byteOffset + 4 * row * f.LD,
          s = scales.byteOffset + 4 * row * f.LD_SCALES;
        if (format === F16) wasm.widenF16(words, dst, from, to, 32);
        else if (format === INT8) wasm.widenInt8(words, s, dst, from, to, 32);
        else wasm.widenInt4(words, s, dst, from, to, 32);
      };
      for (let r = lo * TASK; r < Math.min(hi * TASK, p.rows); r++) {
        const row = ids[r] - p.first;
        if (row < 0 || row >= p.V) {
          if (p.clear === 1) y.fill(0, r * D, r * D + D);
        } else if (format === F32) {
          const from = table.byteOffset / 4 + row * D;
          y.set(f32.subarray(from, from + D), r * D);
        } else {
          widen(row, y.byteOffset + 4 * r * D, 0, whole);
          if (rest > 0) widen(row, scratch, whole, whole + 1);
          y.set(f32.subarray(scratch / 4, scratch / 4 + rest), r * D + 8 * whole);
        }
      }
    },
  }],
});

/** Ids that a workgroup marks at a time: a multiple of 32, at most that for each of its threads. */
const IDS = 256;

/**
 * Gradient: binds dy [R, D], ids [R], add, dTable [V, D]. On the GPU a workgroup has one row of the table: its threads
 * look at 256 ids at once, mark those that are theirs in a bit mask, then all add the marked rows in order.
 */
export const scatterAddRowsKernel: Kernel = defineKernel({
  name: "scatterAddRows",
  bindings: [
    { name: "dy", access: "read" },
    { name: "ids", access: "read", type: "u32" },
    { name: "add", access: "read" },
    { name: "dTable", access: "read_write" },
  ],
  params: [["rows", "u32"], ["V", "u32"]],
  fixed: ["D", "ADD"],
  constants: { CLEARED: 65536, COLUMNS: 32 }, // elements and columns of the twin's tasks
  wgsl: () => /* wgsl */ `
const IDS = ${IDS}u;
const WORDS = ${IDS / 32}u;
var<workgroup> marks: array<atomic<u32>, ${IDS / 32}>;
${eachWorkgroupWgsl("v", "p.V")}
  for (var c = local; c < D; c += WORKGROUP) { dTable[v * D + c] = select(0.0, add[v * D + c], ADD == 1u); }
  for (var first = 0u; first < p.rows; first += IDS) {
    if (local < WORDS) { atomicStore(&marks[local], 0u); }
    workgroupBarrier();
    for (var i = local; i < IDS && first + i < p.rows; i += WORKGROUP) {
      if (ids[first + i] == v) { atomicOr(&marks[i / 32u], 1u << (i % 32u)); }
    }
    workgroupBarrier();
    for (var word = 0u; word < WORDS; word++) {
      var bits = atomicLoad(&marks[word]);
      while (bits != 0u) {
        let r = first + word * 32u + firstTrailingBit(bits);
        bits &= bits - 1u;
        for (var c = local; c < D; c += WORKGROUP) { dTable[v * D + c] += dy[r * D + c]; }
      }
    }
    workgroupBarrier();
  }
}`,
  workgroups: (p) => grid(p.V, 1),
  cpu: [
    {
      // First the table is zeros, or what is added to.
      tasks: (p, f) => Math.ceil(p.V * f.D / f.CLEARED),
      run: ({ b, p, f }, lo, hi) => {
        const from = lo * f.CLEARED, to = Math.min(hi * f.CLEARED, p.V * f.D);
        if (f.ADD === 1) b.dTable.set(b.add.subarray(from, to), from);
        else b.dTable.fill(0, from, to);
      },
    },
    {
      // A task has COLUMNS of all rows, so that no two write to the same place.
      tasks: (_, f) => Math.ceil(f.D / f.COLUMNS),
      run: ({ b, p, f, wasm }, lo, hi) => {
        const { ids } = b, from = lo * f.COLUMNS, n = Math.min(hi * f.COLUMNS, f.D) - from;
        const dy = b.dy.byteOffset + 4 * from, dTable = b.dTable.byteOffset + 4 * from;
        for (let r = 0; r < p.rows; r++) {
          const id = ids[r], to = dTable + 4 * id * f.D;
          if (id < p.V) wasm.add(dy + 4 * r * f.D, to, to, n);
        }
      },
    },
  ],
});

/**
 * Rows of a table by number.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, gatherRows, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const ids = arena.upload([1], new Uint32Array([1]), "ids");
 * assertEquals(await arena.read(gatherRows(arena, x, ids)), new Float32Array([3, 4]));
 * ```
 *
 * @param table [V, D] f32; borrowed.
 * @param ids [R] u32; borrowed. An id of V or more gives a row of zeros.
 * @returns [R, D] in `arena`.
 * @throws {TypeError} If `ids` is not u32.
 */
export function gatherRows(arena: Arena, table: Tensor, ids: Tensor): Tensor {
  const [V, D] = matrix("gatherRows", "table", table);
  const rows = sizeOf(ids.shape);
  const y = arena.alloc([rows, D], "gatherRows.y");
  arena.dispatch(gatherRowsKernel, { bind: { table, ids, y }, params: { rows, V }, fixed: { D } });
  return y;
}

/**
 * Rows of a matrix by number, widened to f32: {@linkcode gatherRows} itself for f32 in one block, else a dispatch a
 * block.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, gatherMatrixRows, openDevice, uploadMatrix } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = uploadMatrix(arena, [2, 2], new Float32Array([1, 2, 3, 4]), { dtype: "f16", label: "x" });
 * const ids = arena.upload([1], new Uint32Array([1]), "ids");
 * assertEquals(await arena.read(gatherMatrixRows(arena, x, ids)), new Float32Array([3, 4]));
 * ```
 *
 * @param table [V, D]; borrowed.
 * @param ids [R] u32; borrowed. An id of V or more gives a row of zeros.
 * @returns [R, D] in `arena`.
 * @throws {TypeError} If `ids` is not u32.
 */
export function gatherMatrixRows(arena: Arena, table: Matrix, ids: Tensor): Tensor {
  const { shape: [, D], dtype, blocks } = table;
  if (dtype === "f32" && blocks.length === 1) return gatherRows(arena, blocks[0].data, ids);
  const rows = sizeOf(ids.shape), words = wordsPerRow(dtype, D);
  const y = arena.alloc([rows, D], "gatherRows.y");
  let first = 0;
  for (const { rows: V, data, scales } of blocks) {
    const bits = { ...data, dtype: "u32" } as const;
    arena.dispatch(gatherMatrixRowsKernel, {
      bind: { table: bits, scales: scales ?? bits, ids, y },
      params: { rows, V, first, clear: first === 0 ? 1 : 0 },
      fixed: { D, FORMAT: FORMAT[dtype], LD: words.data, LD_SCALES: words.scales },
    });
    first += V;
  }
  return y;
}

/**
 * Gradient of {@linkcode gatherRows} in the table: dTable[v] = Σ dy[r] over the rows with ids[r] = v, plus `add`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, scatterAddRows } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const ids = arena.upload([2], new Uint32Array([2, 2]), "ids");
 * assertEquals(await arena.read(scatterAddRows(arena, x, ids, 3)), new Float32Array([0, 0, 0, 0, 4, 6]));
 * ```
 *
 * @param dy [R, D] f32; borrowed.
 * @param ids [R] u32; borrowed. Ids of V or more are left out.
 * @param V Rows of the table.
 * @param add [V, D] f32, the gradient that is there; borrowed.
 * @returns dTable [V, D] in `arena`; rows that no id names are 0 (or `add`).
 * @throws {TypeError} If the shapes do not fit.
 */
export function scatterAddRows(
  arena: Arena,
  dy: Tensor,
  ids: Tensor,
  V: number,
  add?: Tensor,
): Tensor {
  const [rows, D] = matrix("scatterAddRows", "dy", dy);
  length("scatterAddRows", "ids", ids, rows);
  if (add !== undefined) matrix("scatterAddRows", "add", add, V, D);
  const dTable = arena.alloc([V, D], "scatterAddRows.dTable");
  arena.dispatch(scatterAddRowsKernel, {
    bind: { dy, ids, add: add ?? dy, dTable },
    params: { rows, V },
    fixed: { D, ADD: add === undefined ? 0 : 1 },
  });
  return dTable;
}
