import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Evidence } from "../../../cli/compare/evidence.ts";
import { METHODS } from "../../../cli/compare/plan.ts";
import { crossedInterval, type DoneRun, tabulate } from "../../../cli/compare/table.ts";
import type { StoriesSummary } from "../../../cli/train/results/summary.ts";

Deno.test("crossedInterval() has the mean of all seeds and prompts, NaN left out", () => {
  assertEquals(crossedInterval([[1, 0, 1], [1, 1, 0.5]]).value, 4.5 / 6);
  assertEquals(crossedInterval([[1, NaN, 1], [1, 1, 0]]).value, 4 / 5);
  assertEquals(crossedInterval([[1, 1], [1, 1]]), { value: 1, low: 1, high: 1 });
});

Deno.test("crossedInterval() widens with prompts that differ, though all seeds agree on them", () => {
  const prompts = Array.from({ length: 100 }, (_, i) => i % 2);
  const { value, low, high } = crossedInterval([prompts, prompts, prompts]);
  assertEquals(value, 0.5);
  // 1.96·√(¼/100): three seeds that say the same are no more prompts
  assertAlmostEquals(high - low, 2 * 1.96 * 0.05, 0.03);
});

Deno.test("crossedInterval() widens with seeds that differ, though all prompts agree on them", () => {
  const row = (value: number) => Array(100).fill(value);
  const { low, high } = crossedInterval([row(0.2), row(0.5), row(0.8)]);
  assertAlmostEquals(low, 0.2, 0.11);
  assertAlmostEquals(high, 0.8, 0.11);
  assert(low < 0.35 && high > 0.65);
});

Deno.test("crossedInterval() is the same every time", () => {
  const table = [[1, 0, 0.5, 1], [0, 0, 1, 1]];
  assertEquals(crossedInterval(table), crossedInterval(table));
});

function done(method: number, members: number, seed: number, wins: number[], kl: number): DoneRun {
  const rate = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });
  const mean = wins.reduce((a, b) => a + b) / wins.length;
  const change = (before: number, after: number) => ({
    before: rate(before),
    after: rate(after),
    n: wins.length,
  });
  const summary = {
    device: "cpu",
    adapterInfo: { name: "two threads", detail: "", software: true },
    phases: method + 1,
    seconds: 20 + 10 * seed,
    pairs: 256,
    kl,
    winRate: change(0.5, mean),
    heldOutWinRate: change(0.45, 1 - mean),
    text: {
      repetition: { before: 0.01, after: 0.02 },
      misspelt: { before: 0.03, after: 0.04 },
      words: { before: 9, after: 9 },
    },
  } as unknown as StoriesSummary;
  const evidence: Evidence = {
    wins,
    heldOut: wins.map((win) => 1 - win),
    misspelt: wins.map(() => 0.04),
    repetition: wins.map(() => 0.02),
    summary,
  };
  return { method: METHODS[method], members, seed, evidence };
}

const runs = [
  done(0, 1, 1, [1, 0, 0, 0], 2),
  done(3, 5, 1, [1, 1, 1, 0], 6),
  done(0, 1, 2, [1, 1, 0, 0], 4),
  done(3, 5, 2, [1, 1, 1, 1], 8),
];

Deno.test("tabulate() has one row a cell with means over its seeds", () => {
  const { rows } = tabulate(32, 8, runs);
  assertEquals(rows.map(({ id, members }) => [id, members]), [["offline-dpo", 1], ["bpo-ft", 5]]);
  const [offline, bpo] = rows;
  assertEquals(
    [offline.winRate.value, offline.heldOutWinRate.value, bpo.winRate.value],
    [3 / 8, 5 / 8, 7 / 8],
  );
  assert(offline.winRate.low < 3 / 8 && offline.winRate.high > 3 / 8);
  assertEquals(offline.kl, { value: 3, low: 2, high: 4 });
  assertEquals(bpo.misspelt, { value: 0.04, low: 0.04, high: 0.04 });
  assertEquals(bpo.repetition.value, 0.02);
  assertEquals([bpo.method, bpo.phases, bpo.seconds, bpo.pairs], ["BPO, F = T", 4, 35, 256]);
  assertEquals(bpo.seeds, [
    { seed: 1, winRate: 0.75, heldOutWinRate: 0.25, kl: 6 },
    { seed: 2, winRate: 1, heldOutWinRate: 0, kl: 8 },
  ]);
});

Deno.test("tabulate() says what all runs share", () => {
  const { rows: _rows, intervals, ...shared } = tabulate(32, 8, runs);
  assert(intervals.includes("bootstrap"));
  assertEquals(shared, {
    steps: 32,
    pairs: 8,
    prompts: 4,
    seeds: [1, 2],
    devices: ["CPU, two threads"],
    before: {
      winRate: { value: 0.5, low: 0.4, high: 0.6 },
      heldOutWinRate: { value: 0.45, low: 0.35, high: 0.55 },
      misspelt: 0.03,
      repetition: 0.01,
    },
  });
});
