import { assertEquals } from "@std/assert";
import {
  ARCHITECTURES,
  ggufModuleName,
  ggufRowOf,
  huggingFaceName,
  isShifted,
  isTransposed,
  rowUnit,
} from "../../../../core/formats/gguf/names.ts";

Deno.test("huggingFaceName() names the same tensor as the architecture has it", () => {
  const named = [
    ["llama", "blk.11.attn_norm.weight", "model.layers.11.input_layernorm.weight"],
    ["qwen2", "blk.0.attn_k.bias", "model.layers.0.self_attn.k_proj.bias"],
    ["gemma", "blk.0.ffn_norm.weight", "model.layers.0.post_attention_layernorm.weight"],
    ["gemma2", "blk.0.ffn_norm.weight", "model.layers.0.pre_feedforward_layernorm.weight"],
    ["olmo2", "blk.0.attn_norm.weight", undefined],
    ["phi3", "blk.2.ffn_up.weight", "model.layers.2.mlp.gate_up_proj.weight"],
    ["gpt2", "position_embd.weight", "transformer.wpe.weight"],
    ["gptneox", "output.weight", "embed_out.weight"],
    ["llama", "blk.01.attn_q.weight", undefined],
    ["llama", "blk.0.constructor.weight", undefined],
    ["llama", "blk.0.attn_q.scale", undefined],
    ["mamba", "output.weight", undefined],
  ] as const;
  for (const [architecture, name, hf] of named) {
    assertEquals(huggingFaceName(architecture, name), hf, `${architecture} ${name}`);
  }
});

Deno.test("ggufModuleName() is the way back from huggingFaceName()", () => {
  const parts = [
    ..."attn_norm attn_q attn_k attn_v attn_qkv attn_output attn_q_norm attn_k_norm".split(" "),
    ..."ffn_norm ffn_gate ffn_up ffn_down post_attention_norm post_ffw_norm".split(" "),
  ];
  for (const architecture of ARCHITECTURES) {
    const names = ["token_embd", "output", ...parts.map((part) => `blk.3.${part}`)];
    const back = names.filter((name) => {
      const hf = huggingFaceName(architecture, `${name}.weight`)?.replace(/\.weight$/, "");
      if (hf !== undefined) assertEquals(ggufModuleName(architecture, hf), name);
      return hf !== undefined;
    });
    assertEquals(back.length >= 8, true, architecture);
  }
  assertEquals(ggufModuleName("llama", "model.layers.x.self_attn.q_proj"), undefined);
  assertEquals(ggufModuleName("llama", "model.layers.0.self_attn"), undefined);
});

Deno.test("ggufRowOf() lays Llama's pairs (i, i + d/2) side by side, head by head", () => {
  const rowOf = ggufRowOf("llama", "blk.0.attn_q.weight", 8, { heads: 2, kvHeads: 1 })!;
  assertEquals([0, 1, 2, 3, 4, 5, 6, 7].map(rowOf), [0, 2, 1, 3, 4, 6, 5, 7]);
  const key = ggufRowOf("smollm3", "blk.0.attn_k.weight", 8, { heads: 4, kvHeads: 1 })!;
  assertEquals([0, 1, 2, 3, 4, 5, 6, 7].map(key), [0, 2, 4, 6, 1, 3, 5, 7]);
});

Deno.test("ggufRowOf() lays GPT-NeoX's queries, keys and values one after another", () => {
  const rowOf = ggufRowOf("gptneox", "blk.0.attn_qkv.weight", 12, { heads: 2, kvHeads: 2 })!;
  assertEquals(Array.from({ length: 12 }, (_, i) => rowOf(i)), [
    0,
    1,
    4,
    5,
    8,
    9,
    2,
    3,
    6,
    7,
    10,
    11,
  ]);
});

Deno.test("ggufRowOf() leaves the rows of everything else, and rowUnit() is 1 there", () => {
  const heads = { heads: 2, kvHeads: 1 };
  const left = [
    ["llama", "blk.0.attn_v.weight"],
    ["llama", "token_embd.weight"],
    ["qwen2", "blk.0.attn_q.weight"],
    ["gpt2", "blk.0.attn_qkv.weight"],
  ];
  for (const [architecture, name] of left) {
    assertEquals(ggufRowOf(architecture, name, 8, heads), undefined, name);
    assertEquals(rowUnit(architecture, name, heads), 1);
  }
  assertEquals(rowUnit("llama", "blk.0.attn_q.weight", heads), 4);
  assertEquals(rowUnit("llama", "blk.0.attn_k.weight", heads), 2);
  assertEquals(rowUnit("gptneox", "blk.0.attn_qkv.bias", heads), 6);
});

Deno.test("isTransposed() and isShifted() are for GPT-2's linear layers and Gemma's norms alone", () => {
  assertEquals(isTransposed("gpt2", "blk.0.ffn_up.weight"), true);
  assertEquals(isTransposed("gpt2", "blk.0.ffn_up.bias"), false);
  assertEquals(isTransposed("gpt2", "output.weight"), false);
  assertEquals(isTransposed("gptneox", "blk.0.ffn_up.weight"), false);
  assertEquals(isShifted("gemma3", "blk.0.attn_q_norm.weight"), true);
  assertEquals(isShifted("gemma", "output_norm.weight"), true);
  assertEquals(isShifted("gemma", "output.weight"), false);
  assertEquals(isShifted("llama", "output_norm.weight"), false);
});
