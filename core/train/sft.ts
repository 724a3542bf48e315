// Supervised fine-tuning of all weights: mean token NLL over completion tokens, AdamW. How the embedded model is made.
import {
  adamwCheckInPlace,
  adamwInPlace,
  type AdamwOptions as KernelOptions,
  type AdamwTensors,
  add,
  type Arena,
  countNonFiniteInPlace,
  scaleRows,
  sumSquares,
  type Tensor,
  tokenLogps,
  tokenLogpsWeightGrad,
} from "../../backend/mod.ts";
import { checkIds, uploadBatch } from "../batch/device_batch.ts";
import { bindModel } from "../model/bind.ts";
import { forward } from "../model/decoder.ts";
import type { ModelConfig } from "../model/types.ts";
import { adamwConstants, type AdamwOptions, checkPace, type StepPace } from "../optim/adamw.ts";
import { Tape } from "../ops/tape.ts";
import type { SftState, SftTensors } from "./sft_state.ts";
import type { PackedSequences } from "../batch/packed_sequences.ts";

/**
 * One SFT step on packed sequences: L = −(1/H) Σ log p(token), its gradient in every weight, clipping by the
 * global norm, AdamW (no weight decay on norms).
 *
 * @example
 * ```ts
 * import { Arena, openDevice, Slot } from "@leash/bpo/backend";
 * import { initSftState, packSequences, sftStep, tinyModel } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using state = new Slot(initSftState(device, model));
 * const packed = packSequences([{ ids: [1, 2, 3, 4], promptLength: 1 }]);
 * const losses: number[] = [];
 * for (let step = 0; step < 2; step++) {
 *   using arena = new Arena(device, `step ${step}`);
 *   const next = sftStep(arena, model.config, state.current, packed, { step, learningRate: 0.01 });
 *   const { logps } = await arena.readAll(next.metrics);
 *   losses.push(Array.from(logps).reduce((a, b) => a - b, 0) / logps.length);
 *   state.set(next.state);
 * }
 * assert(losses[1] < losses[0]);
 * ```
 *
 * @param state Donated: use the state that is returned.
 * @returns The next state; `logps` [H], the squared gradient norm [1] and `nonFinite` [1] u32 in `arena`. Where that
 * is not 0, a log-prob, a gradient, a weight, a moment or what would become of one is NaN or infinite, and all weights
 * and moments stay as they were, bit for bit.
 * @throws {RangeError} If the learning rate or the step is no finite number.
 */
export function sftStep(
  arena: Arena,
  config: ModelConfig,
  state: SftState,
  packed: PackedSequences,
  { step, learningRate, adamw = {} }: StepPace & { readonly adamw?: AdamwOptions },
): { state: SftState; metrics: { logps: Tensor; normSquares: Tensor; nonFinite: Tensor } } {
  checkPace({ step, learningRate });
  const { gradients, logps } = sftGradients(arena, config, state.borrow(), packed);
  const names = Object.keys(gradients);
  let normSquares: Tensor | undefined;
  for (const name of names) {
    const g = gradients[name];
    const one = sumSquares(arena, { ...g, shape: [1, g.shape.reduce((a, b) => a * b, 1)] });
    normSquares = normSquares === undefined ? one : add(arena, normSquares, one);
  }
  const nonFinite = arena.zeros([1], "nonFinite", "u32");
  countNonFiniteInPlace(arena, { x: logps, count: nonFinite });
  const constants = adamwConstants(adamw);
  /** Runs `update` on each weight with its moments and its options. */
  const each = (
    { weights, m, v }: SftTensors,
    update: (tensors: AdamwTensors, options: KernelOptions) => void,
  ) => {
    for (const name of names) {
      const flat = (t: Tensor) => ({ ...t, shape: [1, t.shape.reduce((a, b) => a * b, 1)] });
      update({
        param: flat(weights[name]),
        grad: flat(gradients[name]),
        m: flat(m[name]),
        v: flat(v[name]),
        normSquares: normSquares!,
      }, {
        lr: learningRate,
        ...constants,
        weightDecay: weights[name].shape.length > 1 ? constants.weightDecay : 0, // norms do not decay
        step: step + 1,
      });
    }
  };
  each(state.borrow(), (tensors, options) => {
    adamwCheckInPlace(arena, tensors, nonFinite, options);
  });
  const next = state.donate(arena, "sftStep()"); // from here on, in place
  each(next.borrow(), (tensors, options) => {
    adamwInPlace(arena, { ...tensors, skip: nonFinite }, options);
  });
  return { state: next, metrics: { logps, normSquares: normSquares!, nonFinite } };
}

/**
 * Gradient of the mean token NLL in every weight, by name; also the per-token log-probs [H]. All in `arena`.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { initSftState, packSequences, sftGradients, tinyModel } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using state = initSftState(device, model);
 * using arena = new Arena(device, "example");
 * const packed = packSequences([{ ids: [1, 2, 3, 4], promptLength: 1 }]);
 * const { gradients } = sftGradients(arena, model.config, state.borrow(), packed);
 * const table = await arena.read(gradients["model.embed_tokens.weight"]);
 * assertEquals(table[4 * 8], 0); // token 4 is only a target: its embedding is never read
 * ```
 */
export function sftGradients(
  arena: Arena,
  config: ModelConfig,
  { weights, tables }: Pick<SftTensors, "weights" | "tables">,
  packed: PackedSequences,
): { gradients: Record<string, Tensor>; logps: Tensor } {
  checkIds(packed.ids, config.vocabSize, {
    verb: "train",
    thing: "on the texts",
    holder: "the batch",
  });
  const batch = uploadBatch(arena, packed);
  const pass = { config, weights: { ...weights, ...tables }, trainsWeights: true };
  const tape = new Tape(arena, true);
  const h = forward(tape, pass, batch);
  const w = bindModel(pass).head.matrix as Tensor, softcap = config.logitSoftcap;
  const { targets } = batch;
  const { logps, lse, gradient } = tokenLogps(arena, { h, w, targets }, {
    gradient: true,
    softcap,
  });
  const H = targets.shape[0];
  const scale = arena.upload([H], new Float32Array(H).fill(-1 / H), "−1/H");
  tape.accumulate(w, () => tokenLogpsWeightGrad(arena, { h, w, targets, lse, scale }, { softcap }));
  tape.accumulate(h, () => scaleRows(arena, gradient!, scale));
  tape.backward();
  const gradients: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(weights)) gradients[name] = tape.gradient(tensor)!;
  return { gradients, logps };
}
