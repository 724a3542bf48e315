import { assertEquals, assertThrows } from "@std/assert";
import { patience, type RunSoFar, stopAtKl, stopAtWinRate } from "../../training/mod.ts";

/** A run that has just been evaluated, after others with these win rates. */
const after = (kl: number | undefined, ...rates: number[]): RunSoFar => ({
  ...{ step: rates.length, metrics: {} },
  evaluations: rates.map((value, i) => ({
    ...{ phase: i, step: i + 1 },
    numbers: { winRate: { value }, ...(kl === undefined ? {} : { kl }) },
  })),
});

Deno.test("stopAtKl() ends above so many nats, and says why", () => {
  const stop = stopAtKl(5);
  assertEquals(stop(after(5, 0.5)), undefined);
  assertEquals(stop(after(5.5, 0.5)), "the KL is 5.5, above 5 nats");
  assertEquals(stop(after(undefined, 0.5)), undefined);
});

Deno.test("stopAtWinRate() ends at the share, and only by an evaluation of this step", () => {
  const stop = stopAtWinRate(0.8);
  assertEquals(stop(after(1, 0.9, 0.79)), undefined);
  const reached = after(1, 0.5, 0.8);
  assertEquals(stop(reached), "the win rate is 0.8, at least 0.8");
  assertEquals(stop({ ...reached, step: 3 }), undefined);
});

Deno.test("patience() ends where so many evaluations have brought nothing more", () => {
  const stop = patience(2);
  assertEquals(stop(after(1, 0.5, 0.6, 0.55)), undefined);
  assertEquals(
    stop(after(1, 0.5, 0.6, 0.6, 0.4)),
    "the win rate has not risen above 0.6 for 2 evaluations",
  );
  assertEquals(stop(after(1, 0.5, 0.6, 0.55, 0.7)), undefined);
});

Deno.test("stops refuse values that nothing could reach", () => {
  assertThrows(() => stopAtKl(0), RangeError, "stopAtKl() has 0, expected a number above 0");
  assertThrows(() => stopAtWinRate(1.5), RangeError, "stopAtWinRate() has 1.5");
  assertThrows(() => patience(0.5), RangeError, "patience() has 0.5");
});
