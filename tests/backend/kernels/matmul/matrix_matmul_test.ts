import { assertEquals, assertStrictEquals } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { matmul } from "../../../../backend/kernels/matmul/matmul.ts";
import { matmulColumns, matmulRows } from "../../../../backend/kernels/matmul/matrix_matmul.ts";
import { matrixOf, MOST_ROWS, uploadMatrix } from "../../../../backend/matrix.ts";
import { type BaseDType, dequantise, quantise, wordsPerRow } from "../../../../backend/quantise.ts";
import * as reference from "../../../../backend/reference/matmul.ts";
import { assertClose, f32Sum } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { uniform } from "../../../support/random.ts";

const M = 19, ROWS = 37, COLS = 70, GROUPS = 2, RANK = 3;
const xs = uniform(GROUPS * M * COLS, 1), ws = uniform(ROWS * COLS, 2);
const us = uniform(GROUPS * M * RANK, 3), dys = uniform(GROUPS * M * ROWS, 4);

for (const dtype of ["f32", "f16", "int8", "int4"] as const satisfies BaseDType[]) {
  const w = dequantise(quantise([ROWS, COLS], ws, dtype));
  const shared = { data: w, groupStride: 0 };
  for (const blocks of [1, 3]) {
    const maxBytes = blocks === 1 ? undefined : 4 * wordsPerRow(dtype, COLS).data * 15;
    for (const extras of ["nothing", "a tail and a term", "a transposed tail"]) {
      const all = extras !== "nothing", transposeT = extras === "a transposed tail";
      const name = `${dtype} in ${blocks} blocks and ${extras}`;
      deviceTest(
        `matmulRows() and matmulColumns() equal the f64 reference with ${name}`,
        async (device) => {
          using arena = new Arena(device, "test");
          const matrix = uploadMatrix(arena, [ROWS, COLS], ws, { dtype, label: "w", maxBytes });
          assertEquals(matrix.blocks.length, blocks);
          const up = (data: Float32Array) => ({ tensor: arena.upload([data.length], data, "x") });
          for (
            const [op, a, N, K] of [[matmulRows, xs, ROWS, COLS], [
              matmulColumns,
              dys,
              COLS,
              ROWS,
            ]] as const
          ) {
            const ts = uniform(GROUPS * RANK * N, 5), ds = uniform(GROUPS * M * N, 6);
            const tail = { rank: RANK, alpha: 1.5, transposeT };
            const truth = reference.matmul({
              ...{
                M,
                N,
                K,
                groups: GROUPS,
                a: { data: a },
                b: shared,
                transposeB: op === matmulRows,
              },
              tail: all ? { ...tail, u: { data: us }, t: { data: ts } } : undefined,
              add: all && !transposeT ? { data: ds } : undefined,
            });
            for (
              const variant of device.info.kind === "cpu"
                ? [undefined]
                : ["tiled", "direct"] as const
            ) {
              const c = op(arena, {
                ...{ a: up(a), w: matrix, M, groups: GROUPS, variant },
                tail: all ? { ...tail, u: up(us), t: up(ts) } : undefined,
                add: all && !transposeT ? up(ds) : undefined,
              });
              assertEquals(c.shape, [GROUPS * M, N]);
              assertClose(
                await arena.read(c),
                truth,
                f32Sum(K + RANK),
                `${op.name} ${variant ?? ""}`,
              );
            }
          }
        },
      );
    }
  }
}

deviceTest(
  "matmulRows() and matmulColumns() read and write inside larger tensors, in blocks",
  async (device) => {
    using arena = new Arena(device, "test");
    const dtype = "int8", w = dequantise(quantise([ROWS, COLS], ws, dtype));
    const matrix = uploadMatrix(arena, [ROWS, COLS], ws, { dtype, label: "w", maxBytes: 96 * 15 });
    for (const [op, N, K] of [[matmulRows, ROWS, COLS], [matmulColumns, COLS, ROWS]] as const) {
      const operand = (rows: number, cols: number, seed: number) => {
        const place = { offset: 5, ld: cols + 2, groupStride: rows * (cols + 2) + 3 };
        return { data: uniform(5 + GROUPS * place.groupStride, seed), ...place };
      };
      const host = { a: operand(M, K, 1), u: operand(M, RANK, 2), out: operand(M, N, 3) };
      const t = operand(RANK, N, 4),
        turned = operand(N, RANK, 4),
        d = { ...operand(1, N, 5), ld: 0, groupStride: 0 };
      for (const transposeT of [false, true]) {
        const on = ({ data, ...place }: ReturnType<typeof operand>) => ({
          ...place,
          tensor: arena.upload([data.length], data, "x"),
        });
        const tail = { rank: RANK, alpha: -1, transposeT }, stored = transposeT ? turned : t;
        const truth = reference.matmul({
          ...{ M, N, K, groups: GROUPS, a: host.a, add: d, transposeB: op === matmulRows },
          b: { data: w, groupStride: 0 },
          tail: { ...tail, u: host.u, t: stored },
        });
        const out = on(host.out);
        const c = op(arena, {
          ...{ a: on(host.a), w: matrix, M, groups: GROUPS, add: on(d), out },
          tail: { ...tail, u: on(host.u), t: on(stored) },
        });
        assertStrictEquals(c, out.tensor);
        const expected = Float64Array.from(host.out.data);
        truth.forEach((x, i) => {
          const g = Math.floor(i / (M * N)), m = Math.floor(i / N) % M;
          expected[5 + g * out.groupStride + m * out.ld + i % N] = x;
        });
        assertClose(
          await arena.read(c),
          expected,
          f32Sum(K + RANK),
          `${op.name}, transposeT ${transposeT}`,
        );
      }
    }
  },
);

deviceTest(
  "matmulRows() and matmulColumns() of one f32 block are matmul() itself, bit for bit",
  async (device) => {
    using arena = new Arena(device, "test");
    const w = arena.upload([ROWS, COLS], ws, "w"),
      x = arena.upload([M, COLS], xs.subarray(0, M * COLS), "x");
    const dy = arena.upload([M, ROWS], dys.subarray(0, M * ROWS), "dy");
    const matrix = matrixOf(w), before = device.stats().dispatches;
    const out = await arena.readAll({
      rows: matmulRows(arena, { a: { tensor: x }, w: matrix, M }),
      columns: matmulColumns(arena, { a: { tensor: dy }, w: matrix, M }),
    });
    assertEquals(device.stats().dispatches - before >= 2, true);
    const b = { tensor: w };
    const plain = await arena.readAll({
      rows: matmul(arena, { a: { tensor: x }, b, M, N: ROWS, K: COLS, transposeB: true }),
      columns: matmul(arena, { a: { tensor: dy }, b, M, N: COLS, K: ROWS }),
    });
    assertEquals(out, plain);
  },
);

deviceTest("matmulColumns() keeps no sum but the last", (device) => {
  using arena = new Arena(device, "test");
  const matrix = uploadMatrix(arena, [ROWS, COLS], ws, {
    dtype: "f16",
    label: "w",
    maxBytes: 1000,
  });
  const a = { tensor: arena.upload([M, ROWS], dys.subarray(0, M * ROWS), "dy") };
  const before = device.stats().live;
  matmulColumns(arena, { a, w: matrix, M });
  assertEquals(device.stats().live - before, 2); // of six blocks' sums two memories, one of them spare
});

deviceTest(
  "matmulColumns() sums over more rows than a thread's scratch holds, or a loop of lavapipe's counts",
  async (device) => {
    const rows = 2 ** 18 + 3, cols = 2;
    using arena = new Arena(device, "test");
    const w = arena.upload(
      [rows, cols],
      Float32Array.from({ length: rows * cols }, (_, i) => i % 7),
      "w",
    );
    const a = new Float32Array(rows);
    const picked = [0, MOST_ROWS - 1, MOST_ROWS, 2 ** 17 - 1, 2 ** 17, 2 ** 18 + 2];
    picked.forEach((row, i) => a[row] = i + 1);
    const out = matmulColumns(arena, {
      a: { tensor: arena.upload([1, rows], a, "a") },
      w: matrixOf(w),
      M: 1,
    });
    const expected = [0, 1].map((c) =>
      picked.reduce((sum, row, i) => sum + (i + 1) * ((row * cols + c) % 7), 0)
    );
    assertEquals([...await arena.read(out)], expected);
  },
);
