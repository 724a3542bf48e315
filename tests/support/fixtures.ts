// The outside anchor: files that tools/fixtures/make_fixtures.py made with PyTorch, transformers and peft.
import type { Arena, Device, Tensor } from "../../backend/mod.ts";
import { matmul } from "../../backend/mod.ts";
import {
  type HostTensors,
  parsePeftAdapter,
  parseSafetensors,
  readModelFolder,
} from "../../core/io/mod.ts";
import {
  type Adapter,
  type AdapterLayout,
  adapterLayout,
  headName,
  linearLayers,
  type Llama,
  loadLlama,
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
export async function modelFixture(device: Device, name: string): Promise<Llama> {
  const { config, tensors } = await readModelFolder(new URL(name, root));
  return loadLlama(device, config, tensors);
}

/** A PEFT folder among the fixtures as one member of our flat layout. */
export async function adapterFixture(
  model: Llama,
  name: string,
): Promise<{ layout: AdapterLayout; params: Float32Array<ArrayBuffer> }> {
  const config = await jsonFixture(`${name}/adapter_config.json`);
  const adapter = parsePeftAdapter(
    new Map([
      ["adapter_config.json", await Deno.readFile(new URL(`${name}/adapter_config.json`, root))],
      [
        "adapter_model.safetensors",
        await Deno.readFile(new URL(`${name}/adapter_model.safetensors`, root)),
      ],
    ]),
    name,
  );
  const layout = adapterLayout(linearLayers(model.config), {
    rank: config.r,
    alpha: config.lora_alpha,
  });
  const params = new Float32Array(layout.size);
  for (const [module, { A, B }] of adapter.factors) {
    const { aOffset, bOffset, outDim } = layout.modules.get(module)!;
    params.set(A.data, aOffset);
    for (let o = 0; o < outDim; o++) {
      for (let r = 0; r < layout.rank; r++) {
        params[bOffset + r * outDim + o] = B.data[o * layout.rank + r];
      }
    }
  }
  return { layout, params };
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
export function logitsOf(arena: Arena, model: Llama, h: Tensor): Tensor {
  const { vocabSize, hiddenSize } = model.config;
  return matmul(arena, {
    a: { tensor: h },
    b: { tensor: model.weights.borrow()[headName(model.config)] },
    transposeB: true,
    M: h.shape[0],
    N: vocabSize,
    K: hiddenSize,
  });
}
