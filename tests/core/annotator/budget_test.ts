// The budget is never overspent, and what it refused never reaches the annotator.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Annotator, Candidate } from "../../../core/annotator/annotator.ts";
import { withBudget } from "../../../core/annotator/budget.ts";

const pairs = (n: number): Candidate[] =>
  Array.from({ length: n }, (_, i) => ({ prompt: `${i}`, a: "x", b: "y" }));

function spy(): { annotator: Annotator; asked: string[] } {
  const asked: string[] = [];
  const annotator: Annotator = {
    name: "spy",
    async annotate(pairs) {
      asked.push(...pairs.map((pair) => pair.prompt));
      await Promise.resolve();
      return pairs.map(() => ({ outcome: "a" as const }));
    },
  };
  return { annotator, asked };
}

Deno.test("withBudget() cuts the call that does not fit and refuses the next", async () => {
  const { annotator, asked } = spy();
  const limited = withBudget(annotator, 3);
  assertEquals((await limited.annotate(pairs(2))).length, 2);
  assertEquals([limited.budget, limited.spent, limited.remaining], [3, 2, 1]);
  const verdicts = await limited.annotate(pairs(2));
  assertEquals(verdicts, [{ outcome: "a" }, { outcome: "failed", reason: "budget spent" }]);
  assertEquals(await limited.annotate(pairs(1)), [{ outcome: "failed", reason: "budget spent" }]);
  assertEquals(asked, ["0", "1", "0"]);
  assertEquals([limited.spent, limited.remaining], [3, 0]);
});

Deno.test("withBudget() holds for calls at the same time", async () => {
  const { annotator, asked } = spy();
  const limited = withBudget(annotator, 3);
  const answers = await Promise.all([limited.annotate(pairs(2)), limited.annotate(pairs(2))]);
  assertEquals(answers.flat().filter(({ outcome }) => outcome === "failed").length, 1);
  assertEquals(asked.length, 3);
});

Deno.test("withBudget() goes on from what was spent", async () => {
  const limited = withBudget(spy().annotator, 5, { spent: 4 });
  const outcomes = (await limited.annotate(pairs(2))).map(({ outcome }) => outcome);
  assertEquals(outcomes, ["a", "failed"]);
  assertEquals(withBudget(spy().annotator, 5, { spent: 9 }).remaining, 0);
});

Deno.test("withBudget() counts a rejected call, but none that was aborted before", async () => {
  const broken: Annotator = { name: "broken", annotate: () => Promise.reject(new Error("down")) };
  const limited = withBudget(broken, 3);
  const signal = AbortSignal.abort(new Error("stopped"));
  await assertRejects(() => limited.annotate(pairs(1), { signal }), Error, "stopped");
  assertEquals(limited.spent, 0);
  await assertRejects(() => limited.annotate(pairs(2)), Error, "down");
  assertEquals(limited.spent, 2);
});

Deno.test("withBudget() refuses a budget that is no count", () => {
  for (const n of [-1, 1.5, NaN]) {
    assertThrows(() => withBudget(spy().annotator, n), RangeError, `budget is ${n}`);
    assertThrows(() => withBudget(spy().annotator, 1, { spent: n }), RangeError, `spent is ${n}`);
  }
});
