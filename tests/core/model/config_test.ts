import { assertEquals, assertThrows } from "@std/assert";
import { type ModelConfig, modelConfigJson, parseModelConfig } from "../../../core/model/config.ts";
import { FAMILIES, familyOf } from "../../../core/model/families/mod.ts";
import { SMOL } from "../../support/smol_config.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const TINY: ModelConfig = {
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

Deno.test("parseModelConfig() reads a real config", () => {
  assertEquals(parseModelConfig(SMOL, "config.json"), {
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

Deno.test("parseModelConfig() defaults are transformers' own", () => {
  const { rms_norm_eps: _, rope_theta: __, num_key_value_heads: ___, ...rest } = SMOL;
  const few = { ...rest, tie_word_embeddings: undefined, max_position_embeddings: undefined };
  const config = parseModelConfig({ ...few, eos_token_id: null, pad_token_id: -1 }, "config.json");
  assertEquals(
    [config.rmsEps, config.ropeTheta, config.kvHeads, config.tied, config.maxPositions],
    [1e-6, 10000, 9, false, 2048],
  );
  assertEquals([config.eosId, config.padId], [undefined, undefined]);
});

Deno.test("parseModelConfig() reads transformers 5's rope_parameters and a list of eos ids", () => {
  const { rope_theta: _, ...rest } = SMOL;
  const rope_parameters = { rope_theta: 5000, rope_type: "default" };
  const config = parseModelConfig(
    { ...rest, rope_parameters, eos_token_id: [2, 7] },
    "config.json",
  );
  assertEquals([config.ropeTheta, config.eosId], [5000, [2, 7]]);
});

const YET = "anything else is not supported";
const ALL = FAMILIES.flatMap(({ architectures }) => architectures).join(", ");
const REFUSED: [change: Record<string, unknown>, message: string][] = [
  [
    { architectures: ["BertForMaskedLM"] },
    `architectures is ["BertForMaskedLM"], expected one of ${ALL}`,
  ],
  [
    { architectures: undefined, model_type: "bert" },
    `architectures is missing and model_type is "bert", expected one of ${ALL}`,
  ],
  [
    { rope_scaling: { rope_type: "ntk", factor: 8 } },
    'rope_scaling type is "ntk", expected one of default, linear, dynamic, llama3, yarn, longrope',
  ],
  [
    { rope_parameters: { rope_type: "mrope" } },
    'rope_parameters type is "mrope", expected one of default, linear, dynamic, llama3, yarn, longrope',
  ],
  [
    { rope_scaling: { rope_type: "llama3", factor: 8 } },
    "rope_scaling low_freq_factor is undefined, expected a number",
  ],
  [
    { rope_scaling: { type: "linear", factor: 0 } },
    "rope_scaling factor is 0, expected a number above 0",
  ],
  [
    { hidden_act: "relu" },
    'hidden_act is "relu", expected one of silu, swish, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh',
  ],
  [
    { quantization_config: { bits: 4 } },
    `quantization_config is {"bits":4}, expected null: ${YET}`,
  ],
  [{ hidden_size: undefined }, "hidden_size is missing, expected a whole number"],
  [{ hidden_size: "576" }, 'hidden_size is "576", expected a whole number'],
  [{ num_hidden_layers: 0 }, "num_hidden_layers is 0, expected a whole number of at least 1"],
  [{ vocab_size: 1.5 }, "vocab_size is 1.5, expected a whole number of at least 1"],
  [
    { hidden_size: 577 },
    "hidden_size is 577, expected a multiple of the 9 of num_attention_heads",
  ],
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
  Deno.test(`parseModelConfig() refuses ${JSON.stringify(change)} ${Object.keys(change)}`, () => {
    const error = assertThrows(
      () => parseModelConfig({ ...SMOL, ...change }, "config.json"),
      Error,
    );
    assertEquals(error.message, `Cannot read config.json: ${message}`);
  });
}

Deno.test("parseModelConfig() refuses what is no object", () => {
  const error = assertThrows(() => parseModelConfig([1], "config.json"), Mistake);
  assertEquals(error.message, "Cannot read config.json: it is [1], expected a JSON object");
});

Deno.test("modelConfigJson() then parseModelConfig() is the identity", () => {
  const { bosId: _, eosId: __, padId: ___, ...bare } = TINY;
  for (const config of [TINY, bare, { ...TINY, tied: true, eosId: [2] }]) {
    const json = JSON.parse(JSON.stringify(modelConfigJson(config)));
    assertEquals(parseModelConfig(json, "config.json"), config);
  }
});

Deno.test("modelConfigJson() writes rope scaling and biases that parseModelConfig() reads", () => {
  const scaling = {
    type: "llama3",
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    original: 16,
  } as const;
  const config: ModelConfig = {
    ...TINY,
    rope: { theta: 500, dim: 6, scaling },
    biases: { qkv: true, o: true, mlp: true },
  };
  assertEquals(parseModelConfig(modelConfigJson(config), "config.json"), config);
});

Deno.test("modelConfigJson() refuses another family", () => {
  const error = assertThrows(() => modelConfigJson({ ...TINY, family: "gpt2" }), Mistake);
  assertEquals(
    error.message,
    "Cannot write config.json: the family is gpt2, expected llama. Copy the config.json that the model came with",
  );
});

Deno.test("familyOf() is Llama where a config does not say", () => {
  assertEquals([familyOf(TINY).name, familyOf({ ...TINY, family: "phi3" }).name], [
    "llama",
    "phi3",
  ]);
  assertThrows(() => familyOf({ ...TINY, family: "bert" }), Mistake, 'its family is "bert"');
});

Deno.test("modelConfigJson() writes the activation, a part of the head that turns, and the trained positions", () => {
  const scaling = { type: "dynamic", factor: 4, original: 16 } as const;
  const config: ModelConfig = {
    ...TINY,
    activation: "geluTanh",
    rope: { theta: 500, dim: 2, scaling },
  };
  const json = modelConfigJson({ ...config, maxPositions: 64 }); // as loaded with a longer context
  assertEquals(parseModelConfig(json, "config.json"), config);
});
