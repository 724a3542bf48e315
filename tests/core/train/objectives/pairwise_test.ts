import { assertEquals, assertThrows } from "@std/assert";
import { pairwise, preferenceBatch, summarisePairs } from "../../../../core/mod.ts";
import { dpo } from "../../../../losses/mod.ts";

const pair = {
  prompt: [1, 5],
  chosen: [6, 2],
  rejected: [7],
  referenceChosen: -3,
  referenceRejected: -2,
};
const batch = preferenceBatch([pair, pair, pair], {
  ...{ snapshotId: "s", referenceId: "s", requireSame: true },
});

Deno.test("pairwise() splits by pairs, and checks the batch first", () => {
  const objective = pairwise(dpo({ beta: 0.1 }));
  assertEquals(objective.name, "dpo");
  assertEquals(objective.split(batch).length, 1);
  assertEquals(objective.split(batch, 2).map(({ examples }) => examples), [[0, 1], [2]]);
  assertThrows(() => objective.split(batch, 0), RangeError, "microBatch is 0, expected a whole");
  const reference = new Float32Array([-3, -3, -3, -2, NaN, -2]);
  assertThrows(
    () => objective.split({ ...batch, reference }, 1),
    RangeError,
    "the reference log-prob of the rejected answer of pair 1 is NaN",
  );
});

Deno.test("pairwise() summarises with its loss's scale", () => {
  const loss = dpo({ beta: 0.5 });
  const metrics = {
    ...{ losses: [1, 2, 3], logps: [-2, -3, -3, -2, -2, -2], normSquares: [4] },
    ...{ entropy: Array(9).fill(1), meanLogits: Array(9).fill(0), isTop: Array(9).fill(1) },
  };
  const row = pairwise(loss).summarise(metrics, batch);
  assertEquals(row, summarisePairs(metrics, batch, loss));
  assertEquals([row.loss, row["rewards/chosen"], row.beta], [2, 0.5 / 3, 0.5]);
});
