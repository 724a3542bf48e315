// What a family of models is: how its config.json and its GGUF files are read, and what its tensors are called. The
// forward pass is one for all (decoder.ts): a part that a family does not name, it does not have.
import type { ModelConfig } from "./types.ts";
import type { ConfigFields } from "./fields.ts";
import type { GgufFamily } from "./gguf_family.ts";

/** Names of a block's parts below its prefix, `self_attn.q_proj` for `model.layers.0.self_attn.q_proj.weight`. */
export interface BlockNames {
  /** Norm before attention. */
  readonly attentionNorm?: string;
  /** Norm of attention's output, before the residual sum. */
  readonly attentionPostNorm?: string;
  /** Norm before the MLP. */
  readonly mlpNorm?: string;
  /** Norm of the MLP's output, before the residual sum. */
  readonly mlpPostNorm?: string;
  /** Query, key and value projections: three layers, or one that holds them in a row or interleaved by head. */
  readonly attention:
    | { readonly q: string; readonly k: string; readonly v: string }
    | { readonly qkv: string; readonly layout: "rows" | "heads" };
  /** Output projection. */
  readonly o: string;
  /** RMSNorms of queries and keys, of each head or of all heads together. */
  readonly qkNorm?: { readonly q: string; readonly k: string; readonly of: "head" | "all" };
  /** Gate and up, two layers or one that holds both in a row; or one layer without a gate. */
  readonly mlp:
    | { readonly gate: string; readonly up: string }
    | { readonly gateUp: string }
    | { readonly up: string };
  /** The MLP's output projection. */
  readonly down: string;
}

/** Names of a model's tensors, without `.weight` and `.bias`. */
export interface ModelNames {
  /** Token embedding. */
  readonly embedding: string;
  /** Learned position embedding. */
  readonly positions?: string;
  /** What a block's names begin with, up to its number: `model.layers.`. */
  readonly blocks: string;
  /** The parts of a block. */
  readonly block: BlockNames;
  /** Norm before the head. */
  readonly finalNorm: string;
  /** The head, where it is not the embedding. */
  readonly head: string;
}

/** A family of models. */
export interface Family {
  /** `model_type`. */
  readonly name: string;
  /** `architectures` that it reads. */
  readonly architectures: readonly string[];
  /** RMSNorm, RMSNorm with weights stored less one, or LayerNorm with biases. */
  readonly norm: "rms" | "rmsPlusOne" | "layer";
  /** `tie_word_embeddings` where config.json does not say; false where absent. */
  readonly tiedByDefault?: boolean;
  /** Whether linear weights are stored [in, out]. */
  readonly transposed?: boolean;
  /** Names of the tensors. */
  readonly names: ModelNames;
  /** Its own names of fields that all config.json files have, by the usual ones. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** `intermediate_size` in parts of `hidden_size` where config.json does not say; absent: it must. */
  readonly mlpFactor?: number;
  /** The name of a tensor that some of its files call otherwise; any other name as it is. */
  readonly canonical?: (name: string, config: ModelConfig) => string;
  /** Writes the config.json that `read` reads; absent where a model keeps the one that it came with. */
  readonly write?: (config: ModelConfig) => Record<string, unknown>;
  /** How its GGUF files are read, and adapters for them written. */
  readonly gguf: GgufFamily;
  /** Reads what is the family's own; the sizes that all share are read already. */
  readonly read: (fields: ConfigFields, shared: SharedConfig) => ModelConfig;
}

/** What every config.json has. */
export type SharedConfig = Pick<
  ModelConfig,
  | "family"
  | "vocabSize"
  | "hiddenSize"
  | "intermediateSize"
  | "layers"
  | "heads"
  | "kvHeads"
  | "headDim"
  | "rmsEps"
  | "tied"
  | "maxPositions"
  | "bosId"
  | "eosId"
  | "padId"
>;

/** Names of the Llama family, which most others follow. */
export const LLAMA_NAMES = {
  embedding: "model.embed_tokens",
  blocks: "model.layers.",
  block: {
    attentionNorm: "input_layernorm",
    attention: { q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj" },
    o: "self_attn.o_proj",
    mlpNorm: "post_attention_layernorm",
    mlp: { gate: "mlp.gate_proj", up: "mlp.up_proj" },
    down: "mlp.down_proj",
  },
  finalNorm: "model.norm",
  head: "lm_head",
} as const satisfies ModelNames;

/** Activations by the names of config.json. */
export const ACTIVATIONS = {
  silu: "silu",
  swish: "silu",
  gelu: "gelu",
  gelu_new: "geluTanh",
  gelu_fast: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
} as const;
