import { assertEquals } from "@std/assert";
import { contribute } from "../../../core/ops/gradient.ts";
import { Tape } from "../../../core/ops/tape.ts";
import { activation, activationMul } from "../../../core/ops/activation.ts";
import { attention } from "../../../core/ops/attention.ts";
import { addBias } from "../../../core/ops/bias.ts";
import { splitColumns } from "../../../core/ops/columns.ts";
import { add, scale } from "../../../core/ops/elementwise.ts";
import { layerNorm, rmsNorm } from "../../../core/ops/norm.ts";
import { rope } from "../../../core/ops/rope.ts";
import type { Tensor } from "../../../backend/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { rows, segments } from "../../support/op_checks.ts";
import { WatchingArena } from "../../support/watching.ts";

deviceTest(
  "contribute() sums, and leaves alone a gradient that another input shares",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const of = (value: number) => arena.upload([1], new Float32Array([value]), "gradient");
    const x = of(0), y = of(0), shared = of(1);
    tape.pass(x, shared);
    tape.pass(y, shared);
    contribute(tape, x, of(10));
    contribute(tape, x, of(100));
    assertEquals(arena.aliveBut(x, y, tape.gradient(x), tape.gradient(y)), []);
    const out = await arena.readAll({ x: tape.gradient(x)!, y: tape.gradient(y)! });
    assertEquals([...out.x, ...out.y], [111, 1]);
  },
);

deviceTest("contribute() gives back what nobody wants", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true), x = arena.zeros([1], "x");
  tape.flow(x, []);
  contribute(tape, x, arena.zeros([1], "gradient"));
  assertEquals([arena.aliveBut(x), tape.gradient(x)], [[], undefined]);
});

deviceTest(
  "every op says when its output wants no gradient: where no input does and nothing trains",
  (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const frozen = rows(arena, 8, 1, "frozen"), x = rows(arena, 8, 2, "x");
    tape.flow(frozen, []);
    const vector = arena.zeros([8], "vector"), positions = arena.zeros([6], "positions", "u32");
    const table = arena.zeros([4, 4], "table"), two = segments(arena);
    const weight = (trains: boolean) => ({ tensor: vector, trains });
    const ops: Record<string, (input: Tensor, trains: boolean) => Tensor> = {
      activation: (t) => activation(tape, "silu", t),
      activationMul: (t) => activationMul(tape, "silu", frozen, t),
      add: (t) => add(tape, frozen, t),
      addBias: (t, trains) => addBias(tape, t, weight(trains)),
      attention: (t) => {
        const sizes = { heads: 1, kvHeads: 1, headDim: 8 };
        return attention(tape, { q: frozen, k: t, v: frozen }, two, sizes);
      },
      layerNorm: (t, trains) => layerNorm(tape, t, weight(false), weight(trains), 1e-5),
      rmsNorm: (t, trains) => rmsNorm(tape, t, weight(trains), 1e-5),
      rope: (t) => rope(tape, t, positions, table, { heads: 2, headDim: 4 }),
      scale: (t) => scale(tape, t, 2),
      splitColumns: (t) =>
        splitColumns(tape, t, [{ groups: 1, stride: 8, offset: 3, width: 5 }])[0],
    };
    for (const [name, op] of Object.entries(ops)) {
      assertEquals([tape.wants(op(frozen, false)), tape.wants(op(x, false))], [false, true], name);
    }
    for (const name of ["addBias", "layerNorm", "rmsNorm"]) {
      assertEquals(tape.wants(ops[name](frozen, true)), true, name);
    }
  },
);

deviceTest("attention() gives back the gradients of inputs that want none", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true), inputs = segments(arena);
  const [q, k, v] = [1, 2, 3].map((seed) => rows(arena, 8, seed, "input"));
  tape.flow(q, []);
  const y = attention(tape, { q, k, v }, inputs, { heads: 1, kvHeads: 1, headDim: 8 });
  tape.accumulate(y, () => arena.clone(y, "dy"));
  tape.backward();
  const kept = [q, k, v, inputs.starts, inputs.lengths, tape.gradient(k), tape.gradient(v)];
  assertEquals(arena.aliveBut(...kept), []);
  assertEquals(tape.gradient(q), undefined);
});
