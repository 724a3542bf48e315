// How a learner begins: where its members' matrices are, and what stands in them.
import type { Device } from "../backend/mod.ts";
import {
  type AdamwOptions,
  type AdapterLayout,
  adapterLayout,
  checkPace,
  fold,
  initTrainState,
  keyOf,
  linearLayers,
  type Model,
  type ModuleTarget,
  type Scheduled,
  type TrainState,
  uploadTrainState,
  valueAt,
} from "../core/mod.ts";

/** What learns, whatever it learns from. */
export interface MemberOptions {
  /** The frozen base; owned by the caller. */
  readonly model: Model;
  /** K. */
  readonly members: number;
  /** r of each member. */
  readonly rank: number;
  /** scale = alpha / rank, or alpha / √rank with `rsLora`. */
  readonly alpha: number;
  /** Rank-stabilised scale; default false. */
  readonly rsLora?: boolean;
  /** Linear layers to adapt; default all. `selectModules` has the rules. */
  readonly targetModules?: ModuleTarget;
  /** Members that are not fresh: then `rank`, `alpha`, `rsLora` and `targetModules` are the layout's. */
  readonly startFrom?: {
    /** Where their matrices are; its modules are the model's. */
    readonly layout: AdapterLayout;
    /** [members · layout.size] f32; borrowed. */
    readonly params: Float32Array;
  };
  /** AdamW's constants. */
  readonly adamw?: AdamwOptions;
  /** Keep only each block's input for the backward pass: a third more work, far less memory. Default false. */
  readonly gradientCheckpointing?: boolean;
  /** Of all steps, or of each from 0, as `scheduleByName` gives it. */
  readonly learningRate: Scheduled;
  /** A user's number: everything random follows from it. */
  readonly seed: number;
}

/**
 * Where the members' matrices are.
 *
 * @throws {RangeError} If the number of members is not whole or the learning rate no number.
 * @throws {TypeError} If `targetModules` matches nothing.
 */
export function learnerLayout(options: MemberOptions): AdapterLayout {
  const { model, members, rank, alpha, rsLora, targetModules, startFrom } = options;
  requireWhole("members", members);
  checkPace({ step: 0, learningRate: valueAt(options.learningRate, 0) });
  if (startFrom !== undefined) return startFrom.layout;
  return adapterLayout(linearLayers(model.config), { rank, alpha, rsLora, targetModules });
}

/** Refuses a size that is not a whole number of at least 1. */
export function requireWhole(name: string, size: number): void {
  if (Number.isInteger(size) && size >= 1) return;
  throw new RangeError(`Cannot plan the run: ${name} is ${size}, expected a whole number ≥ 1`);
}

/** Fresh members, or those that the caller has; moments 0. */
export function startState(
  device: Device,
  layout: AdapterLayout,
  { members, seed, startFrom }: MemberOptions,
): TrainState {
  if (startFrom === undefined) {
    return initTrainState(device, layout, members, fold(keyOf(seed), "adapter"));
  }
  const { params } = startFrom;
  if (params.length !== members * layout.size) {
    throw new RangeError(
      `Cannot start the run: startFrom has ${params.length} numbers, expected ${members} members of ${layout.size}`,
    );
  }
  const zeros = () => new Float32Array(params.length);
  return uploadTrainState(device, layout, members, { params, m: zeros(), v: zeros() });
}
