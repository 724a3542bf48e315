import { assertEquals } from "@std/assert";
import { addBias } from "../../../core/ops/bias.ts";
import { Tape } from "../../../core/ops/tape.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { uniform } from "../../support/random.ts";
import { WatchingArena } from "../../support/watching.ts";

for (const trains of [true, false]) {
  leavesOnlyGradients(
    `addBias() that ${trains ? "trains" : "is frozen"}: addBias`,
    (arena, tape) => {
      const x = rows(arena, 5, 1, "x"), b = arena.upload([5], uniform(5, 2), "b");
      return { inputs: [x, b], y: addBias(tape, x, { tensor: b, trains }) };
    },
  );
}

deviceTest(
  "addBias() sums its rows for a bias that trains, twice where it is used twice",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const up = (shape: number[], ...data: number[]) =>
      arena.upload(shape, new Float32Array(data), "tensor");
    const x = up([2, 2], 1, 2, 3, 4), b = up([2], 10, 20), frozen = up([2], 0, 0);
    const dys = [up([2, 2], 1, 2, 3, 4), up([2, 2], 10, 20, 30, 40), up([2, 2], 1000, 0, 0, 0)];
    const biases = [{ tensor: b, trains: true }, { tensor: b, trains: true }, {
      tensor: frozen,
      trains: false,
    }];
    biases.forEach((bias, i) => tape.accumulate(addBias(tape, x, bias), () => dys[i]));
    tape.backward();
    assertEquals(tape.gradient(frozen), undefined);
    const out = await arena.readAll({ x: tape.gradient(x)!, b: tape.gradient(b)! });
    assertEquals([[...out.x], [...out.b]], [[1011, 22, 33, 44], [44, 66]]);
  },
);
