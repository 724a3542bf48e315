import { assertEquals, assertThrows } from "@std/assert";
import type { HostTensor } from "../../../core/io/host_tensor.ts";
import {
  checkLlamaTensors,
  type LlamaConfig,
  llamaConfigJson,
  llamaTensorShapes,
  parseLlamaConfig,
} from "../../../core/model/config.ts";

const SMOL = { // SmolLM2-135M's config.json, the fields that count
  architectures: ["LlamaForCausalLM"],
  attention_bias: false,
  bos_token_id: 0,
  eos_token_id: 0,
  hidden_act: "silu",
  hidden_size: 576,
  intermediate_size: 1536,
  max_position_embeddings: 8192,
  model_type: "llama",
  num_attention_heads: 9,
  num_hidden_layers: 30,
  num_key_value_heads: 3,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 100000,
  tie_word_embeddings: true,
  vocab_size: 49152,
};

const TINY: LlamaConfig = {
  vocabSize: 5,
  hiddenSize: 4,
  intermediateSize: 3,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 6,
  ropeTheta: 500,
  rmsEps: 1e-6,
  tied: false,
  maxPositions: 16,
  bosId: 1,
  eosId: [2, 3],
  padId: 4,
};

Deno.test("parseLlamaConfig() reads a real config", () => {
  assertEquals(parseLlamaConfig(SMOL, "config.json"), {
    vocabSize: 49152,
    hiddenSize: 576,
    intermediateSize: 1536,
    layers: 30,
    heads: 9,
    kvHeads: 3,
    headDim: 64,
    ropeTheta: 100000,
    rmsEps: 1e-5,
    tied: true,
    maxPositions: 8192,
    bosId: 0,
    eosId: [0],
  });
});

Deno.test("parseLlamaConfig() defaults are transformers' own", () => {
  const { rms_norm_eps: _, rope_theta: __, num_key_value_heads: ___, ...rest } = SMOL;
  const few = { ...rest, tie_word_embeddings: undefined, max_position_embeddings: undefined };
  const config = parseLlamaConfig({ ...few, eos_token_id: null, pad_token_id: -1 }, "config.json");
  assertEquals(
    [config.rmsEps, config.ropeTheta, config.kvHeads, config.tied, config.maxPositions],
    [1e-6, 10000, 9, false, 2048],
  );
  assertEquals([config.eosId, config.padId], [undefined, undefined]);
});

Deno.test("parseLlamaConfig() reads transformers 5's rope_parameters and a list of eos ids", () => {
  const { rope_theta: _, ...rest } = SMOL;
  const rope_parameters = { rope_theta: 5000, rope_type: "default" };
  const config = parseLlamaConfig(
    { ...rest, rope_parameters, eos_token_id: [2, 7] },
    "config.json",
  );
  assertEquals([config.ropeTheta, config.eosId], [5000, [2, 7]]);
});

const YET = "anything else is not supported yet";
const REFUSED: [change: Record<string, unknown>, message: string][] = [
  [
    { architectures: ["Qwen3ForCausalLM"] },
    'architectures is ["Qwen3ForCausalLM"], expected one of LlamaForCausalLM',
  ],
  [
    { architectures: undefined, model_type: "gpt2" },
    'architectures is missing and model_type is "gpt2", expected one of LlamaForCausalLM',
  ],
  [
    { rope_scaling: { rope_type: "llama3", factor: 8 } },
    `rope_scaling is {"rope_type":"llama3","factor":8}, expected null: ${YET}`,
  ],
  [
    { rope_parameters: { rope_type: "yarn" } },
    `rope_parameters is {"rope_type":"yarn"}, expected rope_type "default": ${YET}`,
  ],
  [{ hidden_act: "gelu" }, `hidden_act is "gelu", expected "silu": ${YET}`],
  [{ attention_bias: true }, `attention_bias is true, expected false: ${YET}`],
  [{ mlp_bias: true }, `mlp_bias is true, expected false: ${YET}`],
  [
    { quantization_config: { bits: 4 } },
    `quantization_config is {"bits":4}, expected null: ${YET}`,
  ],
  [{ hidden_size: undefined }, "hidden_size is missing, expected a whole number"],
  [{ hidden_size: "576" }, 'hidden_size is "576", expected a whole number'],
  [{ num_hidden_layers: 0 }, "num_hidden_layers is 0, expected a whole number of at least 1"],
  [{ vocab_size: 1.5 }, "vocab_size is 1.5, expected a whole number of at least 1"],
  [{ hidden_size: 577 }, `head_dim is ${577 / 9}, expected a whole number of at least 1`],
  [{ head_dim: 63 }, "head_dim is 63, expected an even number (rotary pairs)"],
  [
    { num_key_value_heads: 2 },
    "num_key_value_heads is 2, expected a divisor of the 9 of num_attention_heads",
  ],
  [{ tie_word_embeddings: "yes" }, 'tie_word_embeddings is "yes", expected true or false'],
  [{ rope_theta: 0 }, "rope_theta is 0, expected a number above 0"],
  [{ rms_norm_eps: "1e-5" }, 'rms_norm_eps is "1e-5", expected a number'],
  [{ bos_token_id: [1, 2] }, "bos_token_id is [1,2], expected a token id or null"],
  [{ eos_token_id: [] }, "eos_token_id is [], expected a token id or null"],
  [{ eos_token_id: 49152 }, "eos_token_id is 49152, expected an id below the vocab_size 49152"],
];
for (const [change, message] of REFUSED) {
  Deno.test(`parseLlamaConfig() refuses ${JSON.stringify(change)} ${Object.keys(change)}`, () => {
    const error = assertThrows(
      () => parseLlamaConfig({ ...SMOL, ...change }, "config.json"),
      Error,
    );
    assertEquals(error.message, `Cannot read config.json: ${message}`);
  });
}

Deno.test("parseLlamaConfig() refuses what is no object", () => {
  const error = assertThrows(() => parseLlamaConfig([1], "config.json"), TypeError);
  assertEquals(error.message, "Cannot read config.json: it is [1], expected a JSON object");
});

Deno.test("llamaConfigJson() then parseLlamaConfig() is the identity", () => {
  const { bosId: _, eosId: __, padId: ___, ...bare } = TINY;
  for (const config of [TINY, bare, { ...TINY, tied: true, eosId: [2] }]) {
    const json = JSON.parse(JSON.stringify(llamaConfigJson(config)));
    assertEquals(parseLlamaConfig(json, "config.json"), config);
  }
});

Deno.test("llamaTensorShapes() counts SmolLM2-135M's parameters", () => {
  const count = (config: LlamaConfig) => {
    let sum = 0;
    for (const shape of llamaTensorShapes(config).values()) sum += shape.reduce((a, b) => a * b);
    return sum;
  };
  const config = parseLlamaConfig(SMOL, "config.json");
  assertEquals(count(config), 134_515_008); // as its model card's "135M" says in full
  assertEquals(count({ ...config, tied: false }), 134_515_008 + 49152 * 576);
  assertEquals(llamaTensorShapes(TINY).get("model.layers.1.self_attn.o_proj.weight"), [4, 12]);
});

Deno.test("checkLlamaTensors() takes exactly the model's tensors", () => {
  const whole = () =>
    new Map<string, HostTensor>([...llamaTensorShapes(TINY)].map(([name, shape]) => {
      return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) }];
    }));
  checkLlamaTensors(TINY, whole());
  const K = "model.layers.1.self_attn.k_proj.weight";
  const rows: [(tensors: Map<string, HostTensor>) => void, LlamaConfig, string][] = [
    [(t) => t.delete(K), TINY, `tensor "${K}" is missing, expected shape [6, 4]`],
    [
      (t) => t.set(K, { shape: [4, 6], data: t.get(K)!.data }),
      TINY,
      `tensor "${K}" shape is [4, 6], expected [6, 4] from the config`,
    ],
    [
      (t) => t.set(K, { shape: [6, 4], data: new Float32Array(23) }),
      TINY,
      `tensor "${K}" data is 23 elements long, expected 24`,
    ],
    [
      (t) => t.set("model.bias", { shape: [], data: new Float32Array(1) }),
      TINY,
      'tensor "model.bias" is there, expected only the 21 tensors of a Llama of 2 layers',
    ],
    [
      () => {},
      { ...TINY, tied: true },
      'tensor "lm_head.weight" is there, expected no head of its own, ' +
      "because tie_word_embeddings is true",
    ],
  ];
  for (const [change, config, message] of rows) {
    const tensors = whole();
    change(tensors);
    const error = assertThrows(() => checkLlamaTensors(config, tensors, "dir"), TypeError);
    assertEquals(error.message, `Cannot load dir: ${message}`);
  }
});
