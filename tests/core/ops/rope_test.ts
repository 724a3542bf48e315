// What rope() leaves on the tape, and that its input has one use.
import { assertEquals } from "@std/assert";
import { Arena, rope as ropeKernel } from "../../../backend/mod.ts";
import { rope, Tape } from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, refusesTwoUses, rows } from "../../support/op_checks.ts";
import { ropeTable } from "../../support/rope_table.ts";

const ROWS = 6;

leavesOnlyGradients("rope", (arena, tape) => {
  const x = rows(arena, 8, 1, "x");
  const positions = arena.upload([ROWS], new Uint32Array([0, 1, 2, 0, 1, 2]), "positions");
  const table = arena.upload([4, 4], ropeTable(4, 4, 100), "table");
  return {
    inputs: [x, positions, table],
    y: rope(tape, x, positions, table, { heads: 2, headDim: 4 }),
  };
});

deviceTest(
  "rope() of half a head: its gradient turns that half back and passes the rest",
  async (device) => {
    using arena = new Arena(device, "test");
    const tape = new Tape(arena, true);
    const x = rows(arena, 8, 1, "x"), dy = rows(arena, 8, 2, "dy");
    const positions = arena.upload([ROWS], new Uint32Array([0, 1, 2, 0, 1, 2]), "positions");
    const table = arena.upload([4, 2], ropeTable(4, 2, 100), "table");
    const sizes = { heads: 2, headDim: 4 };
    const y = rope(tape, x, positions, table, sizes), value = arena.clone(y);
    tape.accumulate(y, () => arena.clone(dy));
    tape.backward();
    const expected = {
      value: ropeKernel(arena, x, positions, table, sizes),
      dx: ropeKernel(arena, dy, positions, table, { ...sizes, inverse: true }),
    };
    const read = await arena.readAll({ value, dx: tape.gradient(x)! });
    assertEquals(read, await arena.readAll(expected));
  },
);

refusesTwoUses("rope", (tape, x) => {
  const { arena } = tape;
  const positions = arena.upload([ROWS], new Uint32Array(ROWS), "positions");
  const table = arena.upload([4, 4], ropeTable(4, 4, 100), "table");
  return rope(tape, x, positions, table, { heads: 2, headDim: 4 });
}, "the input of rope used twice");
