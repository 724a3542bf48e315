// A model as its forward pass reads it: each part with its tensors, and nothing to look up by name.
import type { AttentionHeads, Columns, Matrix, Tensor } from "../../backend/mod.ts";
import type { AdaptedModule } from "../lora/adapter.ts";
import type { AdapterUse } from "../ops/linear.ts";
import type { MatrixWeight, Weight } from "../ops/weight.ts";
import type { ModelWeights } from "./load.ts";
import type { ModelConfig } from "./types.ts";

/** What a pass over the blocks uses. */
export interface Pass {
  /** Sizes and constants. */
  readonly config: ModelConfig;
  /** By Hugging Face name, and the rotary tables. */
  readonly weights: ModelWeights;
  /** One adapter member a row group; absent for the bare model. */
  readonly adapter?: AdapterUse;
  /** Full-parameter training: weights' gradients are left on the tape under their tensors. */
  readonly trainsWeights?: boolean;
  /** Keep only each block's input for the backward pass. Adapters only. */
  readonly gradientCheckpointing?: boolean;
}

/** A linear layer. */
export interface BoundLinear {
  /** Name of the module, which an adapter's layout knows it by. */
  readonly name: string;
  /** [out, in]. */
  readonly weight: MatrixWeight;
  /** [out]; absent where it has none. */
  readonly bias?: Weight;
  /** Where its A and B are in the adapter; absent where that leaves it as it is. */
  readonly place?: AdaptedModule;
}

/** A norm. */
export interface BoundNorm {
  /** RMSNorm, or LayerNorm. */
  readonly kind: "rms" | "layer";
  /** [D], or [headDim] of a norm of each head. */
  readonly weight: Weight;
  /** [D]; absent where it has none. */
  readonly bias?: Weight;
  /** ε inside the square root. */
  readonly eps: number;
}

/** One layer that holds several: which of its columns is which. */
export interface BoundParts {
  /** The layer. */
  readonly fused: BoundLinear;
  /** Columns of each part of its output. */
  readonly columns: readonly Columns[];
}

/** One block. */
export interface BoundBlock {
  /** Norms before and after each part, and of queries and keys; a norm that is absent, the block does not have. */
  readonly norms: {
    readonly [at in "attention" | "attentionPost" | "mlp" | "mlpPost" | "q" | "k"]?: BoundNorm;
  };
  /** Queries, keys and values: three layers, or one. */
  readonly attention:
    | { readonly q: BoundLinear; readonly k: BoundLinear; readonly v: BoundLinear }
    | BoundParts;
  /** How it attends. */
  readonly heads: AttentionHeads;
  /** [positions, dim], the rotary table that turns queries and keys; absent for a layer without positions. */
  readonly rope?: Tensor;
  /** Output projection of attention. */
  readonly o: BoundLinear;
  /** Gate and up, two layers or one; or one layer without a gate. */
  readonly mlp:
    | { readonly gate: BoundLinear; readonly up: BoundLinear }
    | BoundParts
    | { readonly up: BoundLinear };
  /** The MLP's activation. */
  readonly activation: NonNullable<ModelConfig["activation"]>;
  /** Output projection of the MLP. */
  readonly down: BoundLinear;
  /** Whether attention and MLP read the same residual stream. */
  readonly parallel: boolean;
}

/** A model, ready for its forward pass. */
export interface BoundModel {
  /** As the pass had it. */
  readonly config: ModelConfig;
  /** Whether its weights train. */
  readonly trains: boolean;
  /** From ids to rows: [V, D], learned positions [maxPositions, D] where it has them, and a factor. */
  readonly embed: {
    readonly tokens: MatrixWeight;
    readonly positions?: MatrixWeight;
    readonly scale?: number;
  };
  /** The blocks in their order. */
  readonly blocks: readonly BoundBlock[];
  /** The last norm, and [V, D] that logits are made with. */
  readonly head: { readonly norm: BoundNorm; readonly matrix: Tensor | Matrix };
  /** Rotary tables, where it has them, and how many positions all its tables have. */
  readonly rope: { readonly global?: Tensor; readonly local?: Tensor; readonly positions: number };
}
