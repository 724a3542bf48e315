import { assertEquals } from "@std/assert";
import { splitColumns } from "../../../core/ops/columns.ts";
import { scale } from "../../../core/ops/elementwise.ts";
import { Tape } from "../../../core/ops/tape.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { WatchingArena } from "../../support/watching.ts";

const third = { groups: 2, stride: 3, width: 1 };
const parts = [0, 1, 2].map((offset) => ({ ...third, offset }));

leavesOnlyGradients("splitColumns", (arena, tape) => {
  const x = rows(arena, 6, 1, "x");
  return { inputs: [x], y: splitColumns(tape, x, parts) };
});

// Which outputs get a gradient, whether x has one already from an op that is recorded later, and what x gets.
const cases: [slopes: (number | undefined)[], later: boolean, dx: number[] | undefined][] = [
  [[1, 2, 3], false, [1, 2, 3, 1, 2, 3]],
  [[1, undefined, undefined], false, [1, 0, 0, 1, 0, 0]],
  [[undefined, 2, undefined], false, [0, 2, 0, 0, 2, 0]],
  [[undefined, 2, 3], false, [0, 2, 3, 0, 2, 3]],
  [[1, undefined, 3], true, [101, 100, 103, 101, 100, 103]],
  [[undefined, undefined, undefined], true, [100, 100, 100, 100, 100, 100]],
  [[undefined, undefined, undefined], false, undefined],
];
for (const [slopes, later, dx] of cases) {
  deviceTest(
    `splitColumns() sends back [${slopes.map((s) => s ?? "nothing")}]${later ? " and more" : ""}`,
    async (device) => {
      using arena = new WatchingArena(device, "test");
      const tape = new Tape(arena, true);
      const x = arena.upload([1, 6], new Float32Array([1, 2, 3, 4, 5, 6]), "x");
      const filled = (columns: number, value: number) =>
        arena.upload([1, columns], new Float32Array(columns).fill(value), "dy");
      splitColumns(tape, x, parts).forEach((y, i) => {
        const slope = slopes[i];
        if (slope !== undefined) tape.accumulate(y, () => filled(2, slope));
      });
      const shared = filled(6, 100), other = arena.zeros([1, 6], "other");
      if (later) {
        // The gradient that x has is also another's: adding to it in place would change that one.
        tape.pass(other, shared);
        tape.pass(x, shared);
      }
      scale(tape, x, 1); // an op without a gradient between
      tape.backward();
      const gradient = tape.gradient(x);
      if (dx === undefined) return assertEquals(gradient, undefined);
      assertEquals([...await arena.read(gradient!)], dx);
      if (later) {
        assertEquals([...await arena.read(tape.gradient(other)!)], [100, 100, 100, 100, 100, 100]);
      }
    },
  );
}

deviceTest("splitColumns() sums the slopes of a column that two parts have", async (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const x = arena.upload([1, 3], new Float32Array([1, 2, 3]), "x");
  const two = [0, 1].map((offset) => ({ groups: 1, stride: 3, offset, width: 2 }));
  splitColumns(tape, x, two).forEach((y, i) =>
    tape.accumulate(
      y,
      () => arena.upload([1, 2], new Float32Array([1, 10]).map((v) => v + i), "dy"),
    )
  );
  tape.backward();
  assertEquals([...await arena.read(tape.gradient(x)!)], [1, 12, 11]);
});
