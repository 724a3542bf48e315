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
  const one = winRate(verdicts, { seed: 5 }), other = winRate(exchanged, { seed: 5 });
  for (const [x, y] of [[one.value, other.value], [one.low, other.high], [one.high, other.low]]) {
    assert(Math.abs(x + y - 1) < 1e-12, `${x} and ${y}`);
  }
});

Deno.test("winRate() has the 95% interval of its n, whatever failed", () => {
  const { low, high } = winRate(repeat({ a: 128, b: 128 }));
  const half = 1.96 * Math.sqrt(0.25 / 256);
  assert(
    Math.abs(0.5 - low - half) < 0.008 && Math.abs(high - 0.5 - half) < 0.008,
    `${low} ${high}`,
  );
  const withFailures = winRate(repeat({ a: 128, b: 128, failed: 500 }));
  assertEquals([withFailures.low, withFailures.high], [low, high]);
});

Deno.test("winRate() narrows where answers tie", () => {
  const width = ({ low, high }: { low: number; high: number }) => high - low;
  assert(
    width(winRate(repeat({ tie: 80, a: 10, b: 10 }))) < width(winRate(repeat({ a: 50, b: 50 }))),
  );
});

Deno.test("winRate() is reproducible, and moves with the seed", () => {
  const verdicts = repeat({ a: 61, b: 39, tie: 7 });
  assertEquals(winRate(verdicts), winRate(verdicts, { seed: 0, resamples: 2000, level: 0.95 }));
  const few = (seed: number) => winRate(verdicts, { seed, resamples: 20 });
  assert(few(1).low !== few(2).low || few(1).high !== few(2).high);
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
