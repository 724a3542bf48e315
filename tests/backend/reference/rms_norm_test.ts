import {
  rmsNorm,
  rmsNormBackward,
  rmsNormWeightGrad,
} from "../../../backend/reference/rms_norm.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const rows = 3, cols = 7, eps = 1e-5;
const x = uniform(rows * cols, 1), w = uniform(cols, 2), dy = uniform(rows * cols, 3);
const { inv } = rmsNorm(x, w, { rows, cols, eps });

Deno.test("rmsNormBackward() equals the central difference in x", () =>
  checkGradient(
    (v) => inner(rmsNorm(v, w, { rows, cols, eps }).y, dy),
    rmsNormBackward(x, w, inv, dy, { rows, cols }),
    x,
    "dx",
  ));

Deno.test("rmsNormWeightGrad() equals the central difference in w", () =>
  checkGradient(
    (v) => inner(rmsNorm(x, v, { rows, cols, eps }).y, dy),
    rmsNormWeightGrad(x, inv, dy, { rows, cols }),
    w,
    "dw",
  ));
