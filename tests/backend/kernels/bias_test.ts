import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { addBias, columnSums } from "../../../backend/kernels/bias.ts";
import * as reference from "../../../backend/reference/bias.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

for (const [rows, cols] of [[1, 1], [63, 5], [64, 65], [65, 64], [200, 3], [4161, 7]]) {
  const x = uniform(rows * cols, 1), b = uniform(cols, 2);
  deviceTest(
    `addBias() and columnSums() equal the f64 reference at [${rows}, ${cols}]`,
    async (device) => {
      using arena = new Arena(device, "test");
      const tx = arena.upload([rows, cols], x, "x");
      const sums = columnSums(arena, tx);
      assertEquals(sums.shape, [cols]);
      const out = await arena.readAll({
        y: addBias(arena, tx, arena.upload([cols], b, "b")),
        sums,
      });
      assertClose(out.y, reference.addBias(x, b), f32Sum(1), "x + b");
      assertClose(out.sums, reference.columnSums(x, cols), f32Sum(rows), "sums");
    },
  );
}

deviceTest("addBias() refuses a bias of another width", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.zeros([2, 3], "x"), b = arena.zeros([2], "b");
  assertThrows(
    () => addBias(arena, x, b),
    TypeError,
    "Cannot run addBias: b is [2], expected [1, 3]",
  );
});
