import { assertEquals } from "@std/assert";
import { add, scale } from "../../../core/ops/elementwise.ts";
import { Tape } from "../../../core/ops/tape.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { WatchingArena } from "../../support/watching.ts";

leavesOnlyGradients("add", (arena, tape) => {
  const x = rows(arena, 5, 1, "x"), y = rows(arena, 5, 2, "y");
  return { inputs: [x, y], y: add(tape, x, y) };
});

leavesOnlyGradients("add() of a tensor to itself: add", (arena, tape) => {
  const x = rows(arena, 5, 1, "x");
  return { inputs: [x], y: add(tape, x, x) };
});

leavesOnlyGradients("scale", (arena, tape) => {
  const x = rows(arena, 5, 1, "x");
  return { inputs: [x], y: scale(tape, x, 3) };
});

deviceTest(
  "add() and scale() of parallel branches send back the sum of their slopes",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const x = arena.upload([2], new Float32Array([1, 2]), "x");
    const y = arena.upload([2], new Float32Array([5, 6]), "y");
    // z = (x + y) + 3x + 2(x + x): the gradient of the sum is shared by three branches.
    const z = add(
      tape,
      add(tape, add(tape, x, y), scale(tape, x, 3)),
      scale(tape, add(tape, x, x), 2),
    );
    const value = arena.clone(z);
    tape.accumulate(z, () => arena.upload([2], new Float32Array([1, 10]), "dz"));
    tape.backward();
    const out = await arena.readAll({ value, x: tape.gradient(x)!, y: tape.gradient(y)! });
    assertEquals([[...out.value], [...out.x], [...out.y]], [[13, 22], [8, 80], [1, 10]]);
  },
);
