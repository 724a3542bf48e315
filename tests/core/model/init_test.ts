import { assertAlmostEquals, assertEquals, assertNotEquals } from "@std/assert";
import { checkTensors, initModel, keyOf, parseModelConfig } from "../../../core/mod.ts";

const config = parseModelConfig({
  model_type: "llama",
  vocab_size: 200,
  hidden_size: 64,
  intermediate_size: 100,
  num_hidden_layers: 8,
  num_attention_heads: 4,
}, "config.json");

Deno.test("initLlama() has every tensor of the config, norms 1 and matrices of their own size", () => {
  const tensors = initModel(config, keyOf(1));
  checkTensors(config, tensors);
  const table: [name: string, sigma: number][] = [
    ["model.embed_tokens.weight", 0.05],
    ["lm_head.weight", 1 / 8],
    ["model.layers.3.self_attn.q_proj.weight", 1 / 8],
    ["model.layers.3.self_attn.o_proj.weight", 1 / 8 / 4],
    ["model.layers.3.mlp.down_proj.weight", 1 / 10 / 4],
  ];
  for (const [name, sigma] of table) {
    const { data } = tensors.get(name)!;
    const square = data.reduce((a, x) => a + x * x, 0) / data.length;
    assertAlmostEquals(Math.sqrt(square), sigma, 4 * sigma / Math.sqrt(2 * data.length), name);
  }
  assertEquals(new Set(tensors.get("model.norm.weight")!.data), new Set([1]));
});

Deno.test("initLlama() draws every tensor from the key and its own name", () => {
  const read = (seed: number, projection: string) =>
    initModel(config, keyOf(seed)).get(`model.layers.0.self_attn.${projection}_proj.weight`)!.data;
  assertEquals(read(1, "q"), read(1, "q"));
  assertNotEquals(read(1, "q"), read(2, "q"));
  assertNotEquals(read(1, "q"), read(1, "k"));
});
