import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { addCountsInPlace, countNonFiniteInPlace } from "../../../backend/kernels/finite.ts";
import * as reference from "../../../backend/reference/finite.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const cases: [groups: number, size: number, planted: [at: number, value: number][]][] = [
  [1, 1, []],
  [1, 1, [[0, NaN]]],
  [3, 65, [[64, Infinity], [130, -Infinity], [131, NaN]]],
  [2, 4097, [[4096, NaN], [4097, Infinity], [8193, NaN]]],
  [1, 20_000, [[63, NaN], [4095, NaN], [12_288, -Infinity]]],
  [2, 300_000, [[299_999, NaN]]], // more than 64 blocks
];

for (const [groups, size, planted] of cases) {
  const name = `[${groups}, ${size}] with ${
    planted.map(([at, x]) => `${x} at ${at}`).join(", ") || "none"
  }`;
  deviceTest(`countNonFiniteInPlace() equals the reference, ${name}`, async (device) => {
    const x = uniform(groups * size, 1, 3e38); // as large as they come
    for (const [at, value] of planted) x[at] = value;
    using arena = new Arena(device, "test");
    const count = arena.upload([groups], new Uint32Array(groups).fill(5), "count");
    countNonFiniteInPlace(arena, { x: arena.upload([groups * size], x, "x"), count });
    const truth = reference.nonFiniteCounts(x, groups).map((n) => n + 5);
    assertEquals([...await arena.read(count)], truth);
  });
}

deviceTest(
  "addCountsInPlace() sums whole numbers exactly, each group's to its own",
  async (device) => {
    using arena = new Arena(device, "test");
    const part = arena.upload([2, 130], Uint32Array.from({ length: 260 }, (_, i) => i), "part");
    const count = arena.upload([2], new Uint32Array([1, 2]), "count");
    addCountsInPlace(arena, { part, count });
    assertEquals([...await arena.read(count)], [1 + 8385, 2 + 25285]);
  },
);

deviceTest(
  "countNonFiniteInPlace() and addCountsInPlace() refuse what cannot be divided",
  (device) => {
    using arena = new Arena(device, "test");
    const count = arena.zeros([2], "count", "u32");
    assertThrows(
      () => countNonFiniteInPlace(arena, { x: arena.zeros([3], "x"), count }),
      TypeError,
      "x is [3], expected a multiple of 2 elements",
    );
    assertThrows(
      () => addCountsInPlace(arena, { part: arena.zeros([3, 1], "part", "u32"), count }),
      TypeError,
      "count is [2], expected 3 elements",
    );
  },
);
