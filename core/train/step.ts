// One BPO training step: K members in one batched pass. Pure: same values in, same bits out; only memory is given away.
import {
  type Arena,
  countNonFiniteInPlace,
  expandSegments,
  preferenceLoss,
  preferenceLossOnHost,
  segmentSum,
  type Tensor,
} from "../../backend/mod.ts";
import type { PreferenceLoss } from "../../losses/mod.ts";
import {
  adapterForward,
  adapterGradient,
  type AdapterRun,
  adapterUpdate,
  addPart,
  leftOf,
} from "./adapter_pass.ts";
import { type MicroBatch, microBatches } from "../batch/micro_batches.ts";
import { checkPace, type StepPace } from "../optim/adamw.ts";
import { checkReference, type PreferenceBatch } from "../batch/preference_batch.ts";
import type { TrainState, TrainTensors } from "./state.ts";

/** What stays fixed over a run. */
export interface TrainRun extends AdapterRun {
  /** Any loss of the contract. */
  readonly loss: PreferenceLoss;
}

/** A step's numbers on the device; read them in one readback with `arena.readAll`. */
export type StepMetrics = {
  /** [K, B] loss of each member and pair. */
  readonly losses: Tensor;
  /** [K·2B] log-probs of completions under each member before the update, nats. */
  readonly logps: Tensor;
  /** [K·H] entropies of next-token distributions, nats. */
  readonly entropy: Tensor;
  /** [K·H] mean logit of the vocabulary at each completion token. */
  readonly meanLogits: Tensor;
  /** [K·H] 1 where the completion token is the model's first choice, else 0. */
  readonly isTop: Tensor;
  /** [K] squared gradient norms before clipping. */
  readonly normSquares: Tensor;
  /** [K] u32: blocks of numbers that are not finite. A member with any keeps its parameters and moments bit for bit. */
  readonly nonFinite: Tensor;
};

/**
 * One step: L = (1/B) Σ loss(dw, dl) for every member, its gradient, clipping, AdamW. Everything is recorded in
 * `arena`; nothing has changed until it commits, and a throw leaves `state` as it was. One submit, except that a
 * loss without WGSL needs a second on WebGPU, and that each micro-batch is one of its own: they go one after another,
 * in the memory of the largest, and their gradients are summed in order before anything is clipped.
 *
 * A member of which a log-prob, a loss, a slope, the gradient's norm, a parameter, a moment or what would become of it
 * is NaN or infinite is not updated: `metrics.nonFinite` says which.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, Slot } from "@leash/bpo/backend";
 * import { adapterLayout, initModel, initTrainState, keyOf } from "@leash/bpo/core";
 * import { linearLayers, loadModel, parseModelConfig, preferenceBatch, trainStep } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const model = loadModel(device, config, initModel(config, keyOf(1)));
 * using weights = model.weights;
 * const layout = adapterLayout(linearLayers(config), { rank: 2, alpha: 4 });
 * const loss = dpo({ beta: 0.1 });
 * using state = new Slot(initTrainState(device, layout, 2, keyOf(2)));
 * const batch = preferenceBatch([
 *   { prompt: [1], chosen: [6, 2], rejected: [7], referenceChosen: -5, referenceRejected: -3 },
 * ], { snapshotId: "s", referenceId: "s", requireSame: true });
 * using arena = new Arena(device, "step 0");
 * const options = { step: 0, learningRate: 1e-3 };
 * const next = await trainStep(arena, { model, layout, loss }, state.current, batch, options);
 * const { losses } = await arena.readAll(next.metrics); // the one submit and the one readback
 * state.set(next.state);
 * assert(losses.length === 2 && losses.every(Number.isFinite)); // a pair, two members
 * ```
 *
 * @param run The frozen base, the layout of adapters, the loss.
 * @param state Donated: use the state that is returned.
 * @param batch Pairs with reference log-probs.
 * @param options `step`: updates made before this one (AdamW's bias correction), from 0; `learningRate` of this step;
 * `microBatch`: pairs that go through the model at once, all by default. The split decides how sums round;
 * `allOrNone`: update no member where one cannot be.
 * @returns The next state and the metrics, in `arena`.
 * @throws {RangeError} If a reference log-prob, the learning rate or the step is no finite number.
 */
export async function trainStep(
  arena: Arena,
  run: TrainRun,
  state: TrainState,
  batch: PreferenceBatch,
  { step, learningRate, microBatch = batch.pairs, allOrNone }: TrainStepOptions,
): Promise<{ state: TrainState; metrics: StepMetrics }> {
  checkPace({ step, learningRate });
  checkReference(batch.reference);
  const { params } = state.borrow();
  const parts = microBatches(batch, microBatch);
  const nonFinite = arena.zeros([params.shape[0]], "nonFinite", "u32");
  const whole = parts.length === 1 ? undefined : new WholeMetrics(arena, params.shape[0], batch);
  let gradient: Tensor | undefined, one: PairMetrics | undefined;
  for (const part of parts) {
    const forward = adapterForward(arena, run, params, part.packed);
    const { head, device, members } = forward;
    const logps = segmentSum(arena, head.logps, device.headStarts, device.headCounts);
    const { losses, slopes } = await pairLosses(arena, run, part, logps, {
      members,
      of: batch.pairs,
    });
    const { headStarts, headCounts, targets } = device;
    const scale = expandSegments(arena, slopes, headStarts, headCounts, targets.shape[0]);
    countNonFiniteInPlace(arena, { x: losses, count: nonFinite });
    const own = adapterGradient(arena, forward, { scale, nonFinite });
    const { entropy, meanLogits, isTop } = head;
    one = { losses, logps, entropy, meanLogits, isTop };
    if (whole === undefined) {
      gradient = own;
    } else {
      whole.take(part, one);
      const left = { ...leftOf(forward), losses, logps, slopes, scale };
      gradient = addPart(arena, gradient, own, left);
    }
  }
  const { next, normSquares } = adapterUpdate(arena, run, state, gradient!, {
    ...{ step, learningRate, nonFinite, allOrNone },
    receiver: `trainStep() with ${run.loss.name}`,
  });
  return { state: next, metrics: { ...(whole?.metrics ?? one!), normSquares, nonFinite } };
}

/** When a step is, and how it is done. */
export interface TrainStepOptions extends StepPace {
  /** Pairs that go through the model at once; all by default. */
  readonly microBatch?: number;
  /** Update no member where one cannot be, for a run that stops there. Default: each for itself. */
  readonly allOrNone?: boolean;
}

type PairMetrics = Omit<StepMetrics, "normSquares" | "nonFinite">;

/** A batch's metrics, which its parts fill in: the same places as if it had gone through the model at once. */
class WholeMetrics {
  readonly metrics: PairMetrics;

  constructor(readonly arena: Arena, readonly members: number, readonly batch: PreferenceBatch) {
    const { pairs, packed } = batch;
    this.metrics = {
      losses: arena.alloc([members * pairs], "losses of all pairs"),
      logps: arena.alloc([members * 2 * pairs], "log-probs of all pairs"),
      entropy: arena.alloc([members * packed.targets.length], "entropies of all pairs"),
      meanLogits: arena.alloc([members * packed.targets.length], "mean logits of all pairs"),
      isTop: arena.alloc([members * packed.targets.length], "first choices of all pairs"),
    };
  }

  take(part: MicroBatch, own: PairMetrics): void {
    const { first, pairs: b, packed: { headCounts } } = part;
    const { pairs: B, packed: { headStarts, targets } } = this.batch;
    const h = headCounts.reduce((a, b) => a + b, 0), won = headCounts.subarray(0, b);
    const hw = won.reduce((a, b) => a + b, 0), H = targets.length;
    for (let k = 0; k < this.members; k++) {
      const copy = (name: keyof PairMetrics, from: number, to: number, count: number) =>
        this.arena.copy(own[name], this.metrics[name], { from, to, count });
      copy("losses", k * b, k * B + first, b);
      copy("logps", k * 2 * b, k * 2 * B + first, b);
      copy("logps", k * 2 * b + b, k * 2 * B + B + first, b);
      for (const name of ["entropy", "meanLogits", "isTop"] as const) {
        copy(name, k * h, k * H + headStarts[first], hw);
        copy(name, k * h + hw, k * H + headStarts[B + first], h - hw);
      }
    }
  }
}

async function pairLosses(
  arena: Arena,
  { loss }: TrainRun,
  batch: PreferenceBatch,
  logps: Tensor,
  { members, of }: { members: number; of: number },
): Promise<{ losses: Tensor; slopes: Tensor }> {
  const { pairs, reference, packed } = batch;
  const sizes = { members, pairs, of };
  if (loss.wgsl !== undefined || arena.device.info.runsTwins) {
    return preferenceLoss(
      arena,
      {
        logps,
        reference: arena.upload([2 * pairs], reference, "reference logps"),
        counts: arena.upload([2 * pairs], packed.headCounts, "completion tokens"),
      },
      loss,
      sizes,
    );
  }
  const host = preferenceLossOnHost(loss, {
    logps: await arena.read(logps) as Float32Array,
    reference,
    counts: packed.headCounts,
  }, sizes);
  return {
    losses: arena.upload([members, pairs], host.losses, "losses"),
    slopes: arena.upload([members * 2 * pairs], host.slopes, "slopes"),
  };
}

/** The tensors that a step overwrites, for callers that own them apart. */
export type { TrainTensors };
