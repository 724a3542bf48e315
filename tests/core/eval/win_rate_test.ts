import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Outcome } from "../../../core/annotator/annotator.ts";
import { winRate } from "../../../core/eval/win_rate.ts";

const repeat = (counts: Partial<Record<Outcome, number>>): Outcome[] =>
  Object.entries(counts).flatMap(([verdict, n]) => Array(n).fill(verdict as Outcome));

Deno.test("winRate() counts a tie as half a win and leaves failures out", () => {
  const { value, n, ties, failed } = winRate(repeat({ a: 5, b: 2, tie: 1, failed: 4 }));
  assertEquals({ value, n, ties, failed }, { value: 5.5 / 8, n: 8, ties: 1, failed: 4 });
});

Deno.test("winRate() of the exchanged verdicts is one minus it", () => {
  const verdicts = repeat({ a: 70, b: 20, tie: 10 });
  const exchanged = verdicts.map((v): Outcome => v === "a" ? "b" : v === "b" ? "a" : v);
  const one = winRate(verdicts), other = winRate(exchanged);
  for (const [x, y] of [[one.value, other.value], [one.low, other.high], [one.high, other.low]]) {
    assert(Math.abs(x + y - 1) < 1e-12, `${x} and ${y}`);
  }
});

Deno.test("winRate() has the 95% interval of its n, whatever failed", () => {
  const { low, high } = winRate(repeat({ a: 128, b: 128 }));
  assert(
    Math.abs(low - 0.439206) < 1e-6 && Math.abs(high - 0.560794) < 1e-6,
    `${low} ${high}`,
  );
  const withFailures = winRate(repeat({ a: 128, b: 128, failed: 500 }));
  assertEquals([withFailures.low, withFailures.high], [low, high]);
});

Deno.test("winRate() is not certain of two wins in two, nor of the level", () => {
  const two = winRate(["a", "a"]);
  assert(two.value === 1 && Math.abs(two.low - 0.34238) < 1e-5 && two.high === 1);
  const narrow = winRate(["a", "a"], { level: 0.5 });
  assert(narrow.low > two.low);
});

Deno.test("winRate() throws when nothing counts, or a verdict is none", () => {
  assertEquals(
    assertThrows(() => winRate(repeat({ failed: 3 })), RangeError).message,
    "Cannot compute the win rate: the number of verdicts that count is 0 of 3, " +
      "expected at least 1. 3 failed: look at their reasons",
  );
  assertEquals(
    assertThrows(() => winRate(["a", "won" as Outcome]), TypeError).message,
    "Cannot compute the win rate: verdict 1 is won, expected a, b, tie or failed",
  );
});
