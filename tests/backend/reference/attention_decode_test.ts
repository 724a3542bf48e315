import { attention, type Scoring } from "../../../backend/reference/attention.ts";
import { attentionDecode } from "../../../backend/reference/attention_decode.ts";
import { assertClose } from "../../support/close.ts";
import { uniform } from "../../support/random.ts";

for (const options of [{}, { scale: 0.9, softcap: 0.7, window: 3 }]) {
  Deno.test(`attentionDecode() equals the last rows of causal attention with ${JSON.stringify(options)}`, () =>
    check(options));
}

function check(options: Scoring): void {
  const heads = 4, kvHeads = 2, headDim = 3, capacity = 5;
  const q = uniform(10 * 12, 1), k = uniform(10 * 6, 2), v = uniform(10 * 6, 3);
  const { out } = attention(
    { q, k, v, starts: [0, 5], lengths: [3, 5] },
    { rows: 10, heads, kvHeads, headDim, ...options },
  );
  const last = (
    x: ArrayLike<number>,
  ) => [...Array.from(x).slice(2 * 12, 3 * 12), ...Array.from(x).slice(9 * 12)];
  assertClose(
    attentionDecode({ q: last(q), kCache: k, vCache: v, lengths: [3, 5] }, {
      capacity,
      heads,
      kvHeads,
      headDim,
      ...options,
    }),
    last(out),
    { rtol: 1e-14, atol: 1e-14 },
    "out",
  );
}
