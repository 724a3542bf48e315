import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { aot, kto, ktoBatch, mismatched, pairwise, preferenceBatch } from "../../../core/mod.ts";
import { dpo } from "../../../losses/mod.ts";
import { learnPairs } from "../../../training/mod.ts";
import { wholeRun } from "../../support/run_steps.ts";
import { tinyTask } from "../../support/tiny_task.ts";

Deno.test("learnPairs() of a pairwise loss is the loss itself, bit for bit", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device);
  const { loss, ...others } = options;
  assertEquals(typeof loss, "object");
  const plain = await wholeRun(device, options);
  const objective = learnPairs(pairwise(dpo({ beta: 0.1 })), preferenceBatch);
  assertEquals(objective.name, "dpo");
  assertEquals((await wholeRun(device, { ...others, objective })).end, plain.end);
});

Deno.test("learnPairs() has a run learn by AOT, and by KTO from the answers of its pairs", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinyTask(device, { members: 1 });
  const { loss: _loss, ...others } = options;
  const sorted = learnPairs(aot({ beta: 0.1 }), preferenceBatch);
  const unpaired = learnPairs(kto({ beta: 0.1 }), (pairs) => {
    const rows = pairs.flatMap(({ prompt, chosen, rejected, ...reference }) => [
      { prompt, completion: chosen, desirable: true, reference: reference.referenceChosen },
      { prompt, completion: rejected, desirable: false, reference: reference.referenceRejected },
    ]);
    const others = mismatched(rows);
    const guess = (i: number) => -4.5 * (others[i].ids.length - others[i].promptLength);
    return ktoBatch(rows.map((row, i) => ({ ...row, mismatchedReference: guess(i) })));
  });
  for (const objective of [sorted, unpaired]) {
    const { reports, end } = await wholeRun(device, { ...others, objective });
    assertEquals(reports.map(({ examples }) => examples), [3, 3, 3, 3]);
    assert(reports.every(({ metrics }) => Number.isFinite(metrics.loss) && metrics.grad_norm > 0));
    assertEquals(end.updates, 4);
  }
});
