// The whole step against PyTorch: log-probs, losses and LoRA gradients of every loss.
import { assertAlmostEquals } from "@std/assert";
import { Slot } from "../../backend/mod.ts";
import { downloadTrainState, type PreferenceBatch, uploadTrainState } from "../../core/mod.ts";
import { dpo, ipo, type PreferenceLoss, slic, slicHf } from "../../losses/mod.ts";
import { assertClose, assertRelativeToMax } from "../support/close.ts";
import { deviceTest } from "../support/devices.ts";
import { adapterFixture, jsonFixture, tensorFixture } from "../support/fixtures.ts";
import { runStep, setting } from "../support/step_setting.ts";

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
