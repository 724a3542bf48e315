// What training changes: K members' LoRA factors and their AdamW moments, each one flat tensor [K, P].
import { Arena, type Device, type Owned, type Tensor } from "../../backend/mod.ts";
import { type AdapterLayout, initAdapter } from "../lora/adapter.ts";
import type { Key } from "../base/random.ts";

/** The trained tensors. */
export type TrainTensors = {
  /** LoRA factors [K, P]. */
  readonly params: Tensor;
  /** AdamW first moments [K, P]. */
  readonly m: Tensor;
  /** AdamW second moments [K, P]. */
  readonly v: Tensor;
};

/** Training state: exactly one owner; `trainStep` takes it and returns the next. */
export type TrainState = Owned<TrainTensors>;

/** Training state on the host, for checkpoints. */
export interface HostTrainState {
  /** [K·P] f32. */
  readonly params: Float32Array;
  /** [K·P] f32. */
  readonly m: Float32Array;
  /** [K·P] f32. */
  readonly v: Float32Array;
}

/**
 * Fresh state: members differ by their own A, B = 0, moments 0.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, initTrainState, keyOf } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * using state = initTrainState(device, layout, 3, keyOf(1));
 * assertEquals(state.borrow().params.shape, [3, layout.size]);
 * ```
 */
export function initTrainState(
  device: Device,
  layout: AdapterLayout,
  members: number,
  key: Key,
): TrainState {
  const size = members * layout.size;
  return uploadTrainState(device, layout, members, {
    params: initAdapter(layout, members, key),
    m: new Float32Array(size),
    v: new Float32Array(size),
  });
}

/**
 * State from the host (a checkpoint).
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, downloadTrainState, uploadTrainState } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * const numbers = () => new Float32Array(layout.size).fill(0.5);
 * const host = { params: numbers(), m: numbers(), v: numbers() };
 * using state = uploadTrainState(device, layout, 1, host);
 * assertEquals(await downloadTrainState(device, state), host);
 * ```
 */
export function uploadTrainState(
  device: Device,
  layout: AdapterLayout,
  members: number,
  host: HostTrainState,
): TrainState {
  using arena = new Arena(device, "training state");
  const shape = [members, layout.size];
  const tree = {
    params: arena.upload(shape, host.params, "params"),
    m: arena.upload(shape, host.m, "m"),
    v: arena.upload(shape, host.v, "v"),
  };
  arena.commit();
  return arena.keep(tree);
}

/**
 * Copy a state to the host, exact bits.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, downloadTrainState, initTrainState, keyOf } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * using state = initTrainState(device, layout, 1, keyOf(1));
 * const { m } = await downloadTrainState(device, state);
 * assertEquals(m, new Float32Array(layout.size)); // moments start at 0
 * ```
 */
export async function downloadTrainState(
  device: Device,
  state: TrainState,
): Promise<HostTrainState> {
  using arena = new Arena(device, "read training state");
  const { params, m, v } = await arena.readAll(state.borrow());
  return { params: params as Float32Array, m: m as Float32Array, v: v as Float32Array };
}

/**
 * A second state with the same bits and its own memory.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { adapterLayout, cloneTrainState, downloadTrainState, initTrainState, keyOf } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const layout = adapterLayout([{ name: "layer", inDim: 64, outDim: 64 }], { rank: 1, alpha: 1 });
 * using state = initTrainState(device, layout, 1, keyOf(1));
 * using copy = cloneTrainState(device, state);
 * assertEquals(await downloadTrainState(device, copy), await downloadTrainState(device, state));
 * ```
 */
export function cloneTrainState(device: Device, state: TrainState): TrainState {
  using arena = new Arena(device, "clone training state");
  const { params, m, v } = state.borrow();
  const tree = { params: arena.clone(params), m: arena.clone(m), v: arena.clone(v) };
  arena.commit();
  return arena.keep(tree);
}
