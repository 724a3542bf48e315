import { dataPairs as pairs } from "../../support/data_pairs.ts";
import { assert, assertEquals } from "@std/assert";
import { adapterLayout, linearLayers } from "../../../core/mod.ts";
import { uploadSnapshot } from "../../../scheduler/mod.ts";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { pairRanker } from "../../../training/mod.ts";
import { scorePairs } from "../../../training/sources/score_pairs.ts";
import { modelFixture } from "../../support/fixtures.ts";
import { uniform } from "../../support/random.ts";

Deno.test("pairRanker() calls every pair of the start a tie, and others by what was raised more", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 2 });
  using policy = uploadSnapshot(device, "p", layout, uniform(layout.size, 3, 0.4));
  const rank = pairRanker(device, model, pairs, undefined);
  assertEquals(await rank(undefined), pairs.map(() => "tie"));
  const outcomes = await rank(policy.adapter());
  const [before, after] = [
    await scorePairs(device, model, pairs, undefined),
    await scorePairs(device, model, pairs, policy.adapter()),
  ];
  const total = (logps: Float32Array) => logps.reduce((a, b) => a + b, 0);
  const wanted = pairs.map((_, i) =>
    total(after[i].chosen) - total(before[i].chosen) >
        total(after[i].rejected) - total(before[i].rejected)
      ? "a"
      : "b"
  );
  assertEquals(outcomes, wanted);
  const swapped = pairs.map((pair) => ({ ...pair, chosen: pair.rejected, rejected: pair.chosen }));
  const other = await pairRanker(device, model, swapped, undefined)(policy.adapter());
  assertEquals(other, wanted.map((outcome) => outcome === "a" ? "b" : "a"));
  // From that policy on, it is the one that has raised nothing.
  assert(
    (await pairRanker(device, model, pairs, policy.adapter())(policy.adapter())).every((o) =>
      o === "tie"
    ),
  );
});
