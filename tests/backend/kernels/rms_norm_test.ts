import { assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { rmsNorm, rmsNormBackward, rmsNormWeightGrad } from "../../../backend/kernels/rms_norm.ts";
import * as reference from "../../../backend/reference/rms_norm.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const eps = 1e-5;
const shapes = [[1, 1], [3, 63], [5, 64], [2, 65], [130, 128], [67, 172]];

for (const [rows, cols] of shapes) {
  const x = uniform(rows * cols, 1), w = uniform(cols, 2), dy = uniform(rows * cols, 3);
  const add = uniform(rows * cols, 4);
  const truth = reference.rmsNorm(x, w, { rows, cols, eps });
  const dx = reference.rmsNormBackward(x, w, truth.inv, dy, { rows, cols });
  const dw = reference.rmsNormWeightGrad(x, truth.inv, dy, { rows, cols });
  // inv is up to 1/|x| for a single column: sizes scale with it.
  const scale = Math.max(...truth.inv);

  deviceTest(
    `rmsNorm() and its gradients equal the f64 reference at [${rows}, ${cols}]`,
    async (device) => {
      using arena = new Arena(device, "test");
      const tx = arena.upload([rows, cols], x, "x"), tw = arena.upload([cols], w, "w");
      const tdy = arena.upload([rows, cols], dy, "dy");
      const { y, inv } = rmsNorm(arena, tx, tw, { eps });
      const out = await arena.readAll({
        y,
        inv,
        dx: rmsNormBackward(arena, { x: tx, w: tw, inv, dy: tdy }),
        dxAdd: rmsNormBackward(arena, {
          x: tx,
          w: tw,
          inv,
          dy: tdy,
          add: arena.upload([rows, cols], add, "add"),
        }),
        dw: rmsNormWeightGrad(arena, { x: tx, inv, dy: tdy }),
      });
      assertClose(out.inv, truth.inv, f32Sum(cols), "inv");
      assertClose(out.y, truth.y, f32Sum(cols), "y");
      assertClose(out.dx, dx, f32Sum(cols, scale), "dx");
      assertClose(out.dxAdd, dx.map((d, i) => d + add[i]), f32Sum(cols, scale), "dx + add");
      assertClose(out.dw, dw, f32Sum(rows, scale), "dw");
    },
  );
}

deviceTest("rmsNorm() refuses a weight of another width", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.upload([2, 4], uniform(8, 1), "x"), w = arena.upload([3], uniform(3, 2), "w");
  assertThrows(() => rmsNorm(arena, x, w, { eps }), TypeError, "w is [3], expected [1, 4]");
});
