// The whole step against PyTorch: log-probs, losses and LoRA gradients of every loss, and what TRL logs of ten steps.
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Slot } from "../../../backend/mod.ts";
import {
  completionLogps,
  downloadTrainState,
  type MetricRow,
  type PreferenceBatch,
  preferenceBatch,
  summarisePairs,
  uploadTrainState,
} from "../../../core/mod.ts";
import { dpo, ipo, type PreferenceLoss, slic, slicHf } from "../../../losses/mod.ts";
import { assertClose, assertRelativeToMax } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import {
  adapterFixture,
  jsonFixture,
  modelFixture,
  tensorFixture,
} from "../../support/fixtures.ts";
import { runStep, setting } from "../../support/step_setting.ts";

const cases: [name: string, loss: PreferenceLoss][] = [
  ["dpo", dpo({ beta: 0.1 })],
  ["dpoSmoothed", dpo({ beta: 0.1, labelSmoothing: 0.1 })],
  ["ipoMean", ipo({ tau: 0.1, reduction: "mean" })],
  ["ipoSum", ipo({ tau: 0.1, reduction: "sum" })],
  ["slic", slic({ beta: 0.5 })],
  ["slicHf", slicHf({ delta: 1, lambda: 0.1 })],
];
for (const [name, loss] of cases) {
  deviceTest(
    `trainStep() has PyTorch's ${name} loss, and its LoRA gradients to 1e-3`,
    async (device) => {
      using all = await setting(device);
      const fixture = await jsonFixture("lora.json");
      const truth = await tensorFixture("lora_grads.safetensors");
      const { layout, params } = await adapterFixture(all.model, "tiny_llama_lora");
      const batch: PreferenceBatch = {
        ...all.batch,
        reference: Float32Array.from(fixture.referenceLogps),
      };
      const zero = new Float32Array(layout.size);
      using state = new Slot(uploadTrainState(device, layout, 1, { params, m: zero, v: zero }));
      const metrics = await runStep({ ...all, layout, batch }, state, { loss });
      assertClose(
        metrics.logps,
        fixture.policyLogps,
        { rtol: 5e-5, atol: 5e-5 },
        "policy log-probs",
      );
      assertClose(
        metrics.losses,
        fixture.losses[name].perPair,
        { rtol: 1e-4, atol: 1e-4 },
        "losses",
      );
      // After one step from m = 0, m = (1 − β₁)·clip·g: the gradient is what AdamW was given.
      const { m } = await downloadTrainState(device, state.current);
      const norm = Math.sqrt(metrics.normSquares[0]);
      const clip = Math.min(1, 1 / (norm + 1e-6));
      const g = m.map((x) => x / (0.1 * clip));
      const got: number[] = [], expected: number[] = [];
      for (const [module, { aOffset, bOffset, inDim, outDim }] of layout.modules) {
        const A = truth.get(`${name}.base_model.model.${module}.lora_A.weight`)!.data;
        const B = truth.get(`${name}.base_model.model.${module}.lora_B.weight`)!.data;
        for (let i = 0; i < layout.rank * inDim; i++) {
          got.push(g[aOffset + i]);
          expected.push(A[i]);
        }
        for (let o = 0; o < outDim; o++) {
          for (let r = 0; r < layout.rank; r++) {
            got.push(g[bOffset + r * outDim + o]);
            expected.push(B[o * layout.rank + r]);
          }
        }
      }
      assertRelativeToMax(got, expected, 1e-3, `gradients of ${name}`);
      assertAlmostEquals(norm, Math.hypot(...expected), 1e-3 * norm);
    },
  );
}

// Ten steps as TRL's DPOTrainer logs them, number for number; its are those of tools/fixtures/trl_parity.py.
const { learningRate, beta, pairs, losses } = await jsonFixture("trl_parity.json");
const trlCases: readonly PreferenceLoss[] = [
  dpo({ beta }),
  ipo({ tau: beta, reduction: "mean" }),
  slic({ beta }),
];
/** What f32 sums of another order come to in ten steps; of ipo's gradient the loss, to 25, is a part. */
const NEAR: Readonly<Record<string, readonly [rtol: number, atol: number]>> = {
  ...{ loss: [2e-5, 6e-5], grad_norm: [2e-4, 1e-4], entropy: [0, 2e-5] },
  ...{ "logps/chosen": [0, 1.5e-4], "logps/rejected": [0, 1.5e-4] },
  ...{ "rewards/chosen": [0, 3e-5], "rewards/rejected": [0, 3e-5], "rewards/margins": [0, 3e-5] },
  ...{ "logits/chosen": [0, 1e-5], "logits/rejected": [0, 1e-5] },
  ...{ mean_token_accuracy: [0, 1e-6], "rewards/accuracies": [0, 1e-6] },
  ...{ num_tokens: [0, 0] },
};

for (const loss of trlCases) {
  deviceTest(`ten steps of ${loss.name} have the metrics that TRL 1.16 logs`, async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const { layout, params } = await adapterFixture(model, "tiny_llama_lora");
    const zero = new Float32Array(layout.size);
    using state = new Slot(uploadTrainState(device, layout, 1, { params, m: zero, v: zero }));
    type Ids = Record<"prompt" | "chosen" | "rejected", number[]>;
    const sequences = (["chosen", "rejected"] as const).flatMap((name) =>
      pairs.map((pair: Ids) => ({
        ids: [...pair.prompt, ...pair[name]],
        promptLength: pair.prompt.length,
      }))
    );
    const adapter = { layout, params: state.current.borrow().params };
    const { sums } = await completionLogps(device, model, sequences, { adapter });
    const batch = preferenceBatch(
      pairs.map((pair: Ids, i: number) => ({
        ...pair,
        ...{ referenceChosen: sums[i], referenceRejected: sums[pairs.length + i] },
      })),
      { snapshotId: "s", referenceId: "s", requireSame: true },
    );
    const rows: MetricRow[] = [];
    let tokens = 0;
    for (let step = 0; step < 10; step++) {
      const metrics = await runStep({ device, model, layout, batch }, state, {
        ...{ loss, step, learningRate },
      });
      const row = summarisePairs(metrics, batch, loss);
      rows.push({ ...row, num_tokens: tokens += row.step_tokens });
    }
    const theirs: MetricRow[] = losses[loss.name];
    for (const [name, [rtol, atol]] of Object.entries(NEAR)) {
      const from = name === "rewards/accuracies" ? 1 : 0; // margins of the first step are rounding errors
      const [found, wanted] = [rows, theirs].map((all) => all.slice(from).map((row) => row[name]));
      assertClose(found, wanted, { rtol, atol }, `${name} of ${loss.name}`);
    }
    assertEquals(rows[0].beta, beta);
  });
}
