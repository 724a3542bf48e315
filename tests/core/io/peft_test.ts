import { assertEquals, assertThrows } from "@std/assert";
import type { HostTensor } from "../../../core/io/host_tensor.ts";
import {
  encodePeftAdapter,
  type LoraFactors,
  parsePeftAdapter,
  type PeftAdapter,
} from "../../../core/io/peft.ts";
import { encodeSafetensors, parseSafetensors } from "../../../core/io/safetensors.ts";

function tensor(shape: number[], first: number): HostTensor {
  const length = shape.reduce((a, b) => a * b);
  return { shape, data: Float32Array.from({ length }, (_, i) => first + i) };
}

function adapter(layers = 11): PeftAdapter {
  const factors = new Map<string, LoraFactors>();
  for (let layer = 0; layer < layers; layer++) {
    for (
      const [module, out, inn] of [["mlp.down_proj", 4, 6], ["self_attn.q_proj", 4, 4]] as const
    ) {
      const at = 100 * layer + out * inn;
      factors.set(`model.layers.${layer}.${module}`, {
        A: tensor([2, inn], at),
        B: tensor([out, 2], -at),
      });
    }
  }
  const targetModules = ["q_proj", "down_proj"];
  return { layers, targetModules, rank: 2, alpha: 4, factors, baseModel: "stories" };
}

const CONFIG = "adapter_config.json";
const WEIGHTS = "adapter_model.safetensors";
const PREFIX = "base_model.model.";
type Files = Map<string, Uint8Array>;

Deno.test("encodePeftAdapter() writes PEFT's names, metadata and config", () => {
  const files = encodePeftAdapter(adapter(1));
  const { tensors, metadata } = parseSafetensors(files.get(WEIGHTS)!, WEIGHTS);
  assertEquals([...tensors.keys()].sort(), [
    "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight",
    "base_model.model.model.layers.0.mlp.down_proj.lora_B.weight",
    "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight",
    "base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight",
  ]);
  assertEquals(metadata, new Map([["format", "pt"]]));
  const config = JSON.parse(new TextDecoder().decode(files.get(CONFIG)));
  assertEquals(
    [config.peft_type, config.r, config.lora_alpha, config.target_modules, config.task_type],
    ["LORA", 2, 4, ["q_proj", "down_proj"], "CAUSAL_LM"],
  );
  assertEquals(config.base_model_name_or_path, "stories");
});

Deno.test("encodePeftAdapter() then parsePeftAdapter() is the identity, layers in order", () => {
  const parsed = parsePeftAdapter(encodePeftAdapter(adapter()), "adapter");
  assertEquals(parsed, adapter());
  assertEquals([...parsed.factors.keys()], [...adapter().factors.keys()]); // 10 after 9, not after 1
});

function withConfig(change: Record<string, unknown>): Files {
  const files: Files = encodePeftAdapter(adapter(1));
  const config = JSON.parse(new TextDecoder().decode(files.get(CONFIG)));
  return files.set(CONFIG, new TextEncoder().encode(JSON.stringify({ ...config, ...change })));
}

function withTensors(change: (tensors: Map<string, HostTensor>) => void): Files {
  const files: Files = encodePeftAdapter(adapter(2));
  const tensors = new Map<string, HostTensor>(
    parseSafetensors(files.get(WEIGHTS)!, WEIGHTS).tensors,
  );
  change(tensors);
  return files.set(WEIGHTS, encodeSafetensors(tensors));
}

Deno.test("parsePeftAdapter() takes the fields that PEFT 0.21 writes", () => {
  const files = withConfig({ // those that are neutral, as save_pretrained writes them
    alora_invocation_tokens: null,
    alpha_pattern: {},
    arrow_config: null,
    corda_config: null,
    exclude_modules: null,
    init_lora_weights: "gaussian",
    layer_replication: null,
    layers_to_transform: null,
    loftq_config: {},
    lora_bias: false,
    megatron_core: "megatron.core",
    peft_version: "0.21.2",
    qalora_group_size: 16,
    rank_pattern: {},
    revision: null,
    target_modules: ["down_proj", "q_proj"],
    use_bdlora: null,
    use_qalora: false,
  });
  assertEquals(parsePeftAdapter(files, "adapter").targetModules, ["down_proj", "q_proj"]);
  const pattern = withConfig({ target_modules: "all-linear", base_model_name_or_path: null });
  assertEquals(parsePeftAdapter(pattern, "adapter").targetModules, ["down_proj", "q_proj"]);
  assertEquals(parsePeftAdapter(pattern, "adapter").baseModel, "");
});

const YET = "anything else is not supported yet";
const Q1 = `${PREFIX}model.layers.1.self_attn.q_proj.lora_`;
const REFUSED: [what: string, files: () => Files, message: string][] = [
  [
    "no weights",
    () => new Map([[CONFIG, new Uint8Array(1)]]),
    `adapter: ${WEIGHTS} is missing, expected a PEFT adapter folder`,
  ],
  [
    "no config",
    () => new Map([[WEIGHTS, new Uint8Array(1)]]),
    `adapter: ${CONFIG} is missing, expected a PEFT adapter folder`,
  ],
  [
    "another method",
    () => withConfig({ peft_type: "IA3" }),
    `adapter/${CONFIG}: peft_type is "IA3", expected "LORA"`,
  ],
  [
    "DoRA",
    () => withConfig({ use_dora: true }),
    `adapter/${CONFIG}: use_dora is true, expected false: ${YET}`,
  ],
  [
    "rsLoRA",
    () => withConfig({ use_rslora: true }),
    `adapter/${CONFIG}: use_rslora is true, expected false: ${YET}`,
  ],
  [
    "biases",
    () => withConfig({ bias: "all" }),
    `adapter/${CONFIG}: bias is "all", expected "none": ${YET}`,
  ],
  [
    "saved modules",
    () => withConfig({ modules_to_save: ["lm_head"] }),
    `adapter/${CONFIG}: modules_to_save is ["lm_head"], expected null: ${YET}`,
  ],
  [
    "PiSSA, which changes the base",
    () => withConfig({ init_lora_weights: "pissa" }),
    `adapter/${CONFIG}: init_lora_weights is "pissa", expected true or false or "gaussian": ${YET}`,
  ],
  [
    "ranks by module",
    () => withConfig({ rank_pattern: { q_proj: 4 } }),
    `adapter/${CONFIG}: rank_pattern is {"q_proj":4}, expected {}: ${YET}`,
  ],
  ["no rank", () => withConfig({ r: null }), `adapter/${CONFIG}: r is null, expected a number`],
  [
    "alpha of text",
    () => withConfig({ lora_alpha: "4" }),
    `adapter/${CONFIG}: lora_alpha is "4", expected a number`,
  ],
  [
    "rank 0",
    () => withConfig({ r: 0 }),
    "adapter: rank is 0, expected a whole number of at least 1",
  ],
  [
    "alpha 0",
    () => withConfig({ lora_alpha: 0 }),
    "adapter: alpha is 0, expected a number above 0",
  ],
  [
    "a rank that is not the factors'",
    () => withConfig({ r: 3 }),
    "adapter: lora_A of model.layers.0.mlp.down_proj shape is [2, 6], expected [3, in] for rank 3",
  ],
  [
    "a B of another rank",
    () => withTensors((tensors) => tensors.set(Q1 + "B.weight", tensor([4, 3], 0))),
    "adapter: lora_B of model.layers.1.self_attn.q_proj shape is [4, 3], expected [out, 2] for rank 2",
  ],
  [
    "A without B",
    () => withTensors((tensors) => tensors.delete(Q1 + "B.weight")),
    `adapter/${WEIGHTS}: model.layers.1.self_attn.q_proj has no lora_B, expected both factors`,
  ],
  [
    "B without A",
    () => withTensors((tensors) => tensors.delete(Q1 + "A.weight")),
    `adapter/${WEIGHTS}: model.layers.1.self_attn.q_proj has no lora_A, expected both factors`,
  ],
  [
    "a layer that lacks a module",
    () =>
      withTensors((tensors) => {
        tensors.delete(Q1 + "A.weight");
        tensors.delete(Q1 + "B.weight");
      }),
    "adapter: q_proj of layer 1 is missing, expected it in every layer",
  ],
  [
    "a module that is no target",
    () => withConfig({ target_modules: ["q_proj"] }),
    'adapter: module "model.layers.0.mlp.down_proj" is there, expected q_proj of 1 layers',
  ],
  [
    "a tensor of another name",
    () => withTensors((tensors) => tensors.set("lm_head.weight", tensor([1], 0))),
    `adapter/${WEIGHTS}: tensor "lm_head.weight" is there, ` +
    `expected names like ${PREFIX}model.layers.0.self_attn.q_proj.lora_A.weight`,
  ],
  [
    "no tensors",
    () => withTensors((tensors) => tensors.clear()),
    "adapter: it has no modules, expected at least one",
  ],
];
for (const [what, files, message] of REFUSED) {
  Deno.test(`parsePeftAdapter() refuses ${what}`, () => {
    const error = assertThrows(() => parsePeftAdapter(files(), "adapter"), Error);
    assertEquals(error.message, `Cannot read ${message}`);
  });
}

Deno.test("encodePeftAdapter() refuses an adapter that is not whole", () => {
  const missing = adapter(2);
  const factors = new Map(missing.factors);
  factors.delete("model.layers.1.mlp.down_proj");
  const rows: [PeftAdapter, string][] = [
    [{ ...missing, factors }, "down_proj of layer 1 is missing, expected it in every layer"],
    [
      { ...adapter(2), layers: 1 },
      'module "model.layers.1.mlp.down_proj" is there, expected q_proj, down_proj of 1 layers',
    ],
    [
      { ...adapter(1), rank: 8 },
      "lora_A of model.layers.0.mlp.down_proj shape is [2, 6], expected [8, in] for rank 8",
    ],
    [{ ...adapter(1), alpha: NaN }, "alpha is NaN, expected a number above 0"],
  ];
  for (const [broken, message] of rows) {
    assertEquals(
      assertThrows(() => encodePeftAdapter(broken), Error).message,
      `Cannot write the adapter: ${message}`,
    );
  }
});
