// State of supervised fine-tuning of all weights: a copy of them with AdamW's moments, made, read and put back.
import { Arena, type Device, isMatrix, type Owned, type Tensor } from "../../backend/mod.ts";
import { showShape } from "../base/quote.ts";
import { LOCAL_ROPE_TABLE, type Model, ROPE_TABLE } from "../model/load.ts";

/** Weights in training with their moments. The rotary tables are not among them. */
export type SftTensors = {
  readonly weights: { readonly [name: string]: Tensor };
  readonly m: { readonly [name: string]: Tensor };
  readonly v: { readonly [name: string]: Tensor };
  readonly tables: { readonly [name: string]: Tensor };
};

/** SFT state: exactly one owner. */
export type SftState = Owned<SftTensors>;

/**
 * State that trains a copy of a model's weights, moments at 0.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { initSftState, tinyModel } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using state = initSftState(device, model); // a copy: the model can be freed
 * assertEquals(state.borrow().m["model.norm.weight"].shape, [8]);
 * ```
 */
export function initSftState(device: Device, model: Model): SftState {
  return sftState(device, model, (arena, weight, name) => ({
    weights: arena.clone(weight),
    m: arena.zeros(weight.shape, `m ${name}`),
    v: arena.zeros(weight.shape, `v ${name}`),
  }));
}

/** SFT state on the host, for checkpoints: numbers by the tensor's name, f32, row-major. */
export interface HostSftState {
  /** The weights. */
  readonly weights: { readonly [name: string]: Float32Array };
  /** AdamW first moments. */
  readonly m: { readonly [name: string]: Float32Array };
  /** AdamW second moments. */
  readonly v: { readonly [name: string]: Float32Array };
}

/**
 * Copy a state to the host, exact bits.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { downloadSftState, initSftState, tinyModel, uploadSftState } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using state = initSftState(device, model);
 * const host = await downloadSftState(device, state);
 * using again = uploadSftState(device, model, host);
 * assertEquals(await downloadSftState(device, again), host);
 * ```
 */
export async function downloadSftState(device: Device, state: SftState): Promise<HostSftState> {
  const { weights, m, v } = state.borrow();
  const read = async (tensors: { readonly [name: string]: Tensor }) => {
    using arena = new Arena(device, "read sft state");
    return await arena.readAll(tensors) as Record<string, Float32Array>;
  };
  return { weights: await read(weights), m: await read(m), v: await read(v) };
}

/**
 * State from the host (a checkpoint); the rotary tables are the model's.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { downloadSftState, initSftState, tinyModel, uploadSftState } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using state = initSftState(device, model);
 * using again = uploadSftState(device, model, await downloadSftState(device, state));
 * assertEquals(again.borrow().m["model.norm.weight"].shape, [8]);
 * ```
 *
 * @param model The model that the state is of; borrowed.
 * @param host Weights and moments; borrowed.
 * @throws {TypeError} If a tensor is missing or of another size.
 */
export function uploadSftState(device: Device, model: Model, host: HostSftState): SftState {
  return sftState(device, model, (arena, { shape }, name) => {
    const upload = (part: keyof HostSftState) => {
      const data = host[part][name];
      const size = shape.reduce((a, b) => a * b, 1);
      if (data?.length !== size) {
        throw new TypeError(
          `Cannot go on with all weights: ${part} of ${name} is ${data?.length ?? 0} numbers, ` +
            `expected the ${size} of ${showShape(shape)}`,
        );
      }
      return arena.upload(shape, data, `${part} ${name}`);
    };
    return { weights: upload("weights"), m: upload("m"), v: upload("v") };
  });
}

/** A state with `of` each of the model's weights; the rotary tables are cloned. */
function sftState(
  device: Device,
  model: Model,
  of: (arena: Arena, weight: Tensor, name: string) => { [part in keyof HostSftState]: Tensor },
): SftState {
  using arena = new Arena(device, "sft state");
  const source = model.weights.borrow();
  const whole = (name: string): Tensor => {
    const weight = source[name];
    if (!isMatrix(weight)) return weight;
    throw new TypeError(
      `Cannot train all weights: ${name} lies on the device as ${weight.dtype} in ${weight.blocks.length} blocks, ` +
        "expected one of f32. Load the model with baseDtype f32, or train an adapter",
    );
  };
  const isTable = (name: string) => name === ROPE_TABLE || name === LOCAL_ROPE_TABLE;
  const names = Object.keys(source).filter((name) => !isTable(name));
  const trained = names.map((name) => [name, of(arena, whole(name), name)] as const);
  const part = (part: keyof HostSftState) =>
    Object.fromEntries(trained.map(([name, tensors]) => [name, tensors[part]]));
  const tree = {
    weights: part("weights"),
    m: part("m"),
    v: part("v"),
    tables: Object.fromEntries(
      Object.keys(source).filter(isTable).map((name) => [name, arena.clone(whole(name))]),
    ),
  };
  arena.commit();
  return arena.keep(tree);
}
