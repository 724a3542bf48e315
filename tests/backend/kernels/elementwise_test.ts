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
  const x = uniform(n, 1), y = uniform(n, 2), s = uniform(rows, 3), dh = uniform(n, 4);
  const g = uniform(n, 5, 6);
  deviceTest(`elementwise ops equal the f64 reference at [${rows}, ${cols}]`, async (device) => {
    using arena = new Arena(device, "test");
    const up = (data: Float32Array) => arena.upload([rows, cols], data, "x");
    const tx = up(x), ty = up(y), tg = up(g), tdh = up(dh);
    const out = await arena.readAll({
      sum: kernels.add(arena, tx, ty),
      scaled: kernels.scaleRows(arena, tx, arena.upload([rows], s, "s")),
      h: kernels.siluMul(arena, tg, ty),
      ...kernels.siluMulBackward(arena, { g: tg, u: ty, dh: tdh }),
      mixed: kernels.lerp(arena, tx, ty, 0.3),
    });
    assertClose(out.sum, reference.add(x, y), one, "x + y");
    assertClose(out.scaled, reference.scaleRows(x, s, cols), one, "s·x");
    // exp(−g), |g| ≤ 6, is within (3 + 2·6) ulp: 1.8e-6 relative; gradients have terms of size up to 6.
    const transcendental = { rtol: 3e-6, atol: 3e-6 };
    const truth = reference.siluMulBackward(g, y, dh);
    assertClose(out.h, reference.siluMul(g, y), transcendental, "h");
    assertClose(out.dg, truth.dg, transcendental, "dg");
    assertClose(out.du, truth.du, transcendental, "du");
    assertClose(out.mixed, reference.lerp(x, y, 0.3), one, "x + t·(y − x)");
  });
}

deviceTest("siluMul() and its gradients are finite at ±89 and ±2000", async (device) => {
  using arena = new Arena(device, "test");
  const g = new Float32Array([89, -89, 2000, -2000]), ones = new Float32Array(4).fill(1);
  const tg = arena.upload([4], g, "g"), u = arena.upload([4], ones, "u");
  const { dg, du } = kernels.siluMulBackward(arena, { g: tg, u, dh: u });
  const out = await arena.readAll({ h: kernels.siluMul(arena, tg, u), dg, du });
  assertClose(out.h, [89, 0, 2000, 0], one, "h");
  assertClose(out.dg, [1, 0, 1, 0], one, "dg");
  assertClose(out.du, [89, 0, 2000, 0], one, "du");
});

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
  assertThrows(() => kernels.siluMul(arena, x, y), TypeError, "u is [2,2], expected 6 elements");
  assertThrows(
    () => kernels.siluMulBackward(arena, { g: x, u: x, dh: y }),
    TypeError,
    "dh is [2,2], expected 6 elements",
  );
  assertThrows(() => kernels.lerp(arena, x, y, 1), TypeError, "y is [2,2], expected 6 elements");
});
