import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import type { Outcome } from "../../../core/annotator/annotator.ts";
import { pairedGain } from "../../../core/eval/paired_gain.ts";
import { winRate } from "../../../core/eval/win_rate.ts";

const many = (text: string, times: number): Outcome[] =>
  text.repeat(times).split("").map((c) => ({ a: "a", b: "b", t: "tie", f: "failed" } as const)[c]!);

Deno.test("pairedGain() is the difference of the win rates where nothing failed", () => {
  const [before, after] = [many("abtabbab", 20), many("aataabtb", 20)];
  const { value, n } = pairedGain(before, after);
  assertAlmostEquals(value, winRate(after).value - winRate(before).value, 1e-12);
  assertEquals(n, 160);
});

Deno.test("pairedGain() leaves a prompt out where either side failed", () => {
  const { value, n } = pairedGain(many("abfb", 5), many("bafa", 5));
  assertEquals([value, n], [(-1 + 1 + 1) / 3, 15]);
  assertEquals(pairedGain(["a", "failed"], ["b", "a"]), pairedGain(["a"], ["b"]));
  assertEquals(pairedGain(["a", "a"], ["b", "failed"]), pairedGain(["a"], ["b"]));
});

Deno.test("pairedGain() is sure of what changed and not of what prompts are like", () => {
  const { low, high } = pairedGain(many("aaabbb", 20), many("aaabbb", 20)); // hard and easy prompts
  assert(low > -0.03 && low < 0 && high > 0 && high < 0.03, `${low}, ${high}`);
  const gain = pairedGain(many("aaabbbbb", 20), many("aaabbbaa", 20));
  assert(gain.low > 0.15 && gain.low < 0.25 && gain.high > 0.25 && gain.high < 0.35);
});

Deno.test("pairedGain() is not sure of a few prompts that all went the same way", () => {
  const two = pairedGain(["b", "b"], ["a", "a"]); // (2 + 1 - 1) / 4 = 0.5, variance 0.75 of 4
  assertAlmostEquals(two.low, 0.5 - 1.96 * Math.sqrt(0.75 / 4), 1e-12);
  assertEquals([two.value, two.high], [1, 1]);
  const { low, high } = pairedGain(["tie"], ["a"]);
  assert(low < 0 && high > 0.9, `${low}, ${high}`);
  const lost = pairedGain(["a", "a"], ["b", "b"]);
  assertEquals([lost.low, lost.value, lost.high], [-1, -1, -two.low]);
});

Deno.test("pairedGain() throws on lists that do not belong together, and where nothing counts", () => {
  assertThrows(
    () => pairedGain(["a"], []),
    TypeError,
    "after has 0, expected as many as before: 1",
  );
  assertThrows(() => pairedGain(["failed"], ["a"]), RangeError, "none of 1 prompts");
});
