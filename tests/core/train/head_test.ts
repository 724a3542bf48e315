import { assert, assertEquals } from "@std/assert";
import { Arena, Slot, type Tensor } from "../../../backend/mod.ts";
import {
  downloadTrainState,
  type Head,
  linear,
  nll,
  type Objective,
  type PackedSequences,
  packSequences,
  trainStep,
} from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { midway, setting } from "../../support/step_setting.ts";
import { uniform } from "../../support/random.ts";

/** A score of each row: h·w with a w that does not train. */
const scores = (w: Tensor): Head<{ scores: Tensor }> => (tape, _pass, h) => {
  const y = linear(tape, h, { tensor: w, trains: false });
  const reading = { scores: tape.arena.clone(y, "scores") }; // the tape frees `y` on its way back
  return {
    reading,
    tensors: Object.values(reading),
    watched: reading.scores,
    back: (slopes) => tape.accumulate(y, () => tape.arena.clone(slopes)),
  };
};

/** L = −(1/H) Σ score. */
const raise = (w: Tensor): Objective<PackedSequences, "scores", { scores: Tensor }> => ({
  name: "raise",
  metrics: { scores: "token" },
  head: scores(w),
  split: nll().split,
  slopes(arena, { batch, head, device }) {
    const all = new Float32Array(device.targets.shape[0]).fill(-1 / batch.targets.length);
    return { slopes: arena.upload([all.length, 1], all, "slopes"), metrics: head };
  },
  summarise: () => ({}),
});

deviceTest(
  "trainStep() of an objective with its own head raises what that reads",
  async (device) => {
    using all = await setting(device);
    const packed = packSequences(
      [[1, 14, 63, 8], [1, 55, 20]].map((ids) => ({ ids, promptLength: 1 })),
    );
    const run = async (microBatch?: number) => {
      using state = new Slot(midway(all, 2));
      using weights = new Arena(device, "w");
      const size = all.model.config.hiddenSize;
      const w = weights.upload([1, size], uniform(size, 7), "w");
      weights.commit();
      const means = [];
      for (let step = 0; step < 3; step++) {
        using arena = new Arena(device, `step ${step}`);
        const options = { step, learningRate: 0.01, microBatch };
        const out = await trainStep(
          arena,
          { ...all, objective: raise(w) },
          state.current,
          packed,
          options,
        );
        const read = await arena.readAll(out.metrics);
        state.set(out.state);
        means.push([...read.scores].reduce((a, b) => a + b, 0) / read.scores.length);
      }
      return { means, ...await downloadTrainState(device, state.current) };
    };
    const { means } = await run(), split = await run(1);
    assert(means[0] < means[1] && means[1] < means[2], `${means}`);
    assertEquals(split.means[0], means[0]);
    assert(Math.abs(split.means[2] - means[2]) < 1e-4 * Math.abs(means[2]), `${split.means}`);
  },
);
