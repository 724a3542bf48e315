import { assertRejects } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import type { DataPair } from "../../../cli/data/training_data.ts";
import { scorePairs } from "../../../training/sources/score_pairs.ts";
import { modelFixture } from "../../support/fixtures.ts";

const pairs: DataPair[] = Array.from({ length: 5 }, (_, i) => ({
  ...{
    kind: "preference",
    place: `p.csv:${i + 2}`,
    text: `prompt ${i}`,
    prompt: [1, 10 + i],
    asked: [1, 10 + i],
  },
  ...{ chosen: [20 + i, 30, 2], rejected: [40 + i], cut: { prompt: 0, chosen: 0, rejected: 0 } },
}));

Deno.test("scorePairs() hears an abort between groups", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const stop = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => scorePairs(device, model, pairs, undefined, stop), Error, "stop");
});
