// The whole training step of the embedded model: recording, one submit, one readback of its metrics.
import { Arena } from "../backend/mod.ts";
import { initTrainState, keyOf, pairwise, trainStep } from "../core/mod.ts";
import { dpo } from "../losses/mod.ts";
import type { TaskBench } from "./support/harness.ts";
import { layout, randomBatch, randomModel, stepFlop } from "./support/model.ts";
import { LENGTH, MEMBERS, stepSizes } from "./support/sizes.ts";

/** One BPO step of five members. */
export const stepBench: TaskBench = {
  name: "training step",
  rounds: 1,
  setup(device, size) {
    const sizes = stepSizes(size);
    const model = randomModel(device), batch = randomBatch(sizes.pairs);
    let state = initTrainState(device, layout, MEMBERS, keyOf(1));
    const run = { model, layout, objective: pairwise(dpo({ beta: 0.1 })) };
    let step = 0;
    return {
      shape: `K ${MEMBERS}, ${2 * sizes.pairs} answers × ${LENGTH} tokens`,
      flop: stepFlop(sizes),
      owned: {
        [Symbol.dispose]: () => {
          state[Symbol.dispose]();
          model.weights[Symbol.dispose]();
        },
      },
      async run() {
        using arena = new Arena(device, "step");
        const out = await trainStep(arena, run, state, batch, { step: step++, learningRate: 1e-4 });
        const { losses, normSquares } = await arena.readAll(out.metrics);
        state = out.state;
        return [...losses, ...normSquares];
      },
    };
  },
};
