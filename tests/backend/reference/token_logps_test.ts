import { assertEquals } from "@std/assert";
import { tokenLogps, tokenLogpsWeightGrad } from "../../../backend/reference/token_logps.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { integers, uniform } from "../../support/random.ts";

const h = uniform(15, 1), w = uniform(35, 2, 2), targets = integers(3, 3, 7);
const scale = uniform(3, 4);

for (const softcap of [undefined, 1.5]) {
  const sizes = { H: 3, D: 5, V: 7, softcap }, out = tokenLogps(h, w, targets, sizes);

  Deno.test(`tokenLogps() gradient equals the central difference in h, softcap ${softcap}`, () =>
    checkGradient(
      (x) => inner(tokenLogps(x, w, targets, sizes).logps, scale),
      out.gradient.map((g, i) => g * scale[Math.floor(i / 5)]),
      h,
      "dh",
    ));

  Deno.test(`tokenLogpsWeightGrad() equals the central difference in W, softcap ${softcap}`, () =>
    checkGradient(
      (x) => inner(tokenLogps(h, x, targets, sizes).logps, scale),
      tokenLogpsWeightGrad(h, w, targets, out.lse, scale, sizes),
      w,
      "dW",
    ));
}

Deno.test("tokenLogps() with a softcap has no logit beyond it", () => {
  const sizes = { H: 1, D: 1, V: 2, softcap: 3 }, far = tokenLogps([1e4], [1, -1], [1], sizes);
  assertClose(far.logps, [-6 - Math.log1p(Math.exp(-6))], { rtol: 1e-14, atol: 0 }, "logps");
});

Deno.test("tokenLogps() is uniform where h is 0", () => {
  const { logps, entropy, lse } = tokenLogps(new Float64Array(5), w, [6], { H: 1, D: 5, V: 7 });
  assertEquals([lse[0], logps[0]], [Math.log(7), -Math.log(7)]);
  assertClose(entropy, [Math.log(7)], { rtol: 1e-15, atol: 0 }, "entropy");
});
