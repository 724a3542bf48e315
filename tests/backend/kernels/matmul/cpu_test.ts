import { assert, assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { CpuDevice } from "../../../../backend/cpu/device.ts";
import { SCRATCH_BYTES } from "../../../../backend/kernel.ts";
import { matmul } from "../../../../backend/kernels/matmul/matmul.ts";
import { cpuTile, splitsOf } from "../../../../backend/kernels/matmul/cpu.ts";
import { uniform } from "../../../support/random.ts";

Deno.test("cpuTile() fits a thread's scratch, in panels of 8 columns", () => {
  for (const M of [1, 64, 9000]) {
    for (const N of [1, 352, 49152]) {
      for (const K of [1, 128, 1800, 100_000]) {
        for (const rank of [0, 8, 500]) {
          for (const transposeA of [false, true]) {
            const { cpuRows, cpuCols } = cpuTile({ M, N, K, rank, groups: 2, transposeA });
            const packed = transposeA
              ? 64 * 384 + Math.max(384, rank) * cpuCols
              : (K + rank) * cpuCols;
            assert(8192 + 4 * packed <= SCRATCH_BYTES, `${[M, N, K, rank, transposeA]}`);
            assert(cpuRows % 64 === 0 && cpuCols % 8 === 0 && cpuRows > 0 && cpuCols > 0);
          }
        }
      }
    }
  }
});

Deno.test("cpuTile() splits the columns where there are few rows, and gives thin outputs more rows", () => {
  const one = { K: 128, rank: 8, groups: 1, transposeA: false };
  assertEquals(cpuTile({ ...one, M: 8, N: 352 }).cpuCols, 48);
  assertEquals(cpuTile({ ...one, M: 9000, N: 8 }), { cpuRows: 512, cpuCols: 8 });
});

Deno.test("cpuTile() refuses sums too long for the scratch", () => {
  const sizes = { M: 1, N: 1, rank: 0, groups: 1, transposeA: false };
  assertThrows(() => cpuTile({ ...sizes, K: 300_000 }), RangeError, "K is 300000");
});

Deno.test({
  name: "matmul() has the same bits on one, two and three threads",
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => {
    const M = 150, N = 70, K = 600, rank = 5, groups = 2;
    const results: ArrayLike<number>[][] = [];
    for (const threads of [1, 2, 3]) {
      using device = await CpuDevice.open({ threads });
      using arena = new Arena(device, "test");
      const up = (n: number, seed: number) => ({
        tensor: arena.upload([n], uniform(n, seed), "x"),
      });
      const a = up(groups * M * K, 1), b = up(groups * K * N, 2);
      const tail = { u: up(groups * M * rank, 3), t: up(groups * rank * N, 4), rank, alpha: 2 };
      const out = await arena.readAll({
        rows: matmul(arena, { a, b, M, N, K, groups, tail }),
        transposed: matmul(arena, { a, b, M, N, K, groups, tail, transposeA: true }),
        thin: matmul(arena, { a, b, M, N: 8, K, groups, transposeA: true }),
      });
      results.push([out.rows, out.transposed, out.thin]);
    }
    assertEquals(results[1], results[0]);
    assertEquals(results[2], results[0]);
  },
});

Deno.test("splitsOf() splits long sums into small outputs and nothing else", () => {
  assertEquals(splitsOf({ M: 8, N: 128, K: 1800, groups: 5, transposeA: true }), 7);
  assertEquals(splitsOf({ M: 8, N: 128, K: 1800, groups: 5, transposeA: false }), 1);
  assertEquals(splitsOf({ M: 2048, N: 2048, K: 9000, groups: 1, transposeA: true }), 1);
  assertEquals(splitsOf({ M: 8, N: 8, K: 255, groups: 1, transposeA: true }), 1);
});
