// What every step that trains adapters does, whatever its loss: forward pass with the unscaled gradient of each
// log-prob, then, once the loss has said how much each counts, the backward pass and AdamW.
import {
  adamwCheckInPlace,
  adamwInPlace,
  add,
  addCountsInPlace,
  type Arena,
  countNonFiniteInPlace,
  sumSquares,
  type Tensor,
} from "../../backend/mod.ts";
import { adamwConstants, type AdamwOptions, type StepPace } from "../optim/adamw.ts";
import type { AdapterLayout } from "../lora/adapter.ts";
import { checkIds, type DeviceBatch, uploadBatch } from "../batch/device_batch.ts";
import { forward } from "../model/decoder.ts";
import type { Model } from "../model/load.ts";
import type { Head, HeadPass } from "./head.ts";
import type { TrainState } from "./state.ts";
import { Tape } from "../ops/tape.ts";
import type { PackedSequences } from "../batch/packed_sequences.ts";

/** What a step trains: adapters on a frozen base. */
export interface AdapterRun {
  /** The frozen base. */
  readonly model: Model;
  /** Where the members' matrices are. */
  readonly layout: AdapterLayout;
  /** Keep only each block's input for the backward pass and compute the rest again: a third more work, far less memory. */
  readonly gradientCheckpointing?: boolean;
  /** The optimiser's constants. */
  readonly adamw?: AdamwOptions;
}

/** A forward pass that a backward pass can follow. */
export interface AdapterForward<Out> {
  /** K. */
  readonly members: number;
  /** The batch, repeated once a member. */
  readonly device: DeviceBatch;
  /** What the head read, and the way back from it. */
  readonly head: HeadPass<Out>;
  /** What was recorded. */
  readonly tape: Tape;
  /** [K, P], written by the backward pass. */
  readonly gradient: Tensor;
}

/** Runs all members over a batch. */
export function adapterForward<Out>(
  arena: Arena,
  { model, layout, gradientCheckpointing }: AdapterRun,
  params: Tensor,
  packed: PackedSequences,
  head: Head<Out>,
): AdapterForward<Out> {
  const { config } = model, weights = model.weights.borrow();
  const members = params.shape[0];
  checkIds(packed.ids, config.vocabSize, {
    verb: "train",
    thing: "on the texts",
    holder: "the batch",
  });
  const gradient = arena.zeros(params.shape, "gradient");
  const device = uploadBatch(arena, packed, members);
  const tape = new Tape(arena, true);
  const adapter = { params, layout, gradient };
  const pass = { config, weights, adapter, gradientCheckpointing };
  const h = forward(tape, pass, device);
  return { members, device, head: head(tape, pass, h, device), tape, gradient };
}

/**
 * Backward pass.
 *
 * @param slopes [K·H] ∂loss/∂(what the head read) of each completion token.
 * @param nonFinite [K] u32: grows by the blocks of a member's readings and slopes with a number that is not finite.
 * @returns [K, P] ∂loss/∂params.
 */
export function adapterGradient(
  arena: Arena,
  { head, tape, gradient }: AdapterForward<unknown>,
  { slopes, nonFinite }: { readonly slopes: Tensor; readonly nonFinite: Tensor },
): Tensor {
  for (const x of [head.watched, slopes]) countNonFiniteInPlace(arena, { x, count: nonFinite });
  head.back(slopes);
  tape.backward();
  return gradient;
}

/**
 * Adds a part's gradient to that of the parts before it, in their order, and lets the next part have the memory of
 * this one.
 *
 * @param before Of the parts before; undefined at the first. Released.
 * @param left What else of this part nobody needs any more; named twice it is released once.
 * @returns The sum.
 */
export function addPart(
  arena: Arena,
  before: Tensor | undefined,
  gradient: Tensor,
  left: readonly Tensor[],
): Tensor {
  const sum = before === undefined ? gradient : add(arena, before, gradient);
  if (before !== undefined) {
    arena.release(before);
    arena.release(gradient);
  }
  for (const tensor of new Set(left)) arena.release(tensor);
  arena.flush();
  return sum;
}

/** The tensors of a batch on the device. */
export function tensorsOf(
  { groups: _groups, maxLength: _maxLength, ...tensors }: DeviceBatch,
): Tensor[] {
  return Object.values(tensors);
}

/** How an update is made. */
export interface UpdateOptions extends StepPace {
  /** Who takes the state, for messages. */
  readonly receiver: string;
  /** [K] u32: what of each member's pass is not finite; grows by what of its update is not. */
  readonly nonFinite: Tensor;
  /** Update no member where one cannot be. Default: each for itself. */
  readonly allOrNone?: boolean;
}

/**
 * AdamW. The state is donated last, so that a throw leaves it as it was. A member with a number that is not finite, in
 * what it was trained on or in what would become of it, keeps parameters and moments bit for bit.
 */
export function adapterUpdate(
  arena: Arena,
  { adamw }: AdapterRun,
  state: TrainState,
  gradient: Tensor,
  { step, learningRate, receiver, nonFinite, allOrNone = false }: UpdateOptions,
): { next: TrainState; normSquares: Tensor } {
  const normSquares = sumSquares(arena, gradient);
  const options = { lr: learningRate, ...adamwConstants(adamw), step: step + 1 };
  const { params, ...moments } = state.borrow();
  const given = { grad: gradient, normSquares };
  adamwCheckInPlace(arena, { param: params, ...moments, ...given }, nonFinite, options);
  const skip = allOrNone ? sumOf(arena, nonFinite) : nonFinite;
  const next = state.donate(arena, receiver); // from here on, in place
  const { params: param, m, v } = next.borrow();
  adamwInPlace(arena, { param, m, v, ...given, skip }, options);
  return { next, normSquares };
}

/** [1], the sum of all members' counts. */
function sumOf(arena: Arena, counts: Tensor): Tensor {
  const count = arena.zeros([1], "nonFinite of all", "u32");
  addCountsInPlace(arena, { part: { ...counts, shape: [1, counts.shape[0]] }, count });
  return count;
}
