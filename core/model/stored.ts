// How a weight lies in a checkpoint and how on the device: GPT-2's matrices are turned over, Gemma's norms get their 1.
import { Arena, type Device, type Tensor } from "../../backend/mod.ts";
import type { HostTensor } from "../base/host_tensor.ts";
import type { TensorSource } from "../base/tensor_source.ts";
import { transpose } from "../base/transpose.ts";
import { familyOf } from "./families/mod.ts";
import { tensorShapes } from "./shapes.ts";
import type { ModelConfig } from "./types.ts";

/** What a tensor is for: "table" rows are looked up, of the embedding and the head; "positions" are learned ones. */
export type WeightRole = "table" | "positions" | "linear" | "vector";

/** The role of a tensor, by its Hugging Face name and its shape. */
export function weightRole(
  config: ModelConfig,
  name: string,
  shape: readonly number[],
): WeightRole {
  const { names } = familyOf(config);
  if (name === `${names.embedding}.weight` || name === `${names.head}.weight`) return "table";
  if (name === `${names.positions}.weight`) return "positions";
  return shape.length === 2 ? "linear" : "vector";
}

/** A tensor as the device has it, from as it lies in a checkpoint. A copy, or the same where nothing changes. */
export function fromStored(config: ModelConfig, name: string, tensor: HostTensor): HostTensor {
  if (isTurned(config, name, tensor.shape)) return turned(tensor);
  const { shape, data } = tensor;
  return isShifted(config, name, shape) ? { shape, data: data.map((w) => 1 + w) } : tensor;
}

/** The way back of {@linkcode fromStored}. */
function toStored(config: ModelConfig, name: string, tensor: HostTensor): HostTensor {
  if (isTurned(config, name, tensor.shape)) return turned(tensor);
  const { shape, data } = tensor;
  return isShifted(config, name, shape) ? { shape, data: data.map((w) => w - 1) } : tensor;
}

/** Weights on the device as a checkpoint has them: what loading turned is turned back. */
export function sourceOfWeights(
  device: Device,
  config: ModelConfig,
  weights: { readonly [name: string]: Tensor },
): TensorSource {
  const names = [...tensorShapes(config).keys()];
  const tensors = new Map(names.map((name) => {
    // A loaded config has the positions of its context; the table of learned ones is whole all the same.
    const { shape } = weights[name];
    const stored = isTurned(config, name, shape) ? shape.toReversed() : shape;
    return [name, { shape: stored, dtype: "F32" }];
  }));
  return {
    name: "the trained weights",
    tensors,
    async read(name: string): Promise<Float32Array<ArrayBuffer>> {
      using arena = new Arena(device, `read ${name}`);
      const data = await arena.read(weights[name]) as Float32Array<ArrayBuffer>;
      return toStored(config, name, { shape: weights[name].shape, data }).data;
    },
    [Symbol.dispose](): void {},
  };
}

function isTurned(config: ModelConfig, name: string, shape: readonly number[]): boolean {
  return familyOf(config).transposed === true && weightRole(config, name, shape) === "linear";
}

function isShifted(config: ModelConfig, name: string, shape: readonly number[]): boolean {
  return familyOf(config).norm === "rmsPlusOne" && shape.length === 1 &&
    name.endsWith("norm.weight");
}

function turned({ shape: [rows, columns], data }: HostTensor): HostTensor {
  return { shape: [columns, rows], data: transpose(data, rows, columns) };
}
