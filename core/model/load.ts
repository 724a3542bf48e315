// A model on a device: from host tensors at once, or tensor by tensor from a checkpoint, so that the host never holds it whole.
import {
  Arena,
  type BaseDType,
  type Device,
  type Matrix,
  type Owned,
  type Tensor,
  uploadMatrix,
} from "../../backend/mod.ts";
import type { HostTensors } from "../base/host_tensor.ts";
import type { TensorSource } from "../base/tensor_source.ts";
import { defaultContext, longestContext } from "./rope.ts";
import { rotaryTable } from "./rope_frequencies.ts";
import { checkTensors, checkTensorShapes, tensorShapes } from "./shapes.ts";
import { fromStored, weightRole } from "./stored.ts";
import { settleHead, settleHostHead, storedNames } from "./tied_head.ts";
import type { ModelConfig } from "./types.ts";
import { Mistake } from "../base/mistake.ts";

/** Weights on the device by Hugging Face name, matrices [out, in], with the rotary tables. */
export type ModelWeights = { readonly [name: string]: Tensor | Matrix };

/** A model: its config, and its weights with one owner. */
export interface Model {
  /** Sizes and constants. */
  readonly config: ModelConfig;
  /** The weights; dispose them to free the model. */
  readonly weights: Owned<ModelWeights>;
}

/** Name of the rotary table among the weights; no checkpoint has it. */
export const ROPE_TABLE = "rope";
/** Name of the rotary table of layers that turn by local positions. */
export const LOCAL_ROPE_TABLE = "rope.local";

/** How to load a model. */
export interface LoadOptions {
  /** How the frozen matrices lie on the device: f32 (default), f16, int8 or int4. Adapters stay f32. */
  readonly baseDtype?: BaseDType;
  /**
   * Longest text in tokens, prompt and completion. Default: `defaultContext`. Past the positions of
   * pretraining, "dynamic" and "longrope" turn every text at the frequencies of this length, so that what a text scores
   * does not depend on its neighbours (transformers takes those of the batch's longest text).
   */
  readonly context?: number;
  /** Called after each tensor. */
  readonly onProgress?: (done: number, of: number) => void;
}

const UPLOAD_PART = 1 << 26; // bytes: uploads go out in parts, so that staging never holds a second model

/**
 * Put a model on a device, whole. A head that a tied model has of its own is kept.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { initModel, keyOf, loadModel, parseModelConfig } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * const model = loadModel(device, config, initModel(config, keyOf(1)));
 * using weights = model.weights; // frees the model at the end of the block
 * assertEquals(weights.borrow()["model.norm.weight"].shape, [8]);
 * ```
 *
 * @param tensors Weights on the host by Hugging Face name; borrowed.
 * @returns The model; its weights are owned by the caller.
 * @throws {Mistake} If the tensors do not fit the config.
 */
export function loadModel(
  device: Device,
  config: ModelConfig,
  tensors: HostTensors,
  options: LoadOptions = {},
): Model {
  ({ config, tensors } = settleHostHead(config, tensors));
  checkTensors(config, tensors);
  const loading = new Loading(device, config, options);
  try {
    for (const [name, shape] of tensorShapes(config)) {
      loading.add(name, shape, tensors.get(name)!.data);
    }
    return loading.done();
  } finally {
    loading[Symbol.dispose]();
  }
}

/**
 * Put a checkpoint on a device, reading one tensor at a time. A head that a tied model has of its own is kept.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { initModel, keyOf, parseModelConfig, sourceOfTensors, streamModel } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const config = parseModelConfig({
 *   model_type: "llama", vocab_size: 16, hidden_size: 8,
 *   intermediate_size: 12, num_hidden_layers: 1, num_attention_heads: 2,
 * }, "config.json");
 * using source = sourceOfTensors(initModel(config, keyOf(1)));
 * const model = await streamModel(device, config, source, { baseDtype: "int8" });
 * using _weights = model.weights;
 * assertEquals(model.config.vocabSize, 16);
 * ```
 *
 * @param source Tensors by Hugging Face name; borrowed, to be closed by the caller.
 * @returns The model; its weights are owned by the caller.
 * @throws {Mistake} If the tensors do not fit the config or cannot be read.
 */
export async function streamModel(
  device: Device,
  config: ModelConfig,
  source: TensorSource,
  options: LoadOptions = {},
): Promise<Model> {
  ({ config, tensors: source } = await settleHead(config, source));
  const stored = storedNames(config, source.tensors.keys());
  const found = new Map([...stored].map(([name, at]) => [name, source.tensors.get(at)!]));
  checkTensorShapes(config, found, source.name);
  const loading = new Loading(device, config, options);
  try {
    const shapes = tensorShapes(config);
    let done = 0;
    for (const [name, shape] of shapes) {
      loading.add(name, shape, await source.read(stored.get(name)!));
      options.onProgress?.(++done, shapes.size);
    }
    return loading.done();
  } finally {
    loading[Symbol.dispose]();
  }
}

/** Weights on their way to the device. */
class Loading implements Disposable {
  readonly #arena: Arena;
  readonly #weights: Record<string, Tensor | Matrix> = {};
  readonly #config: ModelConfig;
  readonly #dtype: BaseDType;
  #pending = 0;

  constructor(device: Device, config: ModelConfig, { baseDtype = "f32", context }: LoadOptions) {
    const trained = config.maxPositions;
    const most = longestContext(config.rope, trained);
    const positions = context ?? defaultContext(config.rope, trained);
    if (!(Number.isInteger(positions) && positions >= 1 && positions <= most)) {
      throw new Mistake("model", {
        verb: "load",
        thing: "the model",
        found: `the context is ${positions} tokens`,
        expected: `1 to ${most}`,
      });
    }
    this.#config = { ...config, maxPositions: positions };
    this.#dtype = baseDtype;
    this.#arena = new Arena(device, "load model");
  }

  /** One tensor, as it lies in the checkpoint. */
  add(name: string, shape: readonly number[], data: Float32Array<ArrayBuffer>): void {
    const role = weightRole(this.#config, name, shape), embeds = role === "table";
    ({ shape, data } = fromStored(this.#config, name, { shape, data }));
    if (this.#pending + data.byteLength > UPLOAD_PART) this.#flush();
    const fits = data.byteLength <= this.#arena.device.info.maxBindingBytes;
    if ((embeds || role === "linear") && !(this.#dtype === "f32" && fits)) {
      // A token's embedding is read one row at a time and the head's is what it is compared with: eight bits at least.
      const dtype = embeds && this.#dtype === "int4" ? "int8" : this.#dtype;
      this.#weights[name] = uploadMatrix(this.#arena, [shape[0], shape[1]], data, {
        dtype,
        label: name,
      });
    } else this.#weights[name] = this.#arena.upload(shape, data, name);
    this.#pending += data.byteLength;
  }

  #flush(): void {
    if (this.#pending > 0) this.#arena.commit();
    this.#pending = 0;
  }

  /** The model, once all tensors are there. */
  done(): Model {
    const { rope, localRope, layerKinds, maxPositions, headDim, ropeTheta } = this.#config;
    const upload = (name: string, config: NonNullable<ModelConfig["rope"]>) => {
      const table = rotaryTable(config, maxPositions);
      this.#weights[name] = this.#arena.upload([maxPositions, config.dim], table, name);
    };
    if (layerKinds?.every((kind) => kind.rope === "none") !== true) {
      upload(ROPE_TABLE, rope ?? { theta: ropeTheta, dim: headDim });
    }
    if (localRope) upload(LOCAL_ROPE_TABLE, localRope);
    this.#arena.commit();
    return { config: this.#config, weights: this.#arena.keep(this.#weights) };
  }

  [Symbol.dispose](): void {
    this.#arena[Symbol.dispose]();
  }
}
