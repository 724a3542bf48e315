// Tensors of a GGUF file by their Hugging Face names, architecture by architecture, and what llama.cpp's converter did
// to their values: where each row went, which weights are transposed, which norms have 1 added.

/** Names of an architecture. A block's are between its number and ".weight" or ".bias". */
interface Names {
  /** Outside the blocks. */
  readonly whole: Readonly<Record<string, string>>;
  /** Before a block's number. */
  readonly blocks: string;
  /** In a block. */
  readonly block: Readonly<Record<string, string>>;
}

const WHOLE = { token_embd: "model.embed_tokens", output_norm: "model.norm", output: "lm_head" };
const PARTS = {
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};
const HEAD_NORMS = { attn_q_norm: "self_attn.q_norm", attn_k_norm: "self_attn.k_norm" };
const NORMS = { attn_norm: "input_layernorm", ffn_norm: "post_attention_layernorm" };
const FOUR_NORMS = {
  attn_norm: "input_layernorm",
  post_attention_norm: "post_attention_layernorm",
  ffn_norm: "pre_feedforward_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
};
const PLAIN: Names = { whole: WHOLE, blocks: "model.layers.", block: { ...NORMS, ...PARTS } };

const NAMES: Readonly<Record<string, Names>> = {
  llama: PLAIN,
  smollm3: PLAIN,
  qwen2: PLAIN,
  qwen3: { ...PLAIN, block: { ...PLAIN.block, ...HEAD_NORMS } },
  gemma: PLAIN,
  gemma2: { ...PLAIN, block: { ...FOUR_NORMS, ...PARTS } },
  gemma3: { ...PLAIN, block: { ...FOUR_NORMS, ...PARTS, ...HEAD_NORMS } },
  phi3: {
    ...PLAIN,
    block: {
      ...NORMS,
      attn_qkv: "self_attn.qkv_proj",
      attn_output: "self_attn.o_proj",
      ffn_up: "mlp.gate_up_proj",
      ffn_down: "mlp.down_proj",
    },
  },
  olmo2: {
    ...PLAIN,
    block: {
      post_attention_norm: "post_attention_layernorm",
      post_ffw_norm: "post_feedforward_layernorm",
      ...PARTS,
      ...HEAD_NORMS,
    },
  },
  gpt2: {
    whole: {
      token_embd: "transformer.wte",
      position_embd: "transformer.wpe",
      output_norm: "transformer.ln_f",
      output: "lm_head",
    },
    blocks: "transformer.h.",
    block: {
      attn_norm: "ln_1",
      attn_qkv: "attn.c_attn",
      attn_output: "attn.c_proj",
      ffn_norm: "ln_2",
      ffn_up: "mlp.c_fc",
      ffn_down: "mlp.c_proj",
    },
  },
  gptneox: {
    whole: {
      token_embd: "gpt_neox.embed_in",
      output_norm: "gpt_neox.final_layer_norm",
      output: "embed_out",
    },
    blocks: "gpt_neox.layers.",
    block: {
      attn_norm: "input_layernorm",
      attn_qkv: "attention.query_key_value",
      attn_output: "attention.dense",
      ffn_norm: "post_attention_layernorm",
      ffn_up: "mlp.dense_h_to_4h",
      ffn_down: "mlp.dense_4h_to_h",
    },
  },
};

/** Architectures that are read, as `general.architecture` says them. */
export const ARCHITECTURES: readonly string[] = Object.keys(NAMES);

/** Tensors that are no weights of the model: rope factors, which the configuration takes. */
export const ROPE_TENSORS: readonly string[] = [
  "rope_freqs.weight",
  "rope_factors_long.weight",
  "rope_factors_short.weight",
];

/**
 * The Hugging Face name of a tensor, if it has one.
 *
 * @param architecture One of {@linkcode ARCHITECTURES}.
 * @param name As the GGUF file has it: "blk.0.attn_q.weight".
 */
export function huggingFaceName(architecture: string, name: string): string | undefined {
  const names = NAMES[architecture];
  const [, block, part, kind] =
    /^(?:blk\.(0|[1-9]\d{0,5})\.)?([a-z_]+)\.(weight|bias)$/.exec(name) ??
      [];
  if (names === undefined || part === undefined) return undefined;
  const table = block === undefined ? names.whole : names.block;
  if (!Object.hasOwn(table, part)) return undefined;
  return `${block === undefined ? "" : `${names.blocks}${block}.`}${table[part]}.${kind}`;
}

/**
 * The GGUF name of a module, without ".weight", if it has one.
 *
 * @param architecture One of {@linkcode ARCHITECTURES}.
 * @param module As Hugging Face has it: "model.layers.0.self_attn.q_proj".
 */
export function ggufModuleName(architecture: string, module: string): string | undefined {
  const names = NAMES[architecture];
  if (names === undefined) return undefined;
  const find = (table: Readonly<Record<string, string>>, wanted: string) =>
    Object.keys(table).find((part) => table[part] === wanted);
  if (!module.startsWith(names.blocks)) return find(names.whole, module);
  const [, block, rest] = /^(0|[1-9]\d{0,5})\.(.+)$/.exec(module.slice(names.blocks.length)) ?? [];
  const part = rest === undefined ? undefined : find(names.block, rest);
  return part === undefined ? undefined : `blk.${block}.${part}`;
}

/** Heads of a model, which the layouts below turn around. */
export interface Heads {
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly kvHeads: number;
}

/**
 * Where a row of a Hugging Face tensor lies in the GGUF tensor; nothing where rows lie as they did.
 *
 * Llama's rotary pairs (i, i + d/2) of each head of queries and keys were laid side by side; GPT-NeoX's queries, keys
 * and values, which lie head by head, were laid one after another.
 *
 * @param architecture One of {@linkcode ARCHITECTURES}.
 * @param name The GGUF tensor's or module's name.
 * @param rows The tensor's rows; a multiple of what a head has.
 */
export function ggufRowOf(
  architecture: string,
  name: string,
  rows: number,
  { heads, kvHeads }: Heads,
): ((row: number) => number) | undefined {
  const part = name.split(".")[2];
  if (architecture === "llama" || architecture === "smollm3") {
    if (part !== "attn_q" && part !== "attn_k") return undefined;
    const width = rows / (part === "attn_q" ? heads : kvHeads), half = width / 2;
    return (row) => {
      const inHead = row % width;
      return row - inHead + inHead % half * 2 + Math.floor(inHead / half);
    };
  }
  if (architecture === "gptneox" && part === "attn_qkv") {
    const width = rows / (3 * heads);
    return (row) => {
      const i = row % width,
        kind = Math.floor(row / width) % 3,
        head = Math.floor(row / (3 * width));
      return (kind * heads + head) * width + i;
    };
  }
  return undefined;
}

/** Rows that a tensor must have a multiple of for {@linkcode ggufRowOf}. */
export function rowUnit(architecture: string, name: string, { heads, kvHeads }: Heads): number {
  if (ggufRowOf(architecture, name, 1, { heads, kvHeads }) === undefined) return 1;
  if (architecture === "gptneox") return 3 * heads;
  return 2 * (name.split(".")[2] === "attn_q" ? heads : kvHeads);
}

/** Whether Hugging Face keeps the weight as [in, out]: GPT-2's Conv1D, which the converter turned over. */
export function isTransposed(architecture: string, name: string): boolean {
  return architecture === "gpt2" &&
    /^blk\.\d+\.(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(name);
}

/** Whether 1 was added to the weight: Gemma's norms multiply by 1 + w. */
export function isShifted(architecture: string, name: string): boolean {
  return ["gemma", "gemma2", "gemma3"].includes(architecture) && name.endsWith("norm.weight");
}
