// Prompts to one packed batch: as sequences in training, but only each prompt's last row predicts, and nobody knows what.
import type { PackedSequences } from "./packed_sequences.ts";
import { layRows } from "./rows.ts";

/** Prompts laid end to end; the targets are all 0. */
export interface PackedPrompts extends PackedSequences {
  /** [R] the prompt of each row. */
  readonly sequences: Uint32Array<ArrayBuffer>;
}

/**
 * Packs prompts.
 *
 * @param prompts [S] token ids, one at least each; borrowed.
 */
export function packPrompts(prompts: readonly ArrayLike<number>[]): PackedPrompts {
  const lengths = Uint32Array.from(prompts, ({ length }) => length);
  const rows = layRows(lengths);
  const ids = new Uint32Array(rows.positions.length);
  prompts.forEach((prompt, s) => ids.set(prompt, rows.starts[s]));
  return {
    ids,
    ...rows,
    lengths,
    headRows: rows.starts.map((start, s) => start + lengths[s] - 1),
    targets: new Uint32Array(prompts.length),
    headStarts: Uint32Array.from(prompts, (_, s) => s),
    headCounts: new Uint32Array(prompts.length).fill(1),
    truncatedSequences: 0,
    truncatedTokens: 0,
  };
}
