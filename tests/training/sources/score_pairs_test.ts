import { dataPairs as pairs } from "../../support/data_pairs.ts";
import { assertRejects } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { scorePairs } from "../../../training/sources/score_pairs.ts";
import { modelFixture } from "../../support/fixtures.ts";

Deno.test("scorePairs() hears an abort between groups", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const stop = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => scorePairs(device, model, pairs, undefined, stop), Error, "stop");
});
