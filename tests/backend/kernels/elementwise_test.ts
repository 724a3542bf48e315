import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import * as kernels from "../../../backend/kernels/elementwise.ts";
import * as reference from "../../../backend/reference/elementwise.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const one = f32Sum(1);

for (const [rows, cols] of [[1, 1], [3, 21], [1, 64], [5, 13], [65, 67], [129, 64]]) {
  const n = rows * cols;
  const x = uniform(n, 1), y = uniform(n, 2), s = uniform(rows, 3);
  deviceTest(`elementwise ops equal the f64 reference at [${rows}, ${cols}]`, async (device) => {
    using arena = new Arena(device, "test");
    const up = (data: Float32Array) => arena.upload([rows, cols], data, "x");
    const tx = up(x), ty = up(y);
    const out = await arena.readAll({
      sum: kernels.add(arena, tx, ty),
      scaled: kernels.scaleRows(arena, tx, arena.upload([rows], s, "s")),
      times: kernels.scale(arena, tx, -0.45),
      mixed: kernels.lerp(arena, tx, ty, 0.3),
    });
    assertClose(out.sum, reference.add(x, y), one, "x + y");
    assertClose(out.scaled, reference.scaleRows(x, s, cols), one, "s·x");
    assertClose(out.times, reference.scale(x, -0.45), one, "−0.45·x");
    assertClose(out.mixed, reference.lerp(x, y, 0.3), one, "x + t·(y − x)");
  });
}

deviceTest("lerp() of equal inputs is that input, bit for bit", async (device) => {
  using arena = new Arena(device, "test");
  const x = uniform(100, 1), tx = arena.upload([100], x, "x");
  assertEquals(await arena.read(kernels.lerp(arena, tx, tx, 0.37)), x);
});

deviceTest("elementwise ops refuse other sizes", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.zeros([2, 3], "x"), y = arena.zeros([2, 2], "y");
  assertThrows(() => kernels.add(arena, x, y), TypeError, "y is [2,2], expected 6 elements");
  assertThrows(() => kernels.scaleRows(arena, x, y), TypeError, "s is [2,2], expected 2 elements");
  assertThrows(() => kernels.lerp(arena, x, y, 1), TypeError, "y is [2,2], expected 6 elements");
});
