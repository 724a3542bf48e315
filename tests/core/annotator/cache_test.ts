// The cache asks once, keeps order apart, forgets the oldest, and survives JSON.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Annotator, Candidate, Verdict } from "../../../core/annotator/annotator.ts";
import { withCache } from "../../../core/annotator/cache.ts";

const pair = (prompt: string, a = "x", b = "y"): Candidate => ({ prompt, a, b });

/** Says a, then b, then a, …: only memory makes it consistent. */
function fickle(): { annotator: Annotator; asked: Candidate[][] } {
  const asked: Candidate[][] = [];
  let count = 0;
  const annotator: Annotator = {
    name: "fickle",
    async annotate(pairs) {
      asked.push([...pairs]);
      const verdicts = pairs.map((): Verdict => ({ outcome: count++ % 2 ? "b" : "a" }));
      await Promise.resolve();
      return verdicts;
    },
  };
  return { annotator, asked };
}
const outcomes = (verdicts: Verdict[]): string => verdicts.map(({ outcome }) => outcome).join(" ");

Deno.test("withCache() gives the same pair the same verdict and asks once", async () => {
  const { annotator, asked } = fickle();
  const cached = withCache(annotator);
  assertEquals(outcomes(await cached.annotate([pair("1"), pair("2"), pair("1")])), "a b a");
  assertEquals(outcomes(await cached.annotate([pair("2"), pair("3"), pair("1")])), "b a a");
  assertEquals(asked, [[pair("1"), pair("2")], [pair("3")]]);
  assertEquals([cached.size, cached.hits, cached.misses], [3, 3, 3]);
});

Deno.test("withCache() does not answer for the exchanged pair, nor for look-alikes", async () => {
  const { annotator, asked } = fickle();
  const cached = withCache(annotator);
  const alike = [
    ...[pair("p", "x", "y"), pair("p", "y", "x"), pair("px", "", "y"), pair("", "px", "y")],
    ...[pair("p", "xy", ""), pair("p x", "", "y"), pair("p", " x", "y"), pair("p", "x,y", "")],
    ...[pair("p,x", "y", ""), pair("p", "x\u0000", "y"), pair("p\u0000x", "", "y")],
  ];
  await cached.annotate(alike);
  assertEquals(asked[0].length, alike.length);
});

Deno.test("withCache() forgets the least recently used", async () => {
  const { annotator, asked } = fickle();
  const cached = withCache(annotator, { maxEntries: 2 });
  for (const prompt of ["1", "2", "1", "3", "1", "2"]) await cached.annotate([pair(prompt)]);
  assertEquals(asked.map(([{ prompt }]) => prompt), ["1", "2", "3", "2"]);
  assertEquals(cached.size, 2);
});

Deno.test("withCache() answers a call that is larger than its memory", async () => {
  const cached = withCache(fickle().annotator, { maxEntries: 1 });
  const verdicts = await cached.annotate([pair("1"), pair("2"), pair("3"), pair("1")]);
  assertEquals(outcomes(verdicts), "a b a a");
});

Deno.test("withCache() does not remember failures", async () => {
  let asked = 0;
  const flaky: Annotator = {
    name: "flaky",
    annotate: () => Promise.resolve([asked++ ? { outcome: "b" } : { outcome: "failed" }]),
  };
  const cached = withCache(flaky);
  assertEquals(outcomes(await cached.annotate([pair("1")])), "failed");
  assertEquals(outcomes(await cached.annotate([pair("1")])), "b");
  assertEquals(asked, 2);
});

Deno.test("withCache() goes on from its entries after JSON, order of use included", async () => {
  const first = withCache(fickle().annotator, { maxEntries: 2 });
  await first.annotate([pair("1"), pair("2")]);
  await first.annotate([pair("1")]);
  const { annotator, asked } = fickle();
  const entries = JSON.parse(JSON.stringify(first.entries()));
  const second = withCache(annotator, { maxEntries: 2, entries });
  assertEquals(second.entries(), first.entries());
  await second.annotate([pair("3")]); // pushes out 2, the least recently used
  assertEquals(outcomes(await second.annotate([pair("1")])), "a");
  await second.annotate([pair("2")]);
  assertEquals(asked.map(([{ prompt }]) => prompt), ["3", "2"]);
});

Deno.test("withCache() gives calls at the same time one verdict", async () => {
  const cached = withCache(fickle().annotator);
  const answers = await Promise.all([cached.annotate([pair("1")]), cached.annotate([pair("1")])]);
  assertEquals(answers[0], answers[1]);
  assertEquals(await cached.annotate([pair("1")]), answers[0]);
});

Deno.test("withCache() stops at an abort and remembers nothing of it", async () => {
  const cached = withCache(fickle().annotator);
  const stop = new AbortController();
  const call = cached.annotate([pair("1")], { signal: stop.signal });
  stop.abort(new Error("stopped"));
  await assertRejects(() => call, Error, "stopped");
  assertEquals(cached.size, 0);
});

Deno.test("withCache() refuses a memory of no size", () => {
  for (const maxEntries of [0, -1, 1.5, NaN]) {
    assertThrows(() => withCache(fickle().annotator, { maxEntries }), RangeError, `${maxEntries}`);
  }
});
