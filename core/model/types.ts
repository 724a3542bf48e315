// What a model's shape is, as plain data: one type for all families; absent optional fields mean what Llama does.
import type { RopeConfig } from "./rope.ts";

/** Sizes and constants of a decoder. Queries have `heads`·`headDim` features. */
export interface ModelConfig {
  /** Which family reads and names it, as `model_type`: "llama" where absent. */
  readonly family?: string;
  /** V: rows of the embedding and of the head. */
  readonly vocabSize: number;
  /** D: features of the residual stream. */
  readonly hiddenSize: number;
  /** Features between the MLP's projections. */
  readonly intermediateSize: number;
  /** Transformer blocks. */
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads; divides `heads`. */
  readonly kvHeads: number;
  /** Features of a head; even. */
  readonly headDim: number;
  /** Base of the rotary frequencies: θ^(−2i/headDim). */
  readonly ropeTheta: number;
  /** ε inside the norms' square root. */
  readonly rmsEps: number;
  /** Whether the head is the embedding (then there is no `lm_head.weight`). */
  readonly tied: boolean;
  /** Positions that the model was trained for, tokens. */
  readonly maxPositions: number;
  /** Beginning-of-sequence id. */
  readonly bosId?: number;
  /** End-of-sequence ids: any of them ends a text. */
  readonly eosId?: readonly number[];
  /** Padding id. */
  readonly padId?: number;
  /** The MLP's activation; SiLU where absent. */
  readonly activation?: "silu" | "gelu" | "geluTanh";
  /** The rotary embedding, where it is more than `ropeTheta` on whole heads. */
  readonly rope?: RopeConfig;
  /** The rotary embedding of layers that say "local". */
  readonly localRope?: RopeConfig;
  /** Layer by layer: tokens that attention looks back on (all where absent), and which rotary embedding turns it. */
  readonly layerKinds?: readonly LayerKind[];
  /** Factor of attention scores; 1/√headDim where absent. */
  readonly attentionScale?: number;
  /** c: attention scores become c·tanh(s/c). */
  readonly attentionSoftcap?: number;
  /** c: logits become c·tanh(l/c). */
  readonly logitSoftcap?: number;
  /** Factor of the token embeddings. */
  readonly embedScale?: number;
  /** Which linear layers have biases. */
  readonly biases?: { readonly qkv?: boolean; readonly o?: boolean; readonly mlp?: boolean };
  /** Whether attention and MLP read the same residual stream and are added together. */
  readonly parallel?: boolean;
}

/** How one block attends. */
export interface LayerKind {
  /** Tokens that it sees, its own included; absent: all before it. */
  readonly window?: number;
  /** Which rotary embedding; none for a layer without positions (NoPE). */
  readonly rope: "global" | "local" | "none";
}
