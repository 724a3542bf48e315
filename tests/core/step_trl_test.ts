// Ten steps as TRL's DPOTrainer logs them, number for number; its are those of tools/fixtures/trl_parity.py.
import { assertEquals } from "@std/assert";
import { Slot } from "../../backend/mod.ts";
import {
  completionLogps,
  type MetricRow,
  preferenceBatch,
  summariseStep,
  uploadTrainState,
} from "../../core/mod.ts";
import { dpo, ipo, type PreferenceLoss, slic } from "../../losses/mod.ts";
import { assertClose } from "../support/close.ts";
import { deviceTest } from "../support/devices.ts";
import { adapterFixture, jsonFixture, modelFixture } from "../support/fixtures.ts";
import { runStep } from "../support/step_setting.ts";

const { learningRate, beta, pairs, losses } = await jsonFixture("trl_parity.json");
const cases: readonly PreferenceLoss[] = [
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

for (const loss of cases) {
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
      const row = summariseStep(metrics, batch, loss);
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
