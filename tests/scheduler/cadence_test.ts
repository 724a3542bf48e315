import { assertEquals, assertThrows } from "@std/assert";
import { cadence } from "../../scheduler/mod.ts";

const table: [steps: number, phases: number, every: number, actual: number][] = [
  [60, 1, 60, 1], // offline
  [60, 60, 1, 60], // on-policy
  [60, 2, 30, 2],
  [10, 4, 3, 4],
  [10, 6, 2, 5], // ceil(10/6) = 2 steps give 5 phases, not 6
  [7, 5, 2, 4],
];
for (const [steps, phases, every, actual] of table) {
  Deno.test(`cadence() refreshes every ${every} of ${steps} steps for F = ${phases}, ${actual} phases in all`, () => {
    const c = cadence({ steps, phases });
    assertEquals([c.refreshEvery, c.phases], [every, actual]);
    const due = Array.from({ length: steps }, (_, s) => s).filter(c.isDue);
    assertEquals(due, Array.from({ length: actual }, (_, i) => i * every));
    const spans = Array.from({ length: actual }, (_, p) => c.span(p));
    assertEquals(spans[0][0], 0);
    assertEquals(spans.at(-1)![1], steps);
    for (const [from, to] of spans) {
      for (let s = from; s < to; s++) assertEquals(c.span(c.phaseOf(s)), [from, to]);
    }
  });
}

Deno.test("cadence() takes refreshEvery instead of phases, and not both", () => {
  assertEquals(cadence({ steps: 10, refreshEvery: 4 }).phases, 3);
  assertThrows(
    () => cadence({ steps: 10, refreshEvery: 4, phases: 2 }),
    RangeError,
    "expected one of them",
  );
});

Deno.test("cadence() begins a phase at each break, and the rhythm anew", () => {
  const c = cadence({ steps: 20, refreshEvery: 4, breaks: [4, 10, 17] });
  const spans = Array.from({ length: c.phases }, (_, phase) => c.span(phase));
  assertEquals(spans, [[0, 4], [4, 8], [8, 10], [10, 14], [14, 17], [17, 20]]);
  for (const [phase, [from, to]] of spans.entries()) {
    for (let s = from; s < to; s++) assertEquals([c.phaseOf(s), c.isDue(s)], [phase, s === from]);
  }
  for (const breaks of [[0], [4, 4], [10, 4], [20], [2.5]]) {
    assertThrows(() => cadence({ steps: 20, refreshEvery: 4, breaks }), RangeError, "rising steps");
  }
});

Deno.test("cadence() refuses numbers that are not whole or F beyond T", () => {
  assertThrows(() => cadence({ steps: 0 }), RangeError, "steps is 0, expected a whole number");
  assertThrows(
    () => cadence({ steps: 4, phases: 5 }),
    RangeError,
    "phases is 5, expected a whole number from 1 to 4",
  );
  assertThrows(() => cadence({ steps: 4, refreshEvery: 1.5 }), RangeError, "refreshEvery is 1.5");
});
