// Supervised fine-tuning of adapters: mean NLL over completion tokens, on a frozen base, K members in one pass.
import type { Arena, Tensor } from "../../backend/mod.ts";
import {
  adapterForward,
  adapterGradient,
  type AdapterRun,
  adapterUpdate,
  addPart,
  leftOf,
} from "./adapter_pass.ts";
import { rowBatches } from "../batch/micro_batches.ts";
import { checkPace, type StepPace } from "../optim/adamw.ts";
import type { TrainState } from "./state.ts";
import type { PackedSequences } from "../batch/packed_sequences.ts";

/** An SFT step's numbers on the device; read them in one readback with `arena.readAll`. */
export type SftAdapterMetrics = {
  /** [K·H] log-prob of each completion token before the update, nats. */
  readonly logps: Tensor;
  /** [K·H] entropies of next-token distributions, nats. */
  readonly entropy: Tensor;
  /** [K] squared gradient norms before clipping. */
  readonly normSquares: Tensor;
  /** [K] u32: blocks of numbers that are not finite. A member with any keeps its parameters and moments bit for bit. */
  readonly nonFinite: Tensor;
};

/**
 * One step of SFT: L = −(1/H) Σ log p(y) over the H completion tokens, for every member. Recorded in `arena`; nothing
 * has changed until it commits, and a throw leaves `state` as it was.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, Slot } from "@leash/bpo/backend";
 * import { adapterLayout, initModel, initTrainState, keyOf, linearLayers, loadModel } from "@leash/bpo/core";
 * import { packSequences, parseModelConfig, sftAdapterStep } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const model = loadModel(device, config, initModel(config, keyOf(1)));
 * using weights = model.weights;
 * const layout = adapterLayout(linearLayers(config), { rank: 2, alpha: 4 });
 * using state = new Slot(initTrainState(device, layout, 1, keyOf(2)));
 * const packed = packSequences([{ ids: [1, 6, 2], promptLength: 1 }]);
 * using arena = new Arena(device, "step 0");
 * const next = sftAdapterStep(arena, { model, layout }, state.current, packed, { step: 0, learningRate: 1e-3 });
 * const { logps } = await arena.readAll(next.metrics);
 * state.set(next.state);
 * assert(logps.length === 2 && logps.every((logp) => logp < 0));
 * ```
 *
 * @param run The frozen base and the layout of adapters.
 * @param state Donated: use the state that is returned.
 * @param packed Prompts and completions; only completion tokens count.
 * @param options `step`: updates made before this one, from 0; `learningRate` of this step;
 * `microTokens`: tokens that go through the model at once, whole sequences; all by default.
 * @returns The next state and the metrics, in `arena`. A member with a number that is not finite is not updated.
 * @throws {RangeError} If the learning rate or the step is no finite number.
 */
export function sftAdapterStep(
  arena: Arena,
  run: AdapterRun,
  state: TrainState,
  packed: PackedSequences,
  { step, learningRate, microTokens = Infinity }: SftAdapterStepOptions,
): { state: TrainState; metrics: SftAdapterMetrics } {
  checkPace({ step, learningRate });
  const { params } = state.borrow();
  const members = params.shape[0], H = packed.targets.length;
  const parts = rowBatches(packed, microTokens);
  const nonFinite = arena.zeros([members], "nonFinite", "u32");
  const vector = (label: string) => arena.alloc([members * H], label);
  const whole = parts.length === 1
    ? undefined
    : { logps: vector("all log-probs"), entropy: vector("all entropies") };
  let gradient: Tensor | undefined, metrics = whole, first = 0;
  for (const part of parts) {
    const forward = adapterForward(arena, run, params, part);
    const { logps, entropy } = forward.head, h = part.targets.length;
    const slopes = new Float32Array(members * h).fill(-1 / H);
    const scale = arena.upload([members * h], slopes, "−1/H");
    const own = adapterGradient(arena, forward, { scale, nonFinite });
    if (whole === undefined) {
      gradient = own;
      metrics = { logps, entropy };
      continue;
    }
    for (let k = 0; k < members; k++) {
      const range = { from: k * h, to: k * H + first, count: h };
      arena.copy(logps, whole.logps, range);
      arena.copy(entropy, whole.entropy, range);
    }
    first += h;
    gradient = addPart(arena, gradient, own, { ...leftOf(forward), scale });
  }
  const { next, normSquares } = adapterUpdate(arena, run, state, gradient!, {
    ...{ step, learningRate, nonFinite },
    receiver: "sftAdapterStep()",
  });
  return { state: next, metrics: { ...metrics!, normSquares, nonFinite } };
}

/** When a step is, and how it is done. */
export interface SftAdapterStepOptions extends StepPace {
  /** Tokens that go through the model at once, whole sequences; all by default. */
  readonly microTokens?: number;
}
