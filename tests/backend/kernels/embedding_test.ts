import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import {
  gatherMatrixRows,
  gatherRows,
  scatterAddRows,
} from "../../../backend/kernels/embedding.ts";
import { uploadMatrix } from "../../../backend/matrix.ts";
import { dequantise, quantise, wordsPerRow } from "../../../backend/quantise.ts";
import * as reference from "../../../backend/reference/embedding.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { integers, uniform } from "../../support/random.ts";

for (const [V, R, cols] of [[1, 1, 1], [7, 63, 31], [20, 255, 32], [20, 257, 33], [900, 700, 80]]) {
  const table = uniform(V * cols, 1), dy = uniform(R * cols, 2), add = uniform(V * cols, 3);
  const ids = integers(R, 4, V);
  ids[R - 1] = V === 1 ? 0 : V + 3; // past the table
  const y = reference.gatherRows(table, ids, { cols });
  const dTable = reference.scatterAddRows(dy, ids, { V, cols });
  deviceTest(
    `gatherRows() and scatterAddRows() equal the f64 reference at V ${V}, R ${R}, D ${cols}`,
    async (device) => {
      using arena = new Arena(device, "test");
      const on = arena.upload([R], ids, "ids"), tdy = arena.upload([R, cols], dy, "dy");
      const out = await arena.readAll({
        y: gatherRows(arena, arena.upload([V, cols], table, "table"), on),
        dTable: scatterAddRows(arena, tdy, on, V),
        added: scatterAddRows(arena, tdy, on, V, arena.upload([V, cols], add, "add")),
        again: scatterAddRows(arena, tdy, on, V),
      });
      const tolerance = f32Sum(Math.ceil(4 * R / V));
      assertClose(out.y, y, { rtol: 0, atol: 0 }, "y");
      assertClose(out.dTable, dTable, tolerance, "dTable");
      assertClose(out.added, dTable.map((v, i) => v + add[i]), tolerance, "dTable + add");
      assertEquals(out.again, out.dTable);
    },
  );
}

for (const dtype of ["f32", "f16", "int8", "int4"] as const) {
  for (const [V, R, cols] of [[1, 1, 1], [7, 63, 31], [20, 255, 32], [90, 257, 65]]) {
    deviceTest(
      `gatherMatrixRows() takes rows of ${dtype} bit for bit at V ${V}, R ${R}, D ${cols}`,
      async (device) => {
        using arena = new Arena(device, "test");
        const values = uniform(V * cols, 1), ids = integers(R, 4, V);
        ids[R - 1] = V === 1 ? 0 : V + 3; // past the table
        const on = arena.upload([R], ids, "ids"), row = 4 * wordsPerRow(dtype, cols).data;
        const w = dequantise(quantise([V, cols], values, dtype));
        const truth = reference.gatherRows(w, ids, { cols });
        for (const [most, blocks] of [[V, 1], [3, Math.ceil(V / 3)]]) {
          const options = { dtype, label: "table", maxBytes: most * row };
          const table = uploadMatrix(arena, [V, cols], values, options);
          assertEquals(table.blocks.length, blocks);
          assertEquals(
            Float64Array.from(await arena.read(gatherMatrixRows(arena, table, on))),
            truth,
          );
        }
      },
    );
  }
}

deviceTest(
  "gatherRows() and scatterAddRows() refuse ids and gradients that do not fit",
  (device) => {
    using arena = new Arena(device, "test");
    const dy = arena.zeros([2, 3], "dy"), ids = arena.zeros([4], "ids", "u32");
    assertThrows(
      () => scatterAddRows(arena, dy, ids, 5),
      TypeError,
      "ids is [4], expected 2 elements",
    );
    const two = arena.zeros([2], "ids", "u32");
    assertThrows(
      () => scatterAddRows(arena, dy, two, 5, dy),
      TypeError,
      "add is [2,3], expected [5, 3]",
    );
    assertThrows(
      () => gatherRows(arena, dy, arena.zeros([2], "i")),
      TypeError,
      "is f32, expected u32",
    );
  },
);
