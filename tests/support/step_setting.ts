// What the tests of a training step begin with.
import { Arena, type Device, type Slot } from "../../backend/mod.ts";
import {
  type AdamwOptions,
  type AdapterLayout,
  adapterLayout,
  completionLogps,
  linearLayers,
  type Model,
  pairwise,
  type PreferenceBatch,
  preferenceBatch,
  type SequenceMetric,
  type StepMetrics,
  type TrainState,
  trainStep,
  uploadTrainState,
} from "../../core/mod.ts";
import { dpo, type PreferenceLoss } from "../../losses/mod.ts";
import { jsonFixture, modelFixture } from "./fixtures.ts";
import { uniform } from "./random.ts";

/** A model with pairs and their reference log-probs. */
export interface Setting extends Disposable {
  readonly device: Device;
  readonly model: Model;
  readonly layout: AdapterLayout;
  readonly batch: PreferenceBatch;
}

/** tiny_llama and two pairs whose reference log-probs are the model's own: what a phase starts with. */
export async function setting(device: Device): Promise<Setting> {
  const model = await modelFixture(device, "tiny_llama");
  const layout = adapterLayout(linearLayers(model.config), { rank: 4, alpha: 8 });
  const { pairs } = await jsonFixture("lora.json");
  const sequences = (name: "chosen" | "rejected") =>
    // deno-lint-ignore no-explicit-any
    pairs.map((p: any) => ({ ids: [...p.prompt, ...p[name]], promptLength: p.prompt.length }));
  const { sums } = await completionLogps(device, model, [
    ...sequences("chosen"),
    ...sequences("rejected"),
  ]);
  const batch = preferenceBatch(
    // deno-lint-ignore no-explicit-any
    pairs.map((p: any, i: number) => ({
      ...p,
      referenceChosen: sums[i],
      referenceRejected: sums[pairs.length + i],
    })),
    { snapshotId: "s", referenceId: "s", requireSame: true },
  );
  return { device, model, layout, batch, [Symbol.dispose]: () => model.weights[Symbol.dispose]() };
}

/** A state in the middle of training: B is not zero, moments are not zero. */
export function midway({ device, layout }: Setting, members: number): TrainState {
  const size = members * layout.size;
  return uploadTrainState(device, layout, members, {
    params: uniform(size, 1, 0.1),
    m: uniform(size, 2, 0.01),
    v: uniform(size, 3, 0.01).map(Math.abs),
  });
}

/** One object: a loss brings its own kernel. */
export const DPO: PreferenceLoss = dpo({ beta: 0.1 });

/** One step; the slot gets the next state. */
export async function runStep(
  { device, model, layout, batch }: Omit<Setting, keyof Disposable>,
  state: Slot<ReturnType<TrainState["borrow"]>>,
  { loss = DPO, step = 0, learningRate = 0.01, adamw, microBatch }: {
    loss?: PreferenceLoss;
    step?: number;
    learningRate?: number;
    adamw?: AdamwOptions;
    microBatch?: number;
  } = {},
): Promise<{ [K in keyof StepMetrics<SequenceMetric>]: number[] }> {
  using arena = new Arena(device, `step ${step}`);
  const out = await trainStep(
    arena,
    { model, layout, objective: pairwise(loss), adamw },
    state.current,
    batch,
    {
      step,
      learningRate,
      microBatch,
    },
  );
  const read = await arena.readAll(out.metrics);
  state.set(out.state);
  return {
    losses: [...read.losses],
    logps: [...read.logps],
    entropy: [...read.entropy],
    meanLogits: [...read.meanLogits],
    isTop: [...read.isTop],
    normSquares: [...read.normSquares],
    nonFinite: [...read.nonFinite],
  };
}
