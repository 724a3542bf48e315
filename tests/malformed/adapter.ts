// PEFT folders with one bad file each: the row's file takes the place of the one in `whole`.
import type { HostTensor } from "../../core/base/host_tensor.ts";
import { encodeSafetensors } from "../../core/formats/safetensors.ts";
import type { LinearShape } from "../../core/lora/adapter.ts";
import { type MalformedRow, safetensors } from "./safetensors.ts";

const CONFIG = "adapter/adapter_config.json";
const WEIGHTS = "adapter/adapter_model.safetensors";
const Q = "model.layers.0.self_attn.q_proj";
const UP = "model.layers.0.mlp.up_proj";
const key = (module: string, half: string) => `base_model.model.${module}.lora_${half}.weight`;
const tensor = (shape: number[], value = 0.5): HostTensor => {
  return { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) };
};

/** The linear layers of the model that the adapters are for. */
export const layers: readonly LinearShape[] = [
  { name: Q, inDim: 4, outDim: 4 },
  { name: UP, inDim: 4, outDim: 6 },
];

const config = {
  ...{ peft_type: "LORA", r: 2, lora_alpha: 4, base_model_name_or_path: "tiny" },
  ...{ target_modules: ["q_proj", "up_proj"], bias: "none", use_dora: false, use_rslora: false },
};
const weights = (change: Record<string, HostTensor | undefined> = {}) => {
  const all = {
    [key(Q, "A")]: tensor([2, 4]),
    [key(Q, "B")]: tensor([4, 2]),
    [key(UP, "A")]: tensor([2, 4]),
    [key(UP, "B")]: tensor([6, 2]),
    ...change,
  };
  const kept = Object.entries(all).filter((entry): entry is [string, HostTensor] => !!entry[1]);
  return encodeSafetensors(new Map(kept));
};
const json = (change: Record<string, unknown>) => () =>
  new TextEncoder().encode(JSON.stringify({ ...config, ...change }));
const text = (content: string) => () => new TextEncoder().encode(content);

/** The folder that every row damages. */
export function whole(): Map<string, Uint8Array> {
  return new Map([
    ["adapter_config.json", json({})()],
    ["adapter_model.safetensors", weights()],
  ]);
}

const MERGE = "Merge it into its base with PEFT's merge_and_unload and use that model";
const RETRAIN = "Train the adapter without it";
const NAMES = "expected names like base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight";

const configs: [string, MalformedRow["bytes"], string][] = [
  ["empty config", text(""), "the file is empty, expected a JSON object. Fetch the file again"],
  [
    "config that is an LFS pointer",
    text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
    "the file is a Git LFS pointer, expected a JSON object. Run `git lfs pull` in its folder",
  ],
  [
    "config that is a web page",
    text("<html></html>"),
    "the file is a web page, expected a JSON object. Check the address and whether it asks for a login",
  ],
  ["cut config", text('{"peft_type":"LO'), "the file is not JSON, expected a JSON object"],
  ["rank twice", text('{"r":2,"r":3}'), 'the file has the key "r" twice, expected each key once'],
  [
    "other method",
    json({ peft_type: "IA3" }),
    'peft_type is "IA3", expected "LORA". Other methods are not supported',
  ],
  [
    "DoRA",
    json({ use_dora: true }),
    `use_dora is true, expected false: DoRA is not supported. ${MERGE}`,
  ],
  [
    "trained biases",
    json({ bias: "lora_only" }),
    `bias is "lora_only", expected "none": trained biases are not supported. ${RETRAIN}`,
  ],
  [
    "biases of factors",
    json({ lora_bias: true }),
    `lora_bias is true, expected false: biases of factors are not supported. ${RETRAIN}`,
  ],
  [
    "modules saved whole",
    json({ modules_to_save: ["lm_head"] }),
    'modules_to_save is ["lm_head"], expected null: modules that are trained whole are not supported. ' +
    MERGE,
  ],
  [
    "PiSSA, which changes the base",
    json({ init_lora_weights: "pissa_niter_16" }),
    'init_lora_weights is "pissa_niter_16", expected true or false or "gaussian" or "eva" or "orthogonal" or ' +
    '"mica": an initialisation that changes the base\'s weights is not supported. ' +
    "Save it with PEFT's path_initial_model_for_weight_conversion",
  ],
  [
    "variant of the future",
    json({ use_hyperlora: true }),
    `use_hyperlora is true, expected false: this variant is not supported. ${MERGE}`,
  ],
  [
    "variant with a control character in its name",
    json({ "use_d\u009bra": true }),
    `use_d\\u009bra is true, expected false: this variant is not supported. ${MERGE}`,
  ],
  ["no rank", json({ r: null }), "r is null, expected a number"],
  ["rank 0", json({ r: 0 }), "r is 0, expected a whole number of at least 1"],
  ["alpha of text", json({ lora_alpha: "4" }), 'lora_alpha is "4", expected a number'],
  ["alpha below 0", json({ lora_alpha: -1 }), "lora_alpha is -1, expected a number above 0"],
  ["rsLoRA of text", json({ use_rslora: "yes" }), 'use_rslora is "yes", expected true or false'],
  [
    "pattern that takes for ever",
    json({ alpha_pattern: { "(a+)+$": 4 } }),
    'alpha_pattern has the key "(a+)+$", expected a module\'s name, its ending or a pattern ' +
    "without groups. List the modules by name",
  ],
  [
    "targets of numbers",
    json({ target_modules: [1] }),
    "target_modules is [1], expected a string or a list of strings",
  ],
  [
    "layer −1",
    json({ layers_to_transform: [-1] }),
    "layers_to_transform is [-1], expected a layer's number or a list of them",
  ],
];

const tensors: [string, MalformedRow["bytes"], string][] = [
  [
    "cut weights",
    () => weights().slice(0, 40),
    `the header says 472 bytes and 32 remain. The download was cut: fetch the file again`,
  ],
  [
    "pickle under the name of safetensors",
    () => Uint8Array.of(0x50, 0x4b, 3, 4, 0x14, 0, 0, 8, 8, 0, 0, 0),
    "the file is a zip archive, as torch.save writes, expected a safetensors file. " +
    "Save it with save_pretrained(safe_serialization=True)",
  ],
  [
    "integers",
    () => safetensors({ [key(Q, "A")]: { dtype: "I8", shape: [2], data_offsets: [0, 2] } }, 2),
    `tensor "${key(Q, "A")}" dtype is "I8", expected F32, F16 or BF16`,
  ],
  [
    "A without B",
    () => weights({ [key(Q, "B")]: undefined }),
    `${Q} has no lora_B, expected both factors`,
  ],
  [
    "module with a control character in its name",
    () =>
      weights({
        [key("model.\u007flayers", "A")]: tensor([2, 4]),
        [key("model.\u007flayers", "B")]: undefined,
      }),
    "model.\\u007flayers has no lora_B, expected both factors",
  ],
  [
    "factor twice",
    () => weights({ [key(Q, "A").replace(".weight", ".default.weight")]: tensor([2, 4]) }),
    `${Q} has lora_A twice, expected one adapter in the file`,
  ],
  [
    "A of another rank",
    () => weights({ [key(Q, "A")]: tensor([3, 4]) }),
    `lora_A of ${Q} shape is [3, 4], expected [2, in], as adapter_config.json says`,
  ],
  [
    "B of one axis",
    () => weights({ [key(Q, "B")]: tensor([8]) }),
    `lora_B of ${Q} shape is [8], expected [out, 2], as adapter_config.json says`,
  ],
  [
    "NaN in a factor",
    () => weights({ [key(UP, "A")]: tensor([2, 4], NaN) }),
    `tensor "${key(UP, "A")}" is NaN at [0, 0], expected finite numbers. ` +
    "The file is damaged or its training diverged",
  ],
  [
    "targeted module that is missing",
    () => weights({ [key(UP, "A")]: undefined, [key(UP, "B")]: undefined }),
    `${UP} is missing, expected the modules that adapter_config.json chooses with target_modules`,
  ],
  [
    "magnitudes of DoRA",
    () => weights({ [`base_model.model.${Q}.lora_magnitude_vector`]: tensor([4]) }),
    `tensor "base_model.model.${Q}.lora_magnitude_vector" is one of DoRA, which is not supported, ${NAMES}`,
  ],
  [
    "whole weight",
    () => weights({ "base_model.model.lm_head.weight": tensor([2, 2]) }),
    'tensor "base_model.model.lm_head.weight" is a weight that was trained or saved whole, ' +
    `which is not supported, ${NAMES}`,
  ],
  [
    "name without PEFT's prefix",
    () => weights({ [`${Q}.lora_A.weight`]: tensor([2, 4]) }),
    `tensor "${Q}.lora_A.weight" is there, ${NAMES}`,
  ],
];

const misfits: [string, MalformedRow["bytes"], string][] = [
  [
    "module of another model",
    () => {
      const stranger = "model.layers.7.mlp.up_proj";
      return weights({
        [key(stranger, "A")]: tensor([2, 4]),
        [key(stranger, "B")]: tensor([6, 2]),
      });
    },
    `it adapts model.layers.7.mlp.up_proj, expected linear layers of the model as ${UP}, ${Q}`,
  ],
  [
    "factor of another width",
    () => weights({ [key(UP, "B")]: tensor([5, 2]) }),
    `lora_B of ${UP} shape is [5, 2], expected [6, 2] for this model`,
  ],
  ["no tensors", () => safetensors("{}"), "it has no modules, expected at least one"],
];

/** Malformed adapters. */
export const rows: MalformedRow[] = [
  ...configs.map(([name, bytes, why]) => {
    return { name, bytes, file: CONFIG, error: `Cannot read ${CONFIG}: ${why}` };
  }),
  ...tensors.map(([name, bytes, why]) => {
    return { name, bytes, file: WEIGHTS, error: `Cannot read ${WEIGHTS}: ${why}` };
  }),
  ...misfits.map(([name, bytes, why]) => {
    return { name, bytes, file: WEIGHTS, error: `Cannot use adapter: ${why}` };
  }),
];
