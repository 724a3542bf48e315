// The reward step against TRL's RewardTrainer on transformers' LlamaForSequenceClassification with a PEFT adapter.
import { assertEquals } from "@std/assert";
import { Arena, Slot } from "../../../../backend/mod.ts";
import {
  bradleyTerry,
  downloadTrainState,
  linearLayers,
  loadPeftAdapter,
  rewardBatch,
  type RewardPair,
  rewardScores,
  trainStep,
  uploadTrainState,
} from "../../../../core/mod.ts";
import { assertClose, assertRelativeToMax } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { jsonFixture, modelFixture, tensorFixture } from "../../../support/fixtures.ts";

interface Case {
  options: { centering?: number; margins?: number[] };
  loss: number;
  rewards: number[];
  metrics: Record<string, number>;
}

const { pairs, cases }: { pairs: RewardPair[]; cases: Record<string, Case> } = await jsonFixture(
  "reward/reward.json",
);
const truth = await tensorFixture("reward/grads.safetensors");
const root = new URL("../../../fixtures/reward/", import.meta.url);
const files = new Map(
  await Promise.all(
    ["adapter_config.json", "adapter_model.safetensors"].map(async (file) =>
      [file, await Deno.readFile(new URL(file, root))] as const
    ),
  ),
);
const head = { name: "score", inDim: 32 };
/** PyTorch's own f32 is 8e-6 away from its f64 at the first sequence, where attention is nearly one token's. */
const inF32 = { rtol: 1e-5, atol: 2e-5 };

for (const [name, { options: { centering, margins = [] }, ...said }] of Object.entries(cases)) {
  deviceTest(`trainStep() has TRL's reward loss and gradients: ${name}`, async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const layers = linearLayers(model.config);
    const { layout, params } = loadPeftAdapter(files, layers, "reward", { head });
    const zero = new Float32Array(layout.size);
    using state = new Slot(uploadTrainState(device, layout, 1, { params, m: zero, v: zero }));
    const batch = rewardBatch(pairs.map((pair, i) => ({ ...pair, margin: margins[i] })));
    using arena = new Arena(device, "step");
    const objective = bradleyTerry({ centering });
    const run = { model, layout, objective, adamw: { maxGradNorm: 1e3 } }; // nothing is clipped
    const next = await trainStep(arena, run, state.current, batch, { step: 0, learningRate: 0 });
    const metrics = await arena.readAll(next.metrics);
    state.set(next.state);
    const row = objective.summarise(metrics, batch);
    assertClose(metrics.rewards, said.rewards, inF32, "rewards");
    assertClose([row.loss], [said.loss], { rtol: 1e-6, atol: 1e-6 }, "loss");
    const { num_tokens, ...others } = said.metrics;
    assertEquals(row.step_tokens, num_tokens);
    for (const [key, value] of Object.entries(others)) {
      assertClose([row[key]], [value], inF32, key);
    }
    // After one step from m = 0, m = (1 − β₁)·g.
    const { m } = await downloadTrainState(device, state.current);
    const g = m.map((x) => x / 0.1), key = `${name}.base_model.model`;
    const found: number[] = [], wanted: number[] = [];
    for (const [module, { aOffset, bOffset, inDim, outDim }] of layout.modules) {
      const r = layout.rank, B = truth.get(`${key}.${module}.lora_B.weight`)!.data;
      found.push(...g.subarray(aOffset, aOffset + r * inDim));
      wanted.push(...truth.get(`${key}.${module}.lora_A.weight`)!.data);
      for (let i = 0; i < r * outDim; i++) {
        found.push(g[bOffset + i]);
        wanted.push(B[i % outDim * r + Math.floor(i / outDim)]);
      }
    }
    assertRelativeToMax(found, wanted, 1e-4, "gradients of LoRA");
    const { offset, inDim } = layout.head!;
    const ofHead = truth.get(`${key}.score.weight`)!.data;
    assertRelativeToMax(g.subarray(offset, offset + inDim), ofHead, 1e-4, "gradient of the head");
    assertClose(
      [row.grad_norm],
      [Math.hypot(...wanted, ...ofHead)],
      { rtol: 1e-4, atol: 0 },
      "norm",
    );
  });
}

deviceTest("rewardScores() has transformers' rewards", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const { layout, params } = loadPeftAdapter(files, linearLayers(model.config), "reward", { head });
  using arena = new Arena(device, "adapter");
  const adapter = { layout, params: arena.upload([1, layout.size], params, "params") };
  arena.commit();
  const sequences = (["chosen", "rejected"] as const).flatMap((answer) =>
    pairs.map((pair) => [...Array.from(pair.prompt), ...Array.from(pair[answer])])
  );
  const rewards = await rewardScores(device, model, sequences, adapter, { rowsPerPass: 16 });
  assertClose(rewards, cases.plain.rewards, inF32, "rewards");
});
