import { assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { rope } from "../../../backend/kernels/rope.ts";
import * as reference from "../../../backend/reference/rope.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { integers, uniform } from "../../support/random.ts";
import { ropeTable } from "../../support/rope_table.ts";

const theta = 10000, maxPositions = 4100;
/** Rows, heads, numbers a head, how many of them turn: all, or a quarter and three quarters as in GPT-NeoX and Phi-4. */
const shapes = [
  [1, 1, 2, 2],
  [63, 3, 6, 6],
  [64, 8, 16, 16],
  [65, 2, 64, 64],
  [200, 4, 16, 16],
  [1, 1, 3, 2],
  [65, 4, 16, 4],
  [63, 3, 128, 96],
];

for (const [rows, heads, headDim, rotaryDim] of shapes) {
  const x = uniform(rows * heads * headDim, 1);
  const positions = integers(rows, 2, maxPositions - 3).map((p) => p + 3);
  const sizes = { rows, heads, headDim, rotaryDim, theta };

  deviceTest(
    `rope() equals the f64 reference at [${rows}, ${heads}, ${headDim}], ${rotaryDim} turning`,
    async (device) => {
      using arena = new Arena(device, "test");
      const tx = arena.upload([rows, heads * headDim], x, "x");
      const at = arena.upload([rows], positions, "positions");
      const table = ropeTable(maxPositions, rotaryDim, theta);
      const tt = arena.upload([maxPositions, rotaryDim], table, "table");
      const turned = rope(arena, tx, at, tt, { heads, headDim, back: 3 });
      const out = await arena.readAll({
        plain: rope(arena, tx, at, tt, { heads, headDim }),
        turned,
        back: rope(arena, turned, at, tt, { heads, headDim, back: 3, inverse: true }),
      });
      // Two products of numbers below 1, with cosines rounded once.
      assertClose(out.plain, reference.rope(x, positions, sizes), f32Sum(2), "y");
      assertClose(
        out.turned,
        reference.rope(x, positions, { ...sizes, back: 3 }),
        f32Sum(2),
        "back",
      );
      assertClose(out.back, x, f32Sum(4), "inverse of y");
    },
  );
}

deviceTest("rope() refuses shapes that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.upload([2, 8], uniform(16, 1), "x");
  const table = arena.upload([4, 4], ropeTable(4, 4, 10), "table");
  const positions = arena.upload([2], integers(2, 1, 4), "positions");
  const short = arena.upload([1], integers(1, 1, 4), "short");
  assertThrows(
    () => rope(arena, x, positions, table, { heads: 3 }),
    TypeError,
    "x is [2,8], expected [2, 12]",
  );
  assertThrows(
    () => rope(arena, x, positions, table, { heads: 4, headDim: 2 }),
    RangeError,
    "the table is 4 wide, expected an even number up to headDim, 2",
  );
  const odd = arena.upload([4, 3], uniform(12, 1), "odd");
  assertThrows(
    () => rope(arena, x, positions, odd, { heads: 2, headDim: 4 }),
    RangeError,
    "the table is 3 wide, expected an even number up to headDim, 4",
  );
  assertThrows(
    () => rope(arena, x, short, table, { heads: 2 }),
    TypeError,
    "positions is [1], expected 2 elements",
  );
});
