import { assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import {
  layerNorm,
  layerNormBackward,
  layerNormWeightGrad,
} from "../../../backend/kernels/layer_norm.ts";
import * as reference from "../../../backend/reference/layer_norm.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const eps = 1e-5;
const shapes = [[1, 1], [3, 63], [5, 64], [2, 65], [130, 128], [67, 172]];

for (const [rows, cols] of shapes) {
  const x = uniform(rows * cols, 1).map((v) => v + 0.5), w = uniform(cols, 2), b = uniform(cols, 5);
  const dy = uniform(rows * cols, 3), add = uniform(rows * cols, 4), sizes = { rows, cols, eps };
  const truth = reference.layerNorm(x, w, b, sizes);
  const dx = reference.layerNormBackward(truth.hat, w, truth.inv, dy, sizes);
  const dw = reference.layerNormWeightGrad(truth.hat, dy, cols);
  // inv is 1/√eps for a single column: sizes scale with it.
  const scale = Math.max(...truth.inv);

  deviceTest(
    `layerNorm() and its gradients equal the f64 reference at [${rows}, ${cols}]`,
    async (device) => {
      using arena = new Arena(device, "test");
      const tx = arena.upload([rows, cols], x, "x"), tdy = arena.upload([rows, cols], dy, "dy");
      const tw = arena.upload([cols], w, "w"), tb = arena.upload([cols], b, "b");
      const { y, mean, inv } = layerNorm(arena, tx, tw, tb, { eps });
      const plain = layerNorm(arena, tx, tw, undefined, { eps });
      const all = { x: tx, w: tw, mean, inv, dy: tdy };
      const out = await arena.readAll({
        y,
        mean,
        inv,
        plain: plain.y,
        plainMean: plain.mean,
        plainInv: plain.inv,
        dx: layerNormBackward(arena, all),
        dxAdd: layerNormBackward(arena, {
          ...all,
          add: arena.upload([rows, cols], add, "add"),
        }),
        dw: layerNormWeightGrad(arena, all),
      });
      // x̂ = (x − mean)·inv: the mean's rounding counts inv times.
      for (const mean of [out.mean, out.plainMean]) {
        assertClose(mean, truth.mean, f32Sum(cols), "mean");
      }
      for (const inv of [out.inv, out.plainInv]) assertClose(inv, truth.inv, f32Sum(cols), "inv");
      assertClose(out.y, truth.y, f32Sum(cols, scale), "y");
      const unshifted = truth.y.map((v, i) => v - b[i % cols]);
      assertClose(out.plain, unshifted, f32Sum(cols, scale), "y without b");
      assertClose(out.dx, dx, f32Sum(cols, scale), "dx");
      assertClose(out.dxAdd, dx.map((d, i) => d + add[i]), f32Sum(cols, scale), "dx + add");
      assertClose(out.dw, dw, f32Sum(rows, scale), "dw");
    },
  );
}

deviceTest("layerNorm() of rows far from 0 keeps what is left of their digits", async (device) => {
  using arena = new Arena(device, "test");
  const cols = 64, x = uniform(cols, 1).map((v) => 1000 + v), ones = new Float32Array(cols).fill(1);
  const w = arena.upload([cols], ones, "w");
  const { y, inv } = layerNorm(arena, arena.upload([1, cols], x, "x"), w, undefined, { eps });
  const truth = reference.layerNorm(x, ones, undefined, { rows: 1, cols, eps });
  const out = await arena.readAll({ y, inv });
  // The mean is within 1000 of f32Sum; E[x²] − E[x]² would be off by 1000² of it and inv by far more than this.
  assertClose(out.y, truth.y, f32Sum(cols, 1000), "y");
  assertClose(out.inv, truth.inv, f32Sum(cols, 1000), "inv");
});

deviceTest("layerNorm() and its gradients refuse other shapes", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.zeros([2, 4], "x"), w = arena.zeros([4], "w"), three = arena.zeros([3], "three");
  const two = arena.zeros([2], "two"), wrong = arena.zeros([2, 3], "wrong");
  const all = { x, w, mean: two, inv: two, dy: x };
  const cases: [() => unknown, string][] = [
    [() => layerNorm(arena, x, three, w, { eps }), "layerNorm: w is [3], expected [1, 4]"],
    [() => layerNorm(arena, x, w, three, { eps }), "layerNorm: b is [3], expected [1, 4]"],
    [() => layerNormBackward(arena, { ...all, w: three }), "w is [3], expected [1, 4]"],
    [() => layerNormBackward(arena, { ...all, mean: three }), "mean is [3], expected 2 elements"],
    [() => layerNormBackward(arena, { ...all, inv: three }), "inv is [3], expected 2 elements"],
    [() => layerNormBackward(arena, { ...all, dy: wrong }), "dy is [2,3], expected [2, 4]"],
    [() => layerNormBackward(arena, { ...all, add: wrong }), "add is [2,3], expected [2, 4]"],
    [() => layerNormWeightGrad(arena, { ...all, mean: three }), "mean is [3], expected 2"],
    [() => layerNormWeightGrad(arena, { ...all, inv: three }), "inv is [3], expected 2"],
    [() => layerNormWeightGrad(arena, { ...all, dy: wrong }), "dy is [2,3], expected [2, 4]"],
  ];
  for (const [run, why] of cases) assertThrows(run, TypeError, why);
});
