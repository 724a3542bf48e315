// One BPO training step: K members in one batched pass. Pure: same values in, same bits out; only memory is given away.
import {
  type Arena,
  expandSegments,
  preferenceLoss,
  preferenceLossOnHost,
  segmentSum,
  type Tensor,
} from "../backend/mod.ts";
import type { PreferenceLoss } from "../losses/mod.ts";
import { adapterForward, type AdapterRun, adapterUpdate } from "./adapter_pass.ts";
import type { PreferenceBatch } from "./preference_batch.ts";
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
  /** [K] squared gradient norms before clipping. */
  readonly normSquares: Tensor;
};

/**
 * One step: L = (1/B) Σ loss(dw, dl) for every member, its gradient, clipping, AdamW. Everything is recorded in
 * `arena`; nothing has changed until it commits, and a throw leaves `state` as it was. One submit, except that a
 * loss without WGSL needs a second on WebGPU.
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
 * @param options `step`: updates made before this one (AdamW's bias correction), from 0; `learningRate` of this step.
 * @returns The next state and the metrics, in `arena`.
 */
export async function trainStep(
  arena: Arena,
  run: TrainRun,
  state: TrainState,
  batch: PreferenceBatch,
  { step, learningRate }: { step: number; learningRate: number },
): Promise<{ state: TrainState; metrics: StepMetrics }> {
  const { loss } = run;
  const forward = adapterForward(arena, run, state.borrow().params, batch.packed);
  const { head, device, members } = forward;
  const logps = segmentSum(arena, head.logps, device.headStarts, device.headCounts);
  const { losses, slopes } = await pairLosses(arena, run, batch, logps, members);
  const scale = expandSegments(
    arena,
    slopes,
    device.headStarts,
    device.headCounts,
    device.targets.shape[0],
  );
  const { next, normSquares } = adapterUpdate(arena, run, state, forward, scale, {
    step,
    learningRate,
    receiver: `trainStep() with ${loss.name}`,
  });
  return { state: next, metrics: { losses, logps, entropy: head.entropy, normSquares } };
}

async function pairLosses(
  arena: Arena,
  { loss }: TrainRun,
  batch: PreferenceBatch,
  logps: Tensor,
  members: number,
): Promise<{ losses: Tensor; slopes: Tensor }> {
  const { pairs, reference, packed } = batch;
  const sizes = { members, pairs };
  if (loss.wgsl !== undefined || arena.device.info.kind === "cpu") {
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
