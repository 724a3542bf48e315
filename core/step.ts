// One BPO training step: K members in one batched pass. Pure: same values in, same bits out; only memory is given away.
import {
  adamwInPlace,
  type Arena,
  expandSegments,
  preferenceLoss,
  preferenceLossOnHost,
  scaleRows,
  segmentSum,
  sumSquares,
  type Tensor,
  tokenLogps,
} from "../backend/mod.ts";
import type { PreferenceLoss } from "../losses/mod.ts";
import type { AdapterLayout } from "./lora/adapter.ts";
import { uploadBatch } from "./model/batch.ts";
import { forward, headName, type Llama } from "./model/llama.ts";
import type { PreferenceBatch } from "./preference_batch.ts";
import type { TrainState, TrainTensors } from "./state.ts";
import { Tape } from "./tape.ts";

/** AdamW's constants. */
export interface AdamwOptions {
  /** β₁, default 0.9. */
  readonly beta1?: number;
  /** β₂, default 0.999. */
  readonly beta2?: number;
  /** ε, default 1e-8. */
  readonly eps?: number;
  /** Decoupled weight decay, default 0. */
  readonly weightDecay?: number;
  /** Clip each member's gradient norm to this; 0 is off. Default 1. */
  readonly maxGradNorm?: number;
}

/**
 * AdamW's constants with their defaults filled in: one place for LoRA training and SFT.
 *
 * @example
 * ```ts
 * import { adamwConstants } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const { beta2, maxGradNorm } = adamwConstants({ beta2: 0.95 });
 * assertEquals([beta2, maxGradNorm], [0.95, 1]);
 * ```
 */
export function adamwConstants(given: AdamwOptions = {}): Required<AdamwOptions> {
  return {
    beta1: given.beta1 ?? 0.9,
    beta2: given.beta2 ?? 0.999,
    eps: given.eps ?? 1e-8,
    weightDecay: given.weightDecay ?? 0,
    maxGradNorm: given.maxGradNorm ?? 1,
  };
}

/** What stays fixed over a run. */
export interface TrainRun {
  /** The frozen base. */
  readonly model: Llama;
  /** Where the members' matrices are. */
  readonly layout: AdapterLayout;
  /** Any loss of the contract. */
  readonly loss: PreferenceLoss;
  /** The optimiser's constants. */
  readonly adamw?: AdamwOptions;
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
 * import { adapterLayout, initLlama, initTrainState, keyOf } from "@leash/bpo/core";
 * import { linearLayers, loadLlama, parseLlamaConfig, preferenceBatch, trainStep } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseLlamaConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const model = loadLlama(device, config, initLlama(config, keyOf(1)));
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
  const { model, layout, loss } = run;
  const { config } = model;
  const { params } = state.borrow();
  const members = params.shape[0];
  const weights = model.weights.borrow();
  const gradient = arena.zeros(params.shape, "gradient");
  const device = uploadBatch(arena, batch.packed, members);
  const tape = new Tape(arena, true);
  const h = forward(
    tape,
    { config, weights, adapter: { params, layout, gradient } },
    device,
  );
  const head = tokenLogps(arena, { h, w: weights[headName(config)], targets: device.targets }, {
    gradient: true,
  });
  const logps = segmentSum(arena, head.logps, device.headStarts, device.headCounts);
  const { losses, slopes } = await pairLosses(arena, run, batch, logps, members);
  const scale = expandSegments(
    arena,
    slopes,
    device.headStarts,
    device.headCounts,
    device.targets.shape[0],
  );
  tape.accumulate(h, () => scaleRows(arena, head.gradient!, scale));
  arena.release(head.gradient!);
  tape.backward();
  const normSquares = sumSquares(arena, gradient);
  const next = state.donate(arena, `trainStep() with ${loss.name}`); // from here on, in place
  const { params: param, m, v } = next.borrow();
  adamwInPlace(arena, { param, grad: gradient, m, v, normSquares }, {
    lr: learningRate,
    ...adamwConstants(run.adamw),
    step: step + 1,
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
