// How a learner begins: where its members' matrices are, and what stands in them.
import type { Device } from "../../backend/mod.ts";
import {
  type AdapterLayout,
  adapterLayout,
  checkPace,
  fold,
  initTrainState,
  keyOf,
  linearLayers,
  type TrainState,
  uploadTrainState,
  valueAt,
} from "../../core/mod.ts";
import type { LearnerOptions } from "./learner_options.ts";

/**
 * Where the members' matrices are.
 *
 * @throws {RangeError} If the number of members is not whole or the learning rate no number.
 * @throws {TypeError} If `targetModules` matches nothing.
 */
export function learnerLayout(options: LearnerOptions): AdapterLayout {
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
  { members, seed, startFrom }: LearnerOptions,
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
