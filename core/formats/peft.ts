// A LoRA adapter as PEFT has it on disk: adapter_config.json and adapter_model.safetensors, with A [r, in] and
// B [out, r] of each module under PEFT's names, and a head [1, D] that is saved whole. Modules are those of a list of
// linear layers, of whatever family.
import type { AdapterLayout, HeadShape, LinearShape } from "../lora/adapter.ts";
import {
  headWeight,
  type HostAdapter,
  joinFactors,
  type ScaledFactors,
  splitFactors,
  withHead,
} from "../lora/factors.ts";
import { moduleFilter, targetNames } from "../lora/target_modules.ts";
import { refuseNonFinite, type SafetensorsDType } from "../base/float_bytes.ts";
import type { HostTensor, HostTensors } from "../base/host_tensor.ts";
import { bare, quote, showShape } from "../base/quote.ts";
import { encodePeftConfig, parsePeftConfig, type PeftConfig, peftScale } from "./peft_config.ts";
import { encodeSafetensors, parseSafetensors } from "./safetensors.ts";
import { cannotRead, Mistake } from "../base/mistake.ts";

/** An adapter that was read from PEFT's files. */
export interface PeftAdapter extends HostAdapter {
  /** Name or path of the base model that the files name, "" where they name none. */
  readonly baseModel: string;
}

/** How to write an adapter for PEFT. */
export interface PeftFilesOptions {
  /** Name or path of the base model, for people and for PEFT's auto classes. */
  readonly baseModel: string;
  /** All linear layers of the model: with them `target_modules` is short where that is exact. */
  readonly layers?: readonly LinearShape[];
  /** Say the scale as alpha / √r instead of alpha / r; default false. ΔW is the same. */
  readonly rsLora?: boolean;
  /** Element type in the file, default F32. */
  readonly dtype?: SafetensorsDType;
}

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PICKLE = "adapter_model.bin";
const PREFIX = "base_model.model.";

/**
 * Writes a LoRA adapter as PEFT reads it (`PeftModel.from_pretrained`), and vLLM and llama.cpp's converter too. One with
 * a head is for `AutoModelForSequenceClassification.from_pretrained(…, num_labels=1)`: `modules_to_save` names the head.
 *
 * @example
 * ```ts
 * import { adapterLayout, loadPeftAdapter, peftFiles } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const layers = [{ name: "model.layers.0.self_attn.q_proj", inDim: 2, outDim: 3 }];
 * const layout = adapterLayout(layers, { rank: 1, alpha: 2 });
 * const params = new Float32Array(layout.size);
 * params.set([0.5, -0.5], 0); // A
 * const files = peftFiles(layout, params, { baseModel: "org/model", layers });
 * assertEquals([...files.keys()], ["adapter_config.json", "adapter_model.safetensors"]);
 * assertEquals(loadPeftAdapter(files, layers), { layout, params, baseModel: "org/model" });
 * ```
 *
 * @param layout Where the matrices are; its module names are those of the Hugging Face checkpoint.
 * @param params [layout.size] f32, one member or a merged ensemble; borrowed.
 * @param options `baseModel`; `layers`, `rsLora`, `dtype`.
 * @returns Files by name.
 * @throws {Mistake} If there are no modules, or `params` is not one member.
 * @throws {Mistake} If a finite number would become infinite in F16 or BF16.
 * @see Hu et al. 2021, https://arxiv.org/abs/2106.09685
 */
export function peftFiles(
  layout: AdapterLayout,
  params: Float32Array<ArrayBuffer>,
  options: PeftFilesOptions,
): Map<string, Uint8Array<ArrayBuffer>> {
  const { baseModel, layers, rsLora = false, dtype } = options;
  if (params.length !== layout.size || layout.modules.size === 0) {
    throw new Mistake("file", {
      verb: "write",
      thing: "the adapter",
      found: `it is ${params.length} numbers for ${layout.modules.size} modules`,
      expected: `one member of ${layout.size} and at least one module`,
    });
  }
  const names = [...layout.modules.keys()];
  const tensors: HostTensors = new Map();
  for (const [module, { A, B }] of splitFactors({ layout, params })) {
    tensors.set(`${PREFIX}${module}.lora_A.weight`, A);
    tensors.set(`${PREFIX}${module}.lora_B.weight`, B);
  }
  const { head } = layout, weight = headWeight({ layout, params });
  if (weight !== undefined) tensors.set(`${PREFIX}${head!.name}.weight`, weight);
  const config = encodePeftConfig({
    ...{ rank: layout.rank, rsLora, baseModel },
    alpha: layout.scale * (rsLora ? Math.sqrt(layout.rank) : layout.rank),
    targetModules: layers ? targetNames(layers, names) : names,
    fanInFanOut: [...layout.modules.values()].some(({ transposed }) => transposed),
    head: head?.name,
  });
  return new Map([
    [CONFIG, config],
    [WEIGHTS, encodeSafetensors(tensors, { dtype, metadata: new Map([["format", "pt"]]) })],
  ]);
}

/**
 * Reads a LoRA adapter that PEFT saved, for a model given by its linear layers: rsLoRA, ranks and alphas by module,
 * and any choice of modules. The tensors say which modules are adapted; where the config lists names, or says
 * `all-linear`, the two must agree. (A pattern in the config is never run: one can take for ever.)
 *
 * @example
 * ```ts
 * import { loadPeftAdapter, Mistake } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const files = new Map([["adapter_model.bin", new Uint8Array(1)]]);
 * assertThrows(() => loadPeftAdapter(files, [], "lora"), Mistake, "safe_serialization=True");
 * ```
 *
 * @param files `adapter_config.json` and `adapter_model.safetensors` by name; others are passed over.
 * @param layers Linear layers of the model, named as in its checkpoint.
 * @param name What to call the folder in errors.
 * @param options `head`: one that the adapter must have, saved whole; default none, and then one is refused.
 * @returns One member: A [r, in] and Bᵀ [r, out] in f32, modules in the order of `layers`. Smaller ranks are filled
 * up with zero rows, and B carries what a module's scale differs from the layout's.
 * @throws {Mistake} If a file is missing or malformed, the adapter is more than LoRA (DoRA, trained biases, …), a
 * factor or the head is missing or of another shape, a number is NaN or infinite, or a module is not the model's.
 * @throws {Mistake} If a rank or alpha is not above 0.
 */
export function loadPeftAdapter(
  files: ReadonlyMap<string, Uint8Array>,
  layers: readonly LinearShape[],
  name = "the adapter",
  { head }: { readonly head?: HeadShape } = {},
): PeftAdapter {
  requireFiles(files, name);
  const config = parsePeftConfig(files.get(CONFIG)!, `${name}/${CONFIG}`, { head: head?.name });
  const weightsName = `${name}/${WEIGHTS}`;
  const tensors = new Map(parseSafetensors(files.get(WEIGHTS)!, weightsName).tensors);
  const score = head && takeHead(tensors, weightsName, head);
  const factors = new Map<string, ScaledFactors>();
  for (const [module, { A, B }] of readHalves(tensors, weightsName)) {
    if (!A || !B) {
      throw cannotRead(weightsName, {
        found: `${bare(module)} has no lora_${A ? "B" : "A"}`,
        expected: "both factors",
      });
    }
    const { rank, scale } = peftScale(config, module, A.shape[0]);
    requireRank(weightsName, module, rank, A, B);
    factors.set(module, { A, B, scale });
  }
  const joined = joinFactors(layers, factors, name);
  checkChoice(config, layers, joined.layout, name);
  const { baseModel } = config;
  return { ...score === undefined ? joined : withHead(joined, head!, score), baseModel };
}

/** Takes the head's weight [1, D] from the tensors. */
function takeHead(
  tensors: Map<string, HostTensor>,
  file: string,
  { name, inDim }: HeadShape,
): Float32Array {
  const key = `${PREFIX}${name}.weight`, tensor = tensors.get(key);
  if (tensor?.shape.join() !== `1,${inDim}`) {
    throw cannotRead(file, {
      found: tensor
        ? `${bare(key)} shape is ${showShape(tensor.shape)}`
        : `${bare(key)} is missing`,
      expected: `a head of shape ${showShape([1, inDim])}: one label and the model's width`,
    });
  }
  refuseNonFinite(file, key, tensor.shape, tensor.data);
  tensors.delete(key);
  return tensor.data;
}

function requireFiles(files: ReadonlyMap<string, Uint8Array>, name: string): void {
  if (!files.has(WEIGHTS) && files.has(PICKLE)) {
    throw cannotRead(name, {
      found: `${PICKLE} is there`,
      expected: `${WEIGHTS}: a pickle can run code`,
      fix: "Save it with PEFT's save_pretrained(safe_serialization=True)",
    });
  }
  for (const file of [CONFIG, WEIGHTS]) {
    if (files.has(file)) continue;
    throw cannotRead(name, { found: `${file} is missing`, expected: "a PEFT adapter folder" });
  }
}

function readHalves(
  tensors: ReadonlyMap<string, HostTensor>,
  file: string,
): Map<string, { A?: HostTensor; B?: HostTensor }> {
  const halves = new Map<string, { A?: HostTensor; B?: HostTensor }>();
  for (const [key, tensor] of tensors) {
    const [, module, half] =
      key.match(/^base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight$/) ?? [];
    if (module === undefined) throw strangeTensor(file, key);
    refuseNonFinite(file, key, tensor.shape, tensor.data);
    const pair = halves.get(module) ?? {};
    if (half === "A" ? pair.A : pair.B) {
      throw cannotRead(file, {
        found: `${bare(module)} has lora_${half} twice`,
        expected: "one adapter in the file",
      });
    }
    halves.set(module, { ...pair, [half]: tensor });
  }
  return halves;
}

function strangeTensor(file: string, key: string): Mistake {
  const what = key.includes("lora_magnitude_vector")
    ? "one of DoRA, which is not supported"
    : key.includes("lora_embedding_")
    ? "an adapter of an embedding, which is not supported"
    : key.endsWith(".bias")
    ? "a trained bias, which is not supported"
    : key.startsWith(PREFIX) && !key.includes(".lora_")
    ? "a weight that was trained or saved whole, which is not supported"
    : undefined;
  return cannotRead(file, {
    found: `tensor ${quote(key)} is ${what ?? "there"}`,
    expected: `names like ${PREFIX}model.layers.0.self_attn.q_proj.lora_A.weight`,
  });
}

function requireRank(
  file: string,
  module: string,
  rank: number,
  A: HostTensor,
  B: HostTensor,
): void {
  for (const [half, { shape }, axis] of [["A", A, 0], ["B", B, 1]] as const) {
    if (shape.length === 2 && shape[axis] === rank) continue;
    throw cannotRead(file, {
      found: `lora_${half} of ${bare(module)} shape is ${showShape(shape)}`,
      expected: `${half === "A" ? `[${rank}, in]` : `[out, ${rank}]`}, as ${CONFIG} says`,
    });
  }
}

/** PEFT ignores tensors that its config does not choose, and fills missing ones with zeros: here both are refused. */
function checkChoice(
  { targetModules, select }: PeftConfig,
  layers: readonly LinearShape[],
  layout: AdapterLayout,
  name: string,
): void {
  const listed = Array.isArray(targetModules) || /^all-linear$/i.test(String(targetModules));
  const plain = (select.layersPattern ?? []).every((pattern) => /^\w+$/.test(pattern));
  if (!listed || typeof select.exclude === "string" || !plain) return;
  const chosen = moduleFilter(targetModules!, select);
  for (const layer of layers) {
    const there = layout.modules.has(layer.name);
    if (chosen(layer) === there) continue;
    throw cannotRead(`${name}/${WEIGHTS}`, {
      found: `${layer.name} is ${there ? "there" : "missing"}`,
      expected: `the modules that ${CONFIG} chooses with target_modules`,
    });
  }
}
