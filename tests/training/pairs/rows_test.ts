import { assertEquals } from "@std/assert";
import { collectRow, shareStopped, stepRow } from "../../../training/pairs/rows.ts";
import type { PairRecord } from "../../../scheduler/mod.ts";

Deno.test("shareStopped() is of all answers, two a pair", () => {
  const answer = (finish: "stop" | "length") => ({
    text: "",
    ids: [4],
    finish,
    logps: [-1],
    referenceLogp: -1,
  });
  const [ended, cut] = [answer("stop"), answer("length")];
  assertEquals(shareStopped([{ a: ended, b: ended }, { a: cut, b: ended }]), 0.75);
});

const answer = (finish: "stop" | "length") => ({
  ...{ text: "", ids: [4], finish, logps: [-1], referenceLogp: -1 },
});
const records = (["a", "tie", "failed"] as const).map((outcome): PairRecord => ({
  ...{ phase: 1, step: 6, prompt: "p", promptIds: [1], a: answer("stop"), b: answer("length") },
  ...{ verdict: { outcome }, snapshotId: "s", referenceId: "s" },
}));

Deno.test("collectRow() counts pairs, ties and failures; phases are counted from 1", () => {
  assertEquals(collectRow(1, 6, records), {
    ...{ step: 6, phase: 2, "collect/pairs": 3, "collect/ties": 1, "collect/failed": 1 },
    "val/contain_eos_token": 0.5,
  });
});

Deno.test("stepRow() has step, phase and epoch after the step, and all tokens instead of the step's", () => {
  const metrics = { loss: 0.5, step_tokens: 9 };
  const parts = { step: 6, phase: 1, pairs: 1, metrics, epoch: 0.25, records, tokens: 90 };
  const row = stepRow(parts);
  assertEquals(row, { step: 7, phase: 2, epoch: 0.25, pairs: 1, loss: 0.5, num_tokens: 90 });
  assertEquals("epoch" in stepRow({ ...parts, epoch: undefined }), false);
});
