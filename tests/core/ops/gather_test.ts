// Where gather() sends gradients.
import { assertEquals, assertThrows } from "@std/assert";
import { dequantise, quantise, uploadMatrix } from "../../../backend/mod.ts";
import { gather, Tape } from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { uniform } from "../../support/random.ts";
import { WatchingArena } from "../../support/watching.ts";

const IN = 5;

leavesOnlyGradients("gather", (arena, tape) => {
  const table = rows(arena, IN, 1, "table");
  const ids = arena.upload([3], new Uint32Array([4, 0, 4]), "ids");
  return { inputs: [table, ids], y: gather(tape, { tensor: table, trains: true }, ids) };
});

deviceTest(
  "gather() sends the sum of its rows back, and exact zeros to rows that it did not take",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const table = arena.upload([4, 1], new Float32Array([1, 2, 3, 4]), "table");
    const take = (...ids: number[]) =>
      gather(
        tape,
        { tensor: table, trains: true },
        arena.upload([ids.length], Uint32Array.from(ids), "ids"),
      );
    const first = take(3, 0, 3), second = take(0);
    const gradient = (...g: number[]) => arena.upload([g.length, 1], Float32Array.from(g), "dy");
    tape.accumulate(first, () => gradient(1, 10, 100));
    tape.accumulate(second, () => gradient(1000));
    tape.backward();
    assertEquals([...await arena.read(tape.gradient(table)!)], [1010, 0, 0, 101]);
  },
);

deviceTest("gather() of a frozen table leaves no gradient", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const table = rows(arena, IN, 1, "table");
  const ids = arena.upload([1], new Uint32Array([2]), "ids");
  const y = gather(tape, { tensor: table, trains: false }, ids);
  tape.accumulate(y, () => arena.clone(y, "dy"));
  tape.backward();
  assertEquals(arena.aliveBut(table, ids), []);
});

deviceTest(
  "gather() of a frozen table says that its rows want no gradient, of another that they do",
  (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const table = rows(arena, IN, 1, "table"), frozen = rows(arena, IN, 1, "frozen");
    const ids = arena.upload([1], new Uint32Array([2]), "ids");
    const taken = gather(tape, { tensor: frozen, trains: false }, ids);
    assertEquals(tape.wants(taken), false);
    assertEquals(tape.wants(gather(tape, { tensor: table, trains: true }, ids)), true);
    // Rows of rows, as the head takes them.
    const first = arena.upload([1], new Uint32Array([0]), "first");
    assertEquals(tape.wants(gather(tape, { tensor: taken, trains: true }, first)), false);
  },
);

deviceTest(
  "gather() takes rows of a narrow matrix in blocks, which does not train",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const data = uniform(9 * 40, 1);
    const table = uploadMatrix(arena, [9, 40], data, {
      dtype: "int8",
      label: "table",
      maxBytes: 200,
    });
    const ids = arena.upload([3], new Uint32Array([8, 0, 5]), "ids"), tape = new Tape(arena, true);
    const y = gather(tape, { tensor: table, trains: false }, ids);
    const truth = dequantise(quantise([9, 40], data, "int8"));
    assertEquals(
      [...await arena.read(y)],
      [8, 0, 5].flatMap((r) => [...truth.subarray(r * 40, r * 40 + 40)]),
    );
    assertThrows(
      () => gather(tape, { tensor: table, trains: true }, ids),
      TypeError,
      'Cannot train "table": it is int8 in 3 blocks, expected f32 in one',
    );
  },
);
