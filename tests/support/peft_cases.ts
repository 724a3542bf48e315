// The adapters that tools/fixtures/peft_parity.py saved with PEFT, and the linear layers of its three tiny models.
import type { LinearShape } from "../../core/lora/adapter.ts";

const blocks = (of: (i: number) => LinearShape[]) => [...of(0), ...of(1)];

/** Linear layers by model. */
export const families: Record<"llama" | "gpt2" | "neox", LinearShape[]> = {
  llama: blocks((i) => [
    ...["q", "k", "v", "o"].map((part) => {
      const outDim = part === "k" || part === "v" ? 8 : 16;
      return { name: `model.layers.${i}.self_attn.${part}_proj`, inDim: 16, outDim };
    }),
    { name: `model.layers.${i}.mlp.gate_proj`, inDim: 16, outDim: 24 },
    { name: `model.layers.${i}.mlp.up_proj`, inDim: 16, outDim: 24 },
    { name: `model.layers.${i}.mlp.down_proj`, inDim: 24, outDim: 16 },
  ]),
  gpt2: blocks((i) => [
    { name: `transformer.h.${i}.attn.c_attn`, inDim: 16, outDim: 48, transposed: true },
    { name: `transformer.h.${i}.attn.c_proj`, inDim: 16, outDim: 16, transposed: true },
    { name: `transformer.h.${i}.mlp.c_fc`, inDim: 16, outDim: 64, transposed: true },
    { name: `transformer.h.${i}.mlp.c_proj`, inDim: 64, outDim: 16, transposed: true },
  ]),
  neox: blocks((i) => [
    { name: `gpt_neox.layers.${i}.attention.query_key_value`, inDim: 16, outDim: 48 },
    { name: `gpt_neox.layers.${i}.attention.dense`, inDim: 16, outDim: 16 },
    { name: `gpt_neox.layers.${i}.mlp.dense_h_to_4h`, inDim: 16, outDim: 32 },
    { name: `gpt_neox.layers.${i}.mlp.dense_4h_to_h`, inDim: 32, outDim: 16 },
  ]),
};

/** Folders below tests/fixtures/peft: the model, how many modules PEFT adapted, and how they were chosen. */
export const ADAPTERS: readonly {
  readonly name: string;
  readonly family: keyof typeof families;
  readonly modules: number;
}[] = [
  { name: "list", family: "llama", modules: 4 },
  { name: "rslora", family: "llama", modules: 4 },
  { name: "regex", family: "llama", modules: 3 },
  { name: "all_linear", family: "llama", modules: 14 },
  { name: "patterns", family: "llama", modules: 4 },
  { name: "layers", family: "llama", modules: 2 },
  { name: "gpt2", family: "gpt2", modules: 6 },
  { name: "neox", family: "neox", modules: 4 },
];
