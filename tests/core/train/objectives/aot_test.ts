import { assert, assertEquals, assertThrows } from "@std/assert";
import { aot, aotUnpaired, preferenceBatch } from "../../../../core/mod.ts";
import { aotLosses, type AotOptions } from "../../../../core/train/objectives/aot.ts";
import { assertClose } from "../../../support/close.ts";
import { jsonFixture } from "../../../support/fixtures.ts";

interface Case {
  options: AotOptions;
  reference: number[];
  logps: number[];
  loss: number;
  gradient: number[];
  metrics: Record<string, number>;
}

for (const [name, make] of [["aot", aot], ["aotUnpaired", aotUnpaired]] as const) {
  Deno.test(`${name}() has TRL's loss, gradient and metrics`, async () => {
    const cases: Case[] = (await jsonFixture("trl_objectives.json"))[name];
    for (const { options, reference, logps, loss, gradient, metrics } of cases) {
      const { losses, slopes } = aotLosses(logps, reference, options, name === "aot");
      const B = losses.length, mean = losses.reduce((a, b) => a + b, 0) / B;
      assertClose([mean], [loss], { rtol: 1e-12, atol: 0 }, "loss");
      assertClose(slopes, gradient, { rtol: 1e-12, atol: 1e-15 }, "gradient");
      const pair = (i: number) => ({
        ...{ prompt: [1], chosen: [2], rejected: [3] },
        ...{ referenceChosen: reference[i], referenceRejected: reference[B + i] },
      });
      const batch = preferenceBatch(losses.map((_, i) => pair(i)), {
        ...{ snapshotId: "s", referenceId: "s", requireSame: true },
      });
      const none = Array(2 * B).fill(0);
      const row = make(options).summarise({
        ...{ losses, logps, entropy: none, meanLogits: none, isTop: none, normSquares: [0] },
      }, batch);
      assert(Math.abs(row.loss - loss) < 1e-12 * loss);
      for (const [key, value] of Object.entries(metrics)) {
        assertClose([row[key]], [value], { rtol: 1e-6, atol: 1e-6 }, key); // the batch's reference is f32
      }
    }
  });
}

Deno.test("aot() compares distributions: which pair has which margin does not matter", () => {
  const reference = [-1, -2, -3, -5, -5, -5], logps = [-1, -4, -2, -6, -3, -9];
  const exchanged = [-4, -1, -2, -3, -6, -9]; // the first two pairs have each other's answers
  const options = { beta: 0.5 };
  const [a, b] = [logps, exchanged].map((x) => aotLosses(x, reference, options, true));
  assertEquals([...a.losses].sort(), [...b.losses].sort());
  assertEquals(b.slopes, [1, 0, 2, 4, 3, 5].map((i) => a.slopes[i]));
});

Deno.test("aot() surveys the batch only where it is split, and checks its options", () => {
  const pair = {
    prompt: [1],
    chosen: [2],
    rejected: [3],
    referenceChosen: -1,
    referenceRejected: -1,
  };
  const batch = preferenceBatch([pair, pair], {
    ...{ snapshotId: "s", referenceId: "s", requireSame: true },
  });
  const { survey } = aot({ beta: 0.1 });
  assertEquals([survey!(batch, 1), survey!(batch, 2)], [undefined, batch.packed]);
  assertThrows(() => aot({ beta: 0 }), RangeError, "Cannot build the aot loss: beta is 0");
  assertThrows(
    () => aotUnpaired({ beta: 1, labelSmoothing: 0.6 }),
    RangeError,
    "Cannot build the aot-unpaired loss: labelSmoothing is 0.6",
  );
});
