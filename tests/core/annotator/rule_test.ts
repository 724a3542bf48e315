// A rule prefers the higher score, in either order, and a broken score is never a label.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ruleAnnotator } from "../../../core/annotator/rule.ts";

const length = ruleAnnotator("length", (_prompt, answer) => answer.length);
const pair = (a: string, b: string, prompt = "p") => ({ prompt, a, b });

Deno.test("ruleAnnotator() prefers the higher score, whatever the order", async () => {
  const verdicts = await length.annotate([pair("xx", "x"), pair("x", "xx"), pair("x", "y")]);
  assertEquals(verdicts, [
    { outcome: "a", scores: [2, 1] },
    { outcome: "b", scores: [1, 2] },
    { outcome: "tie", scores: [1, 1] },
  ]);
});

Deno.test("ruleAnnotator() gives the score the prompt", async () => {
  const echo = ruleAnnotator("echo", (prompt, answer) => answer.includes(prompt) ? 1 : 0);
  const verdicts = await echo.annotate([pair("a dog", "a cat", "cat"), pair("dog", "cat", "dog")]);
  assertEquals(verdicts.map(({ outcome }) => outcome), ["b", "a"]);
});

Deno.test("ruleAnnotator() calls scores within tieMargin a tie", async () => {
  const rule = ruleAnnotator("length", (_prompt, answer) => answer.length, { tieMargin: 2 });
  const verdicts = await rule.annotate([pair("xxx", "x"), pair("x", "xxx"), pair("xxxx", "x")]);
  assertEquals(verdicts.map(({ outcome }) => outcome), ["tie", "tie", "a"]);
});

for (
  const [what, value] of [["NaN", NaN], ["Infinity", Infinity], ["-Infinity", -Infinity]] as const
) {
  Deno.test(`ruleAnnotator() fails a pair with a score of ${what}, with the reason`, async () => {
    const rule = ruleAnnotator("odd", (_prompt, answer) => answer === "bad" ? value : 1);
    const verdicts = await rule.annotate([
      pair("bad", "good"),
      pair("good", "bad"),
      pair("x", "y"),
    ]);
    assertEquals(verdicts.map(({ outcome }) => outcome), ["failed", "failed", "tie"]);
    const reason = `odd returned ${what}, expected a finite number`;
    assertEquals([verdicts[0].reason, verdicts[1].reason], [reason, reason]);
  });
}

Deno.test("ruleAnnotator() fails only the pair whose score throws, with the reason", async () => {
  const rule = ruleAnnotator("strict", (_prompt, answer) => {
    if (answer === "") throw new Error("empty answer");
    return answer.length;
  });
  const verdicts = await rule.annotate([pair("", "x"), pair("x", "")]);
  const failed = { outcome: "failed" as const, reason: "strict threw: empty answer" };
  assertEquals(verdicts, [failed, failed]);
});

Deno.test("ruleAnnotator() awaits a promise, and fails a pair whose promise rejects", async () => {
  const rule = ruleAnnotator(
    "async",
    (_prompt, answer) =>
      answer === "bad"
        ? Promise.reject(new Error("no key\nat all"))
        : new Promise((resolve) => queueMicrotask(() => resolve(answer.length))),
  );
  const verdicts = await rule.annotate([pair("xx", "x"), pair("x", "bad"), pair("x", "y")]);
  assertEquals(verdicts, [
    { outcome: "a", scores: [2, 1] },
    { outcome: "failed", reason: "async threw: no key at all" },
    { outcome: "tie", scores: [1, 1] },
  ]);
});

Deno.test("ruleAnnotator() does not ask for a second score where the first failed", async () => {
  const asked: string[] = [];
  const rule = ruleAnnotator("r", (_prompt, answer) => asked.push(answer) * NaN);
  await rule.annotate([pair("x", "y")]);
  assertEquals(asked, ["x"]);
});

Deno.test("ruleAnnotator() stops at an abort", async () => {
  const stop = new AbortController();
  let scored = 0;
  const rule = ruleAnnotator("slow", () => {
    if (++scored === 2) stop.abort(new Error("enough"));
    return 0;
  });
  const pairs = [pair("x", "y"), pair("x", "y"), pair("x", "y")];
  await assertRejects(() => rule.annotate(pairs, { signal: stop.signal }), Error, "enough");
  assertEquals(scored, 2);
});

Deno.test("ruleAnnotator() refuses a negative or endless tieMargin", () => {
  for (const tieMargin of [-1, NaN, Infinity]) {
    assertThrows(() => ruleAnnotator("r", () => 0, { tieMargin }), RangeError, `${tieMargin}`);
  }
});
