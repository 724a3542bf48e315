// The outside anchor: files that tools/fixtures/make_fixtures.py made with PyTorch, transformers and peft.
import type { Arena, Device, Tensor } from "../../backend/mod.ts";
import { asMatrix, matmulRows } from "../../backend/mod.ts";
import {
  type HostTensors,
  loadPeftAdapter,
  parseSafetensors,
  readModelFolder,
} from "../../files/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  headName,
  linearLayers,
  loadModel,
  type Model,
} from "../../core/mod.ts";

const root = new URL("../fixtures/", import.meta.url);

/** A JSON fixture. */
// deno-lint-ignore no-explicit-any
export async function jsonFixture(name: string): Promise<any> {
  return JSON.parse(await Deno.readTextFile(new URL(name, root)));
}

/** Tensors of a safetensors fixture. */
export async function tensorFixture(name: string): Promise<HostTensors> {
  return parseSafetensors(await Deno.readFile(new URL(name, root)), name).tensors;
}

/** A model folder among the fixtures, on a device. The caller disposes `weights`. */
export async function modelFixture(device: Device, name: string): Promise<Model> {
  const { config, tensors } = await readModelFolder(new URL(name, root));
  return loadModel(device, config, tensors);
}

/** A PEFT folder among the fixtures as one member of our flat layout. */
export async function adapterFixture(
  model: Model,
  name: string,
): Promise<{ layout: AdapterLayout; params: Float32Array<ArrayBuffer> }> {
  const files = ["adapter_config.json", "adapter_model.safetensors"].map(async (file) => {
    return [file, await Deno.readFile(new URL(`${name}/${file}`, root))] as const;
  });
  return loadPeftAdapter(new Map(await Promise.all(files)), linearLayers(model.config), name);
}

/** Upload host adapters of one layout as members. */
export function uploadMembers(
  arena: Arena,
  layout: AdapterLayout,
  members: readonly Float32Array[],
): Adapter {
  const all = new Float32Array(members.length * layout.size);
  members.forEach((params, k) => all.set(params, k * layout.size));
  return { layout, params: arena.upload([members.length, layout.size], all, "members") };
}

/** Logits of head inputs: only tests hold them whole. */
export function logitsOf(arena: Arena, model: Model, h: Tensor): Tensor {
  const w = model.weights.borrow()[headName(model.config)];
  return matmulRows(arena, { a: { tensor: h }, w: asMatrix(w), M: h.shape[0] });
}
