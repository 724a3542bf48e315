// In this thread; whole rules in theirs are in rule_file_test.ts.
import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  type PairScores,
  scoredPairs,
  tooLong,
  workerSource,
} from "../../../cli/judge/rule_worker.ts";

type Rule = Parameters<typeof scoredPairs>[0];

async function scoresOf(rule: Rule, pairs: [string, string, string][], begun = newCounter()) {
  const parts: PairScores[][] = [];
  for await (const part of scoredPairs(rule, { pairs, limit: 10_000, begun })) parts.push(part);
  return parts;
}

const newCounter = () => new Int32Array(new SharedArrayBuffer(4));

Deno.test("scoredPairs() gives what returns at once together, and the rest before it waits", async () => {
  const rule = (_prompt: string, answer: string) =>
    answer === "later" ? Promise.resolve(9) : answer.length;
  const pairs: [string, string, string][] = [["", "a", "bb"], ["", "", "later"], ["", "c", "d"]];
  assertEquals(await scoresOf(rule, pairs), [[[1, 2]], [[0, 9]], [[1, 1]]]);
  assertEquals(await scoresOf(rule, []), []);
});

Deno.test("scoredPairs() says which call it is in, and asks for no b after a failed a", async () => {
  const begun = newCounter(), seen: [string, number][] = [];
  const rule = (_prompt: string, answer: string) => {
    seen.push([answer, begun[0]]);
    return answer === "bad" ? NaN : 1;
  };
  const pairs: [string, string, string][] = [["", "a", "b"], ["", "bad", "c"], ["", "d", "bad"]];
  const [scores] = await scoresOf(rule, pairs, begun);
  assertEquals(seen, [["a", 1], ["b", 2], ["bad", 3], ["d", 5], ["bad", 6]]);
  const why = { reason: "returned NaN, expected a finite number" };
  assertEquals(scores, [[1, 1], [why, why], [1, why]]);
});

Deno.test("tooLong() says the limit in seconds", () => {
  assertEquals(tooLong(1500).reason, "did not answer within 1.5 s");
});

Deno.test("workerSource() has all that it uses, and a literal import", () => {
  const source = workerSource('file:///a"b.ts');
  assertStringIncludes(source, 'serveRule(() => import("file:///a\\"b.ts"));');
});
