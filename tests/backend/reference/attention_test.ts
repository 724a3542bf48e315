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

Deno.test("attention() with a window of W averages the last W values when all keys are equal", () => {
  const { out, lse } = attention(
    { q: [1, 1, 1, 1], k: [2, 2, 2, 2], v: [1, 3, 8, 5], starts: [0, 3], lengths: [3, 1] },
    { rows: 4, heads: 1, kvHeads: 1, headDim: 1, window: 2 },
  );
  assertClose(out, [1, 2, 5.5, 5], { rtol: 1e-14, atol: 0 }, "out");
  const expected = [2, 2 + Math.log(2), 2 + Math.log(2), 2];
  assertClose(lse, expected, { rtol: 1e-14, atol: 0 }, "lse");
});

Deno.test("attention() scales scores, then caps them", () => {
  const { lse } = attention(
    { q: [3, 0], k: [5, 7], v: [0, 0], starts: [0], lengths: [1] },
    { rows: 1, heads: 1, kvHeads: 1, headDim: 2, scale: 0.5, softcap: 4 },
  );
  assertClose(lse, [4 * Math.tanh(7.5 / 4)], { rtol: 1e-15, atol: 0 }, "lse");
});

for (const options of [{}, { scale: 0.9, softcap: 0.7, window: 3 }]) {
  for (const name of ["q", "k", "v"] as const) {
    const title = `${name} with ${JSON.stringify(options)}`;
    Deno.test(`attentionBackward() equals the central difference in ${title}`, () =>
      checkGradient(
        (x) => inner(attention({ ...inputs, [name]: x }, { ...sizes, ...options }).out, dout),
        attentionBackward({ ...inputs, dout }, { ...sizes, ...options })[`d${name}`],
        inputs[name],
        `d${name}`,
      ));
  }
}
