// A LoRA adapter in PEFT's layout: adapter_config.json and adapter_model.safetensors, with A [r, in] and
// B [out, r] of each module, ΔW = (alpha / r)·B·A. What PEFT can do beyond that is refused by name.
import type { HostTensor, HostTensors } from "./host_tensor.ts";
import { isObject, parseJsonObject, quote, show, showShape } from "./mistakes.ts";
import { encodeSafetensors, parseSafetensors } from "./safetensors.ts";

/** The two factors of one module's update ΔW = (alpha / r)·B·A. */
export interface LoraFactors {
  /** [r, in]. */
  readonly A: HostTensor;
  /** [out, r]. */
  readonly B: HostTensor;
}

/** A LoRA adapter on every target module of every layer. */
export interface PeftAdapter {
  /** Layers of the base model; all of them are adapted. */
  readonly layers: number;
  /** Last parts of the modules' names, e.g. `q_proj`. */
  readonly targetModules: readonly string[];
  /** r. */
  readonly rank: number;
  /** The update is scaled by alpha / rank. */
  readonly alpha: number;
  /** Factors by module, e.g. `model.layers.0.self_attn.q_proj`. */
  readonly factors: ReadonlyMap<string, LoraFactors>;
  /** Name or path of the base model, as PEFT's `base_model_name_or_path`. */
  readonly baseModel: string;
}

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";
const MODULE = /^model\.layers\.(0|[1-9]\d*)\.[a-z_]+\.([A-Za-z_]+)$/;

/** What PEFT may ask for that changes the mathematics: the field, and the values that do not. */
const NEUTRAL: readonly (readonly [field: string, ...values: unknown[]])[] = [
  ["use_dora", false],
  ["use_rslora", false],
  ["use_qalora", false],
  ["fan_in_fan_out", false],
  ["lora_bias", false],
  ["bias", "none"],
  ["modules_to_save"],
  ["layers_to_transform"],
  ["layer_replication"],
  ["trainable_token_indices"],
  ["target_parameters"],
  ["alora_invocation_tokens"],
  ["arrow_config"],
  ["use_bdlora", false],
  ["kasa_config"],
  ["velora_config"],
  ["monteclora_config"],
  ["init_lora_weights", true, false, "gaussian"],
];

/**
 * Writes a LoRA adapter as PEFT reads it (`PeftModel.from_pretrained`).
 *
 * @example
 * ```ts
 * import { encodePeftAdapter, parsePeftAdapter } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const A = { shape: [1, 2], data: Float32Array.of(0.5, -0.5) };
 * const B = { shape: [2, 1], data: Float32Array.of(1, 2) };
 * const adapter = {
 *   layers: 1, targetModules: ["q_proj"], rank: 1, alpha: 2, baseModel: "stories",
 *   factors: new Map([["model.layers.0.self_attn.q_proj", { A, B }]]),
 * };
 * const files = encodePeftAdapter(adapter);
 * assertEquals([...files.keys()], ["adapter_config.json", "adapter_model.safetensors"]);
 * assertEquals(parsePeftAdapter(files, "adapter"), adapter);
 * ```
 *
 * @param adapter Factors in f32; borrowed.
 * @returns Files by name.
 * @throws {TypeError} If a module is missing or too many, or factors do not have the rank.
 * @throws {RangeError} If rank or alpha is not above 0.
 * @see Hu et al. 2021, https://arxiv.org/abs/2106.09685
 */
export function encodePeftAdapter(adapter: PeftAdapter): Map<string, Uint8Array<ArrayBuffer>> {
  checkAdapter(adapter, "Cannot write the adapter:");
  const config = {
    base_model_name_or_path: adapter.baseModel,
    bias: "none",
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: adapter.alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: "LORA",
    r: adapter.rank,
    target_modules: [...adapter.targetModules],
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: false,
  };
  const tensors: HostTensors = new Map();
  for (const [module, { A, B }] of adapter.factors) {
    tensors.set(`${PREFIX}${module}.lora_A.weight`, A);
    tensors.set(`${PREFIX}${module}.lora_B.weight`, B);
  }
  return new Map([
    [CONFIG, new TextEncoder().encode(JSON.stringify(config, null, 2) + "\n")],
    [WEIGHTS, encodeSafetensors(tensors, { metadata: new Map([["format", "pt"]]) })],
  ]);
}

/**
 * Reads a LoRA adapter in PEFT's layout.
 *
 * @example
 * ```ts
 * import { parsePeftAdapter } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * const config = new TextEncoder().encode('{"peft_type":"IA3"}');
 * const files = new Map([["adapter_config.json", config], ["adapter_model.safetensors", config]]);
 * assertThrows(() => parsePeftAdapter(files, "adapter"), TypeError, 'peft_type is "IA3"');
 * ```
 *
 * @param files `adapter_config.json` and `adapter_model.safetensors`, by name; others are passed over.
 * @param name What to call the folder in errors.
 * @returns The adapter, factors widened to f32, modules by layer and then by name.
 * @throws {TypeError} If a file is missing or malformed, the adapter is not a plain LoRA (DoRA, rsLoRA, ranks by
 * module, biases, …), or a factor is missing or of another rank.
 * @throws {RangeError} If rank or alpha is not above 0.
 */
export function parsePeftAdapter(
  files: ReadonlyMap<string, Uint8Array>,
  name: string,
): PeftAdapter {
  for (const file of [CONFIG, WEIGHTS]) {
    if (!files.has(file)) {
      throw new TypeError(
        `Cannot read ${name}: ${file} is missing, expected a PEFT adapter folder`,
      );
    }
  }
  const configName = `${name}/${CONFIG}`;
  const config = parseJsonObject(files.get(CONFIG)!, configName, "the file");
  checkConfig(config, configName);
  const { r: rank, lora_alpha: alpha, target_modules: listed } = config;
  if (typeof rank !== "number" || typeof alpha !== "number") {
    const field = typeof rank !== "number" ? "r" : "lora_alpha";
    throw new TypeError(
      `Cannot read ${configName}: ${field} is ${show(config[field])}, expected a number`,
    );
  }
  const weightsName = `${name}/${WEIGHTS}`;
  const halves = readHalves(
    parseSafetensors(files.get(WEIGHTS)!, weightsName).tensors,
    weightsName,
  );
  const factors = new Map<string, LoraFactors>();
  let layers = 0;
  for (const module of [...halves.keys()].sort(byLayer)) {
    const { A, B } = halves.get(module)!;
    if (!A || !B) {
      throw new TypeError(
        `Cannot read ${weightsName}: ${module} has no lora_${A ? "B" : "A"}, expected both factors`,
      );
    }
    factors.set(module, { A, B });
    layers = Math.max(layers, layerOf(module) + 1);
  }
  const present = [...new Set([...factors.keys()].map((module) => module.match(MODULE)![2]))]
    .sort();
  const adapter: PeftAdapter = {
    layers,
    targetModules: Array.isArray(listed) ? listed.map(String) : present, // else a pattern or "all-linear"
    rank,
    alpha,
    factors,
    baseModel: typeof config.base_model_name_or_path === "string"
      ? config.base_model_name_or_path
      : "",
  };
  checkAdapter(adapter, `Cannot read ${name}:`);
  return adapter;
}

function checkConfig(config: Record<string, unknown>, name: string): void {
  if (config.peft_type !== "LORA") {
    throw new TypeError(
      `Cannot read ${name}: peft_type is ${show(config.peft_type)}, expected "LORA"`,
    );
  }
  for (const [field, ...neutral] of NEUTRAL) {
    const value = config[field] ?? null;
    if (value === null || neutral.includes(value)) continue;
    const wanted = neutral.length === 0 ? "null" : neutral.map(show).join(" or ");
    throw new TypeError(
      `Cannot read ${name}: ${field} is ${show(value)}, expected ${wanted}: ` +
        "anything else is not supported yet",
    );
  }
  for (const field of ["rank_pattern", "alpha_pattern"]) {
    const value = config[field] ?? {};
    if (isObject(value) && Object.keys(value).length === 0) continue;
    throw new TypeError(
      `Cannot read ${name}: ${field} is ${show(value)}, expected {}: ` +
        "anything else is not supported yet",
    );
  }
}

function readHalves(
  tensors: ReadonlyMap<string, HostTensor>,
  file: string,
): Map<string, { A?: HostTensor; B?: HostTensor }> {
  const halves = new Map<string, { A?: HostTensor; B?: HostTensor }>();
  for (const [key, { shape, data }] of tensors) {
    const [, module, half] = key.match(/^base_model\.model\.(.+)\.lora_([AB])\.weight$/) ?? [];
    if (!module || !MODULE.test(module)) {
      throw new TypeError(
        `Cannot read ${file}: tensor ${quote(key)} is there, ` +
          `expected names like ${PREFIX}model.layers.0.self_attn.q_proj.lora_A.weight`,
      );
    }
    halves.set(module, { ...halves.get(module), [half]: { shape, data } });
  }
  return halves;
}

function checkAdapter(adapter: PeftAdapter, cannot: string): void {
  const { rank, alpha, layers, targetModules, factors } = adapter;
  if (!Number.isSafeInteger(rank) || rank < 1) {
    throw new RangeError(`${cannot} rank is ${rank}, expected a whole number of at least 1`);
  }
  if (!(alpha > 0 && Number.isFinite(alpha))) {
    throw new RangeError(`${cannot} alpha is ${alpha}, expected a number above 0`);
  }
  const seen = new Set<string>();
  for (const [module, { A, B }] of factors) {
    const target = module.match(MODULE)?.[2];
    if (!target || !targetModules.includes(target) || layerOf(module) >= layers) {
      throw new TypeError(
        `${cannot} module ${quote(module)} is there, ` +
          `expected ${targetModules.join(", ")} of ${layers} layers`,
      );
    }
    seen.add(`${layerOf(module)} ${target}`);
    for (const [half, tensor, axis] of [["A", A, 0], ["B", B, 1]] as const) {
      if (tensor.shape.length !== 2 || tensor.shape[axis] !== rank) {
        throw new TypeError(
          `${cannot} lora_${half} of ${module} shape is ${showShape(tensor.shape)}, ` +
            `expected ${half === "A" ? `[${rank}, in]` : `[out, ${rank}]`} for rank ${rank}`,
        );
      }
    }
  }
  if (factors.size === 0) throw new TypeError(`${cannot} it has no modules, expected at least one`);
  for (let layer = 0; layer < layers; layer++) {
    for (const target of targetModules) {
      if (seen.has(`${layer} ${target}`)) continue;
      throw new TypeError(
        `${cannot} ${target} of layer ${layer} is missing, expected it in every layer`,
      );
    }
  }
}

function layerOf(module: string): number {
  return Number(module.match(MODULE)?.[1]);
}

function byLayer(a: string, b: string): number {
  return layerOf(a) - layerOf(b) || (a < b ? -1 : 1);
}
