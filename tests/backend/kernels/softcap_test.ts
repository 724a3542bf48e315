import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { softcap } from "../../../backend/kernels/softcap.ts";
import * as reference from "../../../backend/reference/softcap.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

for (const n of [1, 63, 65, 4097]) {
  for (const cap of [30, 50]) {
    deviceTest(`softcap() equals the f64 reference at ${n} numbers, cap ${cap}`, async (device) => {
      const x = uniform(n, 1).map((u) => 400 * u ** 3);
      using arena = new Arena(device, "test");
      const y = await arena.read(softcap(arena, arena.upload([n], x, "x"), cap));
      const truth = Array.from(x, (value) => reference.softcap(value, cap));
      // tanh's own 5 ulp, a division (2.5 ulp in WGSL) and a product.
      assertClose(y, truth, { rtol: 9 * 2 ** -23, atol: 0 }, "y");
    });
  }
}

deviceTest("softcap() makes no number of what is none", async (device) => {
  const x = new Float32Array([NaN, 1, Infinity, -Infinity, 3e38]);
  using arena = new Arena(device, "test");
  const y = await arena.read(softcap(arena, arena.upload([5], x, "x"), 30));
  assertClose([y[1], y[4]], [1, 3e38].map((value) => reference.softcap(value, 30)), {
    rtol: 9 * 2 ** -23,
    atol: 0,
  }, "numbers");
  assertEquals([y[0], y[2], y[3]], [NaN, Infinity, -Infinity]);
});

deviceTest("softcap() refuses a cap that is not positive", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.upload([2], uniform(2, 1), "x");
  for (const cap of [0, -1, NaN, Infinity]) {
    assertThrows(() => softcap(arena, x, cap), RangeError, `cap is ${cap}, expected more than 0`);
  }
});
