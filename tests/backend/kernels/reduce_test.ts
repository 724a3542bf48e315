import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import * as kernels from "../../../backend/kernels/reduce.ts";
import * as reference from "../../../backend/reference/reduce.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

for (const [G, P] of [[1, 1], [3, 63], [2, 65], [5, 4095], [2, 4097], [3, 9001]]) {
  const x = uniform(G * P, 1);
  deviceTest(
    `sumSquares() and meanGroups() equal the f64 reference at [${G}, ${P}]`,
    async (device) => {
      using arena = new Arena(device, "test");
      const tx = arena.upload([G, P], x, "x");
      const out = await arena.readAll({
        squares: kernels.sumSquares(arena, tx),
        mean: kernels.meanGroups(arena, tx),
      });
      assertClose(out.squares, reference.sumSquares(x, G), f32Sum(P), "squares");
      assertClose(out.mean, reference.meanGroups(x, G), f32Sum(G), "mean");
    },
  );
}

deviceTest("sumSquares() adds more than 64 chunks", async (device) => {
  using arena = new Arena(device, "test");
  const P = 70 * 4096 + 5, x = uniform(P, 1);
  const squares = await arena.read(kernels.sumSquares(arena, arena.upload([1, P], x, "x")));
  assertClose(squares, reference.sumSquares(x, 1), f32Sum(P), "squares");
});

deviceTest("meanGroups() of equal members is that member, bit for bit", async (device) => {
  using arena = new Arena(device, "test");
  const P = 300, one = uniform(P, 1);
  const five = new Float32Array(5 * P).map((_, i) => one[i % P]);
  assertEquals(await arena.read(kernels.meanGroups(arena, arena.upload([5, P], five, "x"))), one);
});

for (
  const [H, starts, counts] of [
    [1, [0], [1]],
    [200, [130, 0, 3, 70], [65, 3, 64, 0]],
    [130, Array.from({ length: 65 }, (_, s) => 2 * s), Array.from({ length: 65 }, () => 1)],
  ] as [number, number[], number[]][]
) {
  const S = starts.length, x = uniform(H, 1), s = uniform(S, 2);
  deviceTest(
    `segmentSum() and expandSegments() equal the f64 reference at H ${H}, S ${S}`,
    async (device) => {
      using arena = new Arena(device, "test");
      const from = arena.upload([S], new Uint32Array(starts), "starts");
      const rows = arena.upload([S], new Uint32Array(counts), "counts");
      const out = await arena.readAll({
        sum: kernels.segmentSum(arena, arena.upload([H], x, "x"), from, rows),
        expanded: kernels.expandSegments(arena, arena.upload([S], s, "s"), from, rows, H),
      });
      assertClose(out.sum, reference.segmentSum(x, starts, counts), f32Sum(65), "sum");
      const exact = { rtol: 0, atol: 0 };
      assertClose(out.expanded, reference.expandSegments(s, starts, counts, H), exact, "expanded");
    },
  );
}

deviceTest(
  "segmentSum() and expandSegments() refuse starts and counts of other lengths",
  (device) => {
    using arena = new Arena(device, "test");
    const x = arena.zeros([4], "x"),
      two = arena.zeros([2], "two", "u32"),
      three = arena.zeros([3], "t", "u32");
    assertThrows(() => kernels.segmentSum(arena, x, two, three), TypeError, "counts is [3]");
    assertThrows(() => kernels.expandSegments(arena, x, two, two, 9), TypeError, "starts is [2]");
  },
);
