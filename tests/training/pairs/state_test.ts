import { assertEquals } from "@std/assert";
import type { PairRecord } from "../../../scheduler/mod.ts";
import { PairState } from "../../../training/pairs/state.ts";

Deno.test("PairState.remembered() forgets what no source asks for again, and what came back", () => {
  const answer = { text: "", ids: [4], finish: "stop" as const, logps: [-1], referenceLogp: -1 };
  const record = (phase: number): PairRecord => ({
    ...{ phase, step: phase, prompt: "p", promptIds: [1], a: answer, b: answer },
    ...{ verdict: { outcome: "a" }, snapshotId: "s", referenceId: "s" },
  });
  const state = new PairState();
  assertEquals(state.remembered(2), []);
  for (const phase of [0, 1, 2]) {
    const old = { ...record(phase), replayedFrom: 0 };
    state.takePairs({ records: [record(phase), old], generated: 0 }, state.remembered(2));
  }
  assertEquals(state.remembered(2), [[record(1)], [record(2)]]);
  assertEquals(state.remembered(0), []);
});
