import {
  layerNorm,
  layerNormBackward,
  layerNormWeightGrad,
} from "../../../backend/reference/layer_norm.ts";
import { columnSums } from "../../../backend/reference/bias.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const rows = 3, cols = 7, sizes = { rows, cols, eps: 1e-5 };
const x = uniform(rows * cols, 1).map((v) => v + 0.7), w = uniform(cols, 2), b = uniform(cols, 3);
const dy = uniform(rows * cols, 4);
const { hat, inv } = layerNorm(x, w, b, sizes);

Deno.test("layerNorm() of known numbers", () => {
  const { y, mean, inv } = layerNorm([1, 5], [3, 3], [0.5, 0], { rows: 1, cols: 2, eps: 0 });
  assertClose([...y, ...mean, ...inv], [-2.5, 3, 3, 0.5], { rtol: 0, atol: 0 }, "y, mean, inv");
});

Deno.test("layerNormBackward() equals the central difference in x", () =>
  checkGradient(
    (v) => inner(layerNorm(v, w, undefined, sizes).y, dy),
    layerNormBackward(hat, w, inv, dy, sizes),
    x,
    "dx",
  ));

Deno.test("layerNormWeightGrad() and columnSums() equal the central difference in w and b", () => {
  const dw = layerNormWeightGrad(hat, dy, cols);
  checkGradient((v) => inner(layerNorm(x, v, b, sizes).y, dy), dw, w, "dw");
  checkGradient((v) => inner(layerNorm(x, w, v, sizes).y, dy), columnSums(dy, cols), b, "db");
});
