import { assertEquals } from "@std/assert";
import {
  ARCHITECTURES,
  ggufFamily,
  ggufModuleName,
  ggufRowOrder,
  huggingFaceName,
  isShifted,
  isTransposed,
} from "../../../../core/formats/gguf/names.ts";

const family = (architecture: string) => ggufFamily(architecture)!;

/** Where rows 0 to `rows` − 1 of a tensor lie in the file. */
function rowsOf(
  architecture: string,
  name: string,
  rows: number,
  heads: { heads: number; kvHeads: number },
): number[] {
  const { rowOf } = ggufRowOrder(family(architecture), name, heads)!;
  return Array.from({ length: rows }, (_, row) => rowOf(row, rows));
}

Deno.test("ggufFamily() is the family that most files of an architecture are of, or none", () => {
  assertEquals(["llama", "gptneox", "gemma3"].map((name) => family(name).name), [
    "llama",
    "gpt_neox",
    "gemma3_text",
  ]);
  assertEquals(ggufFamily("mamba"), undefined);
});

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
  ] as const;
  for (const [architecture, name, hf] of named) {
    assertEquals(huggingFaceName(family(architecture), name), hf, `${architecture} ${name}`);
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
      const hf = huggingFaceName(family(architecture), `${name}.weight`)?.replace(/\.weight$/, "");
      if (hf !== undefined) assertEquals(ggufModuleName(family(architecture), hf), name);
      return hf !== undefined;
    });
    assertEquals(back.length >= 8, true, architecture);
  }
  assertEquals(ggufModuleName(family("llama"), "model.layers.x.self_attn.q_proj"), undefined);
  assertEquals(ggufModuleName(family("llama"), "model.layers.0.self_attn"), undefined);
});

Deno.test("ggufRowOrder() lays Llama's pairs (i, i + d/2) side by side, head by head", () => {
  const query = rowsOf("llama", "blk.0.attn_q.weight", 8, { heads: 2, kvHeads: 1 });
  assertEquals(query, [0, 2, 1, 3, 4, 6, 5, 7]);
  const key = rowsOf("smollm3", "blk.0.attn_k.weight", 8, { heads: 4, kvHeads: 1 });
  assertEquals(key, [0, 2, 4, 6, 1, 3, 5, 7]);
});

Deno.test("ggufRowOrder() lays GPT-NeoX's queries, keys and values one after another", () => {
  const fused = rowsOf("gptneox", "blk.0.attn_qkv.weight", 12, { heads: 2, kvHeads: 2 });
  assertEquals(fused, [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11]);
});

Deno.test("ggufRowOrder() leaves the rows of everything else, and says what rows are a multiple of", () => {
  const heads = { heads: 2, kvHeads: 1 };
  const unit = (architecture: string, name: string) =>
    ggufRowOrder(family(architecture), name, heads)?.unit;
  for (
    const [architecture, name] of [
      ["llama", "blk.0.attn_v.weight"],
      ["llama", "token_embd.weight"],
      ["qwen2", "blk.0.attn_q.weight"],
      ["gpt2", "blk.0.attn_qkv.weight"],
    ]
  ) assertEquals(unit(architecture, name), undefined, name);
  assertEquals(unit("llama", "blk.0.attn_q.weight"), 4);
  assertEquals(unit("llama", "blk.0.attn_k.weight"), 2);
  assertEquals(unit("gptneox", "blk.0.attn_qkv.bias"), 6);
});

Deno.test("isTransposed() and isShifted() are for GPT-2's linear layers and Gemma's norms alone", () => {
  assertEquals(isTransposed(family("gpt2"), "blk.0.ffn_up.weight"), true);
  assertEquals(isTransposed(family("gpt2"), "blk.0.ffn_up.bias"), false);
  assertEquals(isTransposed(family("gpt2"), "output.weight"), false);
  assertEquals(isTransposed(family("gptneox"), "blk.0.ffn_up.weight"), false);
  assertEquals(isShifted(family("gemma3"), "blk.0.attn_q_norm.weight"), true);
  assertEquals(isShifted(family("gemma"), "output_norm.weight"), true);
  assertEquals(isShifted(family("gemma"), "output.weight"), false);
  assertEquals(isShifted(family("llama"), "output_norm.weight"), false);
});
