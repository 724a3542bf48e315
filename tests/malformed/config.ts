// config.json files that describe no model that can be built; `error` is what opening the folder says.
import { FAMILIES } from "../../core/model/families/mod.ts";
import type { MalformedRow } from "./safetensors.ts";

const FILE = "config.json";
const text = (content: string) => new TextEncoder().encode(content);

/** The config of a model of one tiny block. */
export const goodConfig: Readonly<Record<string, unknown>> = {
  ...{ architectures: ["LlamaForCausalLM"], model_type: "llama", vocab_size: 8, hidden_size: 4 },
  ...{ intermediate_size: 6, num_hidden_layers: 1, num_attention_heads: 2 },
  ...{ num_key_value_heads: 1, max_position_embeddings: 16, tie_word_embeddings: true },
};
const config = (change: Record<string, unknown>) => () =>
  text(JSON.stringify({ ...goodConfig, ...change }));
const gemma = { architectures: ["Gemma2ForCausalLM"], model_type: "gemma2" };

const ARCHITECTURES = FAMILIES.flatMap(({ architectures }) => architectures).join(", ");

/** Malformed configs. */
export const rows: MalformedRow[] = ([
  [
    "an empty file",
    () => text(""),
    "the file is empty, expected a JSON object. Fetch the file again",
  ],
  [
    "a Git LFS pointer",
    () => text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
    "the file is a Git LFS pointer, expected a JSON object. Run `git lfs pull` in its folder",
  ],
  [
    "a web page",
    () => text("<!doctype html><p>Sign in</p>"),
    "the file is a web page, expected a JSON object. Check the address and whether it asks for a login",
  ],
  [
    "cut JSON",
    () => text('{"architectures":["Lla'),
    "the file is not JSON, expected a JSON object",
  ],
  [
    "Python's NaN",
    () => text('{"rms_norm_eps":NaN}'),
    "the file is not JSON, expected a JSON object",
  ],
  [
    "bytes that are not UTF-8",
    () => Uint8Array.of(0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d),
    "the file is not UTF-8, expected a JSON object",
  ],
  [
    "a size that stands twice",
    () => text('{"hidden_size":4,"hidden_size":8}'),
    'the file has the key "hidden_size" twice, expected each key once',
  ],
  ["a list", () => text("[]"), "the file is [], expected a JSON object"],
  [
    "an architecture of its own code",
    config({ architectures: ["EvilForCausalLM"], auto_map: { AutoModel: "evil.Evil" } }),
    'architectures is ["EvilForCausalLM"], expected one of ' + ARCHITECTURES,
  ],
  [
    "a model type that is not known",
    config({ architectures: undefined, model_type: "mamba" }),
    'architectures is missing and model_type is "mamba", expected one of ' +
    ARCHITECTURES,
  ],
  [
    "no hidden size",
    config({ hidden_size: undefined }),
    "hidden_size is missing, expected a whole number",
  ],
  ["a size of text", config({ hidden_size: "4" }), 'hidden_size is "4", expected a whole number'],
  [
    "a size below 0",
    config({ vocab_size: -8 }),
    "vocab_size is -8, expected a whole number of at least 1",
  ],
  [
    "half a layer",
    config({ num_hidden_layers: 0.5 }),
    "num_hidden_layers is 0.5, expected a whole number of at least 1",
  ],
  [
    "a thousand million layers",
    config({ num_hidden_layers: 1e9 }),
    "num_hidden_layers is 1000000000, expected at most 10000",
  ],
  [
    "a thousand million sliding layers",
    config({ ...gemma, num_hidden_layers: 1e9 }),
    "num_hidden_layers is 1000000000, expected at most 10000",
  ],
  [
    "heads that the width does not divide into",
    config({ num_attention_heads: 3 }),
    "hidden_size is 4, expected a multiple of the 3 of num_attention_heads",
  ],
  ["an odd head", config({ head_dim: 3 }), "head_dim is 3, expected an even number (rotary pairs)"],
  [
    "more key heads than query heads",
    config({ num_key_value_heads: 4 }),
    "num_key_value_heads is 4, expected a divisor of the 2 of num_attention_heads",
  ],
  [
    "weights that are quantised elsewhere",
    config({ quantization_config: { quant_method: "gptq" } }),
    'quantization_config is {"quant_method":"gptq"}, expected null: anything else is not supported',
  ],
  [
    "an activation that is not known",
    config({ hidden_act: "__proto__" }),
    'hidden_act is "__proto__", expected one of silu, swish, gelu, gelu_new, gelu_fast, gelu_pytorch_tanh',
  ],
  [
    "a rope type that is not known",
    config({ rope_scaling: { rope_type: "ntk", factor: 4 } }),
    'rope_scaling type is "ntk", expected one of default, linear, dynamic, llama3, yarn, longrope',
  ],
  [
    "longrope with a list of another length",
    config({ rope_scaling: { rope_type: "longrope", short_factor: [1], long_factor: [] } }),
    "rope_scaling long_factor is [], expected a number above 0 for each of 1 pairs",
  ],
  [
    "a rope factor of 0",
    config({ rope_scaling: { rope_type: "linear", factor: 0 } }),
    "rope_scaling factor is 0, expected a number above 0",
  ],
  [
    "a rope that is text",
    config({ rope_scaling: "linear" }),
    'rope_scaling is "linear", expected an object or null',
  ],
  [
    "an end of sequence beyond the vocabulary",
    config({ eos_token_id: [2, 8] }),
    "eos_token_id is 8, expected an id below the vocab_size 8",
  ],
  [
    "layer types of another number of layers",
    config({ ...gemma, layer_types: ["full_attention", "full_attention"] }),
    'layer_types is ["full_attention","full_attention"], expected 1 layer types',
  ],
] as [string, MalformedRow["bytes"], string][]).map(([name, bytes, why]) => {
  return { name, bytes, file: FILE, error: `Cannot read ${FILE}: ${why}` };
});
