import { attention, attentionBackward } from "../../../backend/reference/attention.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const sizes = { rows: 7, heads: 4, kvHeads: 2, headDim: 3 };
const inputs = {
  q: uniform(84, 1),
  k: uniform(42, 2),
  v: uniform(42, 3),
  starts: [5, 0],
  lengths: [2, 5],
};
const dout = uniform(84, 4);

Deno.test("attention() averages the values seen so far when all keys are equal", () => {
  const { out, lse } = attention(
    { q: [1, 1, 1, 1], k: [2, 2, 2, 2], v: [1, 3, 8, 5], starts: [0, 3], lengths: [3, 1] },
    { rows: 4, heads: 1, kvHeads: 1, headDim: 1 },
  );
  assertClose(out, [1, 2, 4, 5], { rtol: 1e-14, atol: 0 }, "out");
  const expected = [2, 2 + Math.log(2), 2 + Math.log(3), 2];
  assertClose(lse, expected, { rtol: 1e-14, atol: 0 }, "lse");
});

Deno.test("attention() gives two query heads the key head they share", () => {
  const { out } = attention(
    { q: [1, 1, 1, 1], k: [1, 1], v: [7, 9], starts: [0], lengths: [1] },
    { rows: 1, heads: 4, kvHeads: 2, headDim: 1 },
  );
  assertClose(out, [7, 7, 9, 9], { rtol: 1e-14, atol: 0 }, "out");
});

for (const name of ["q", "k", "v"] as const) {
  Deno.test(`attentionBackward() equals the central difference in ${name}`, () =>
    checkGradient(
      (x) => inner(attention({ ...inputs, [name]: x }, sizes).out, dout),
      attentionBackward({ ...inputs, dout }, sizes)[`d${name}`],
      inputs[name],
      `d${name}`,
    ));
}
