// Attention of packed sequences: each row sees its own sequence's rows up to itself. Axes: R rows, S sequences.
import {
  attention as attentionKernel,
  attentionBackward,
  type AttentionHeads,
  type Tensor,
} from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";

/** Packed sequences of rows: `starts` and `lengths` [S] u32. */
export interface Segments {
  /** First row of each sequence. */
  readonly starts: Tensor;
  /** Rows of each sequence. */
  readonly lengths: Tensor;
  /** The longest of them. */
  readonly maxLength: number;
}

/**
 * Causal grouped-query attention on packed rows.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { attention, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const one = (value: number) => arena.upload([1, 2], new Float32Array([value, value]), "head");
 * const segments = {
 *   starts: arena.upload([1], new Uint32Array([0]), "starts"),
 *   lengths: arena.upload([1], new Uint32Array([1]), "lengths"),
 *   maxLength: 1,
 * };
 * const sizes = { heads: 1, kvHeads: 1, headDim: 2 };
 * const y = attention(tape, { q: one(1), k: one(2), v: one(3) }, segments, sizes);
 * assertEquals([...await arena.read(y)], [3, 3]); // the first token sees only itself
 * ```
 *
 * @param heads Their numbers and sizes, and how scores are made: scale, soft cap and window.
 */
export function attention(
  tape: Tape,
  { q, k, v }: { q: Tensor; k: Tensor; v: Tensor },
  { starts, lengths, maxLength }: Segments,
  heads: AttentionHeads,
): Tensor {
  const { arena } = tape;
  const options = { ...heads, maxLength };
  const { out, lse } = attentionKernel(arena, { q, k, v, starts, lengths }, options);
  tape.flow(out, [q, k, v]);
  tape.record(out, (dout) => {
    const { dq, dk, dv } = attentionBackward(
      arena,
      { q, k, v, out, lse, dout, starts, lengths },
      options,
    );
    for (const [input, gradient] of [[q, dq], [k, dk], [v, dv]]) {
      if (!tape.wants(input)) arena.release(gradient);
      tape.accumulate(input, (there) => {
        if (there !== undefined) {
          throw new Error("Cannot differentiate an input of attention used twice");
        }
        return gradient;
      });
    }
  }, [lse]);
  tape.free(lse);
  return out;
}
