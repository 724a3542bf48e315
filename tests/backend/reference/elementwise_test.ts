import * as reference from "../../../backend/reference/elementwise.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const n = 12, cols = 4;
const x = uniform(n, 1, 3), dz = uniform(n, 3), s = uniform(n / cols, 4);

Deno.test("add(), scaleRows(), scale() and lerp() of known numbers", () => {
  const exact = { rtol: 0, atol: 0 };
  assertClose(reference.add([1, 2], [3, 5]), [4, 7], exact, "add");
  assertClose(reference.scaleRows([1, 2, 3, 4], [2, -1], 2), [2, 4, -3, -4], exact, "scaleRows");
  assertClose(reference.scale([1, -2], 3), [3, -6], exact, "scale");
  assertClose(reference.lerp([1, 2], [3, 6], 0.25), [1.5, 3], exact, "lerp");
});

Deno.test("scaleRows() of the output's gradient equals the central difference in x", () =>
  checkGradient(
    (v) => inner(reference.scaleRows(v, s, cols), dz),
    reference.scaleRows(dz, s, cols),
    x,
    "dx",
  ));

Deno.test("scale() of the output's gradient equals the central difference in x", () =>
  checkGradient((v) => inner(reference.scale(v, -2.5), dz), reference.scale(dz, -2.5), x, "dx"));
