// What ops are given of a weight: its numbers, and whether they train.
import { asMatrix, type Matrix, type Tensor } from "../../backend/mod.ts";

/** A weight and whether its gradient is wanted. */
export interface Weight {
  /** [D] of a norm or a bias, [rows, cols] of a matrix. */
  readonly tensor: Tensor;
  /** Whether `backward` leaves its gradient on the tape, under `tensor`. */
  readonly trains: boolean;
}

/** The weight of a linear layer, or a table: a tensor, or a matrix in blocks and of any storage type. */
export interface MatrixWeight {
  /** [out, in] for a linear layer, [V, D] for a table. */
  readonly tensor: Tensor | Matrix;
  /** Whether `backward` leaves its gradient on the tape, under the tensor: only f32 in one block can train. */
  readonly trains: boolean;
}

/** The matrix of a weight, and its tensor if it trains; refuses to train what cannot be updated in place. */
export function openWeight({ tensor, trains }: MatrixWeight): { w: Matrix; trained?: Tensor } {
  const w = asMatrix(tensor), [{ data }] = w.blocks;
  if (!trains) return { w };
  if (w.dtype !== "f32" || w.blocks.length > 1) {
    throw new TypeError(
      `Cannot train "${data.storage.label}": it is ${w.dtype} in ${w.blocks.length} block${
        w.blocks.length > 1 ? "s" : ""
      }, expected f32 in one. Train an adapter on it, or load it as f32`,
    );
  }
  return { w, trained: data };
}
