// One training step, whatever it optimises: K members in one batched pass. Pure: same values in, same bits out; only
// memory is given away.
import { type Arena, countNonFiniteInPlace, type Tensor } from "../../backend/mod.ts";
import {
  adapterForward,
  adapterGradient,
  type AdapterRun,
  adapterUpdate,
  addPart,
  tensorsOf,
} from "./adapter_pass.ts";
import { checkPace, type StepPace } from "../optim/adamw.ts";
import { JoinedMetrics } from "./join_metrics.ts";
import type { Objective } from "./objective.ts";
import type { TrainState } from "./state.ts";
import { survey } from "./survey.ts";

/** What stays fixed over a run. */
export interface TrainRun<Batch, Metric extends string, Out> extends AdapterRun {
  /** What is optimised: `pairwise(loss)`, `nll()`, or one of your own. */
  readonly objective: Objective<Batch, Metric, Out>;
}

/** A step's numbers on the device, the objective's and these; read them in one readback with `arena.readAll`. */
export type StepMetrics<Metric extends string> = { readonly [name in Metric]: Tensor } & {
  /** [K] squared gradient norms before clipping. */
  readonly normSquares: Tensor;
  /** [K] u32: blocks of numbers that are not finite. A member with any keeps its parameters and moments bit for bit. */
  readonly nonFinite: Tensor;
};

/**
 * One step: the objective's mean over the batch for every member, its gradient, clipping, AdamW. Everything is recorded
 * in `arena`; nothing has changed until it commits, and a throw leaves `state` as it was. One submit, except that slopes
 * which are computed on the host need a second, that sequences which are scored first (`Objective.survey`) do, and that
 * each micro-batch is one of its own: they go one after another, in the memory of the largest, and their gradients are
 * summed in order before anything is clipped.
 *
 * A member of which a log-prob, a loss, a slope, the gradient's norm, a parameter, a moment or what would become of it
 * is NaN or infinite is not updated: `metrics.nonFinite` says which.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, Slot } from "@leash/bpo/backend";
 * import { adapterLayout, initTrainState, keyOf, linearLayers, pairwise } from "@leash/bpo/core";
 * import { preferenceBatch, tinyModel, trainStep } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 });
 * const objective = pairwise(dpo({ beta: 0.1 }));
 * using state = new Slot(initTrainState(device, layout, 2, keyOf(2)));
 * const batch = preferenceBatch([
 *   { prompt: [1], chosen: [6, 2], rejected: [7], referenceChosen: -5, referenceRejected: -3 },
 * ], { snapshotId: "s", referenceId: "s", requireSame: true });
 * using arena = new Arena(device, "step 0");
 * const options = { step: 0, learningRate: 1e-3 };
 * const next = await trainStep(arena, { model, layout, objective }, state.current, batch, options);
 * const { losses } = await arena.readAll(next.metrics); // the one submit and the one readback
 * state.set(next.state);
 * assert(losses.length === 2 && losses.every(Number.isFinite)); // a pair, two members
 * ```
 *
 * @param run The frozen base, the layout of adapters, the objective.
 * @param state Donated: use the state that is returned.
 * @param batch What the objective takes: of `pairwise`, pairs with reference log-probs.
 * @param options `step`: updates made before this one (AdamW's bias correction), from 0; `learningRate` of this step;
 * `microBatch`: the most that goes through the model at once, all by default. The split decides how sums round;
 * `allOrNone`: update no member where one cannot be.
 * @returns The next state and the metrics, in `arena`.
 * @throws {RangeError} If a reference log-prob, the learning rate or the step is no finite number.
 */
export async function trainStep<Batch, Metric extends string, Out>(
  arena: Arena,
  run: TrainRun<Batch, Metric, Out>,
  state: TrainState,
  batch: Batch,
  { step, learningRate, microBatch, allOrNone }: TrainStepOptions,
): Promise<{ state: TrainState; metrics: StepMetrics<Metric> }> {
  checkPace({ step, learningRate });
  const { objective } = run;
  const [whole] = objective.split(batch);
  const parts = microBatch === undefined ? [whole] : objective.split(batch, microBatch);
  const { params } = state.borrow();
  const members = params.shape[0], examples = whole.examples.length;
  const surveyed = await survey(arena, run, params, {
    sequences: objective.survey?.(batch, parts.length),
    rows: Math.max(...parts.map(({ packed }) => packed.ids.length)),
  });
  const nonFinite = arena.zeros([members], "nonFinite", "u32");
  const joined = parts.length === 1
    ? undefined
    : new JoinedMetrics(arena, members, whole, objective.metrics);
  let gradient: Tensor | undefined, metrics: Readonly<Record<Metric, Tensor>> | undefined;
  for (const part of parts) {
    const forward = adapterForward(arena, run, params, part.packed, objective.head);
    const { device, head } = forward;
    const own = await objective.slopes(arena, {
      ...{ batch, part, examples, members, device, surveyed },
      head: head.reading,
    });
    const { slopes, watched = [], left = [] } = own;
    for (const x of watched) countNonFiniteInPlace(arena, { x, count: nonFinite });
    const gradientOfPart = adapterGradient(arena, forward, { slopes, nonFinite });
    if (joined === undefined) {
      gradient = gradientOfPart;
      metrics = own.metrics;
      continue;
    }
    joined.take(part, own.metrics);
    gradient = addPart(arena, gradient, gradientOfPart, [
      ...[...tensorsOf(device), ...head.tensors, ...Object.values<Tensor>(own.metrics)],
      ...[...watched, ...left, slopes],
    ]);
  }
  const { next, normSquares } = adapterUpdate(arena, run, state, gradient!, {
    ...{ step, learningRate, nonFinite, allOrNone },
    receiver: `trainStep() with ${objective.name}`,
  });
  return { state: next, metrics: { ...(joined?.metrics ?? metrics!), normSquares, nonFinite } };
}

/** When a step is, and how it is done. */
export interface TrainStepOptions extends StepPace {
  /** The most that goes through the model at once, in the objective's unit (pairs, tokens); all by default. */
  readonly microBatch?: number;
  /** Update no member where one cannot be, for a run that stops there. Default: each for itself. */
  readonly allOrNone?: boolean;
}
