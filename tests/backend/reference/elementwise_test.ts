import * as reference from "../../../backend/reference/elementwise.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const n = 12, cols = 4;
const x = uniform(n, 1, 3), y = uniform(n, 2), dz = uniform(n, 3), s = uniform(n / cols, 4);

Deno.test("add(), scaleRows() and lerp() of known numbers", () => {
  const exact = { rtol: 0, atol: 0 };
  assertClose(reference.add([1, 2], [3, 5]), [4, 7], exact, "add");
  assertClose(reference.scaleRows([1, 2, 3, 4], [2, -1], 2), [2, 4, -3, -4], exact, "scaleRows");
  assertClose(reference.lerp([1, 2], [3, 6], 0.25), [1.5, 3], exact, "lerp");
});

Deno.test("scaleRows() of the output's gradient equals the central difference in x", () =>
  checkGradient(
    (v) => inner(reference.scaleRows(v, s, cols), dz),
    reference.scaleRows(dz, s, cols),
    x,
    "dx",
  ));

Deno.test("siluMulBackward() equals the central difference in g and u", () => {
  const { dg, du } = reference.siluMulBackward(x, y, dz);
  checkGradient((v) => inner(reference.siluMul(v, y), dz), dg, x, "dg");
  checkGradient((v) => inner(reference.siluMul(x, v), dz), du, y, "du");
});
