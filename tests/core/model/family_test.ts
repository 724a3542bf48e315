import { assertEquals } from "@std/assert";
import { ACTIVATIONS, LLAMA_NAMES } from "../../../core/model/family.ts";
import { familyConfig, familyFixture } from "../../support/families.ts";
import { tensorShapes } from "../../../core/model/shapes.ts";

Deno.test("LLAMA_NAMES name all tensors of a Llama, in the order of the forward pass", async () => {
  const config = familyConfig("llama", await familyFixture("llama"));
  const { block } = LLAMA_NAMES;
  const names = [...tensorShapes({ ...config, layers: 1 }).keys()];
  const parts = [
    block.attentionNorm,
    ...Object.values(block.attention),
    block.o,
    block.mlpNorm,
    ...Object.values(block.mlp),
    block.down,
  ];
  assertEquals(names, [
    "model.embed_tokens.weight",
    ...parts.map((part) => `model.layers.0.${part}.weight`),
    "model.norm.weight",
    "lm_head.weight",
  ]);
});

Deno.test("ACTIVATIONS has one meaning for the tanh form's three names", () => {
  const { gelu_new, gelu_fast, gelu_pytorch_tanh, gelu } = ACTIVATIONS;
  assertEquals([gelu_new, gelu_fast, gelu_pytorch_tanh, gelu], [
    "geluTanh",
    "geluTanh",
    "geluTanh",
    "gelu",
  ]);
});
