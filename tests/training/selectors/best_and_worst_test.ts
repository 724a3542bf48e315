import { assertEquals, assertRejects } from "@std/assert";
import { type Annotator, ruleAnnotator, type Verdict } from "../../../core/mod.ts";
import { bestAndWorst, type PairChoice } from "../../../training/mod.ts";

async function choose(texts: readonly string[], annotator: Annotator): Promise<PairChoice> {
  const group = { prompt: "p", texts, sequences: [] };
  const memberLogps = () => Promise.reject(new Error("asked"));
  const [[choice]] = await bestAndWorst().select([group], { annotator, memberLogps });
  return choice;
}
const long = ruleAnnotator("long", (_prompt, text) => text.length);

for (
  const [texts, a, b, outcome] of [
    [["xx", "x", "xxxx", "xxx"], 1, 2, "b"],
    [["xxxx", "xx", "xxx", "x"], 0, 3, "a"],
    [["xx", "xxx", "x"], 1, 2, "a"], // odd: the last one meets the first
    [["x", "x", "x"], 0, 2, "tie"], // all alike: two of them all the same
  ] as const
) {
  Deno.test(`bestAndWorst() of ${texts} are the answers ${a} and ${b}, with their verdict`, async () => {
    const choice = await choose(texts, long);
    assertEquals([choice.a, choice.b, choice.verdict?.outcome], [a, b, outcome]);
    assertEquals(choice.scores, texts.map(({ length }) => length));
  });
}

Deno.test("bestAndWorst() leaves answers out of which nothing is known, and keeps a failure where two are not", async () => {
  const failing = (places: readonly number[]): Annotator => ({
    name: "shaky",
    annotate: async (pairs) => {
      const verdicts = await long.annotate(pairs);
      const failed: Verdict = { outcome: "failed", reason: "no network" };
      return verdicts.map((verdict, i) =>
        pairs.length > 1 && places.includes(i) ? failed : verdict
      );
    },
  });
  const some = await choose(["x", "xx", "xxx", "xxxx"], failing([0]));
  assertEquals([some.a, some.b, some.scores], [2, 3, [null, null, 3, 4]]);
  const none = await choose(["x", "xx", "xxx", "xxxx"], failing([0, 1]));
  assertEquals([none.a, none.b, none.verdict?.outcome], [0, 1, "failed"]);
});

Deno.test("bestAndWorst() wants an annotator with scores", async () => {
  const bare: Annotator = {
    name: "bare",
    annotate: (pairs) => Promise.resolve(pairs.map(() => ({ outcome: "a" }))),
  };
  await assertRejects(
    () => choose(["x", "y", "z"], bare),
    TypeError,
    "by annotator bare is undefined",
  );
});
