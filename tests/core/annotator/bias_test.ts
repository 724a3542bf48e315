import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Annotator, Candidate, Verdict } from "../../../core/annotator/annotator.ts";
import { biasReport } from "../../../core/annotator/bias.ts";
import { withOrderSwap } from "../../../core/annotator/order_swap.ts";
import { fold, keyOf, uniforms } from "../../../core/mod.ts";

const pair = (a: string, b: string): Candidate => ({ prompt: "p", a, b });

Deno.test("biasReport() counts showings, lengths and authors, and no failures", () => {
  const pairs = [
    pair("aa", "b"),
    pair("a", "bb"),
    pair("a", "b"),
    pair("a", "bb"),
    pair("aa", "b"),
  ];
  const verdicts: Verdict[] = [
    { outcome: "a" },
    { outcome: "b", order: "b,a" },
    { outcome: "b", order: "both" },
    { outcome: "tie", order: "both", flip: "second" },
    { outcome: "failed", reason: "f" },
  ];
  const authors = [{ a: "m", b: "x" }, { a: "m", b: "x" }, { a: "m", b: "m" }, {}, {
    a: "m",
    b: "x",
  }];
  const report = biasReport(pairs, verdicts, { authors, self: "m" });
  assertEquals(report, {
    ...{ said: 4, failed: 1 },
    flips: { value: 0.5, n: 2 },
    first: { value: 3 / 6, n: 6 }, // a shown first; b shown first; one of two; none of two
    longer: { value: 1, n: 2 },
    own: { value: 0.5, n: 2 },
  });
  const none = biasReport([], []);
  assertEquals([none.said, none.flips.n, none.flips.value], [0, 0, NaN]);
  assertThrows(() => biasReport(pairs, []), RangeError, "there are 0 verdicts, expected 5");
  assertThrows(() => biasReport(pairs, verdicts, { authors: [] }), RangeError, "0 authors");
});

Deno.test("biasReport() finds planted biases to half a point", async () => {
  // A judge that, by shares drawn for each pair: takes the first shown, or the longer, or its own, or a coin of the pair's.
  const N = 40_000, SHARES = { first: 0.2, longer: 0.3, own: 0.1 };
  const draws = uniforms(keyOf(1), 4 * N);
  const lengths = uniforms(fold(keyOf(1), "lengths"), 2 * N);
  const authors = Array.from(
    { length: N },
    (_, i) => i % 2 === 0 ? { a: "m", b: "x" } : { a: "x", b: "m" },
  );
  const text = (i: number, side: number) =>
    `${i}:${side} ${"w".repeat(1 + 40 * lengths[2 * i + side])}`;
  const pairs = Array.from({ length: N }, (_, i) => pair(text(i, 0), text(i, 1)));
  const judge: Annotator = {
    name: "biased",
    annotate: (asked) =>
      Promise.resolve(asked.map(({ a, b }) => {
        const [i, side] = a.split(" ")[0].split(":").map(Number);
        const kind = draws[4 * i], { first, longer, own } = SHARES;
        if (kind < first) return { outcome: "a" };
        if (kind < first + longer && a.length !== b.length) {
          return { outcome: a.length > b.length ? "a" : "b" };
        }
        const wanted = kind >= first + longer && kind < first + longer + own
          ? (authors[i].a === "m" ? 0 : 1)
          : draws[4 * i + 1] < 0.5
          ? 0
          : 1;
        return { outcome: wanted === side ? "a" : "b" };
      })),
  };
  const verdicts = await withOrderSwap(judge).annotate(pairs);
  const { flips, first, longer, own } = biasReport(pairs, verdicts, { authors, self: "m" });
  const near = (found: number, planted: number, what: string) =>
    assertAlmostEquals(found, planted, 0.005, what);
  near(flips.value, SHARES.first, "flips");
  near(first.value, 0.5 + SHARES.first / 2, "first");
  const even = 1 - SHARES.first; // pairs that are decided
  near(longer.value, 0.5 + SHARES.longer / 2 / even, "longer");
  near(own.value, 0.5 + SHARES.own / 2 / even, "own");
  assert(longer.n > 0.7 * N);
});
