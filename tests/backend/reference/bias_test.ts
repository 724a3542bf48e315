import { addBias, columnSums } from "../../../backend/reference/bias.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

Deno.test("addBias() and columnSums() of known numbers", () => {
  const exact = { rtol: 0, atol: 0 };
  assertClose(addBias([1, 2, 3, 4], [10, -1]), [11, 1, 13, 3], exact, "x + b");
  assertClose(columnSums([1, 2, 3, 4, 5, 6], 3), [5, 7, 9], exact, "sums");
});

Deno.test("columnSums() equals the central difference of addBias() in b", () => {
  const x = uniform(15, 1), b = uniform(5, 2), dy = uniform(15, 3);
  checkGradient((v) => inner(addBias(x, v), dy), columnSums(dy, 5), b, "db");
});
