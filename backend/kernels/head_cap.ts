// The cap of a head's logits, l → c·tanh(l/c) (Gemma 2, arXiv 2408.00118, section 2): what its kernels are told of it.
import { SCRATCH_BYTES } from "../kernel.ts";

/** The twins of the head's kernels: a task has TASK rows, and goes through a row in blocks of BLOCK. */
export const TASKS = { TASK: 16, BLOCK: 4096 } as const;

/** The most logits of a row that are capped on the CPU device, where a thread keeps a copy of them behind two blocks. */
const MOST_CAPPED = SCRATCH_BYTES / 4 - 2 * TASKS.BLOCK;

/** What the head's kernels are told of the softcap. */
export function capOf(
  op: string,
  V: number,
  softcap: number | undefined,
): { params: { softcap: number }; fixed: { CAP: number } } {
  if (softcap === undefined) return { params: { softcap: 0 }, fixed: { CAP: 0 } };
  if (!(softcap > 0 && Number.isFinite(softcap))) {
    throw new RangeError(
      `Cannot run ${op}: softcap is ${softcap}, expected a positive finite number`,
    );
  }
  if (V > MOST_CAPPED) {
    throw new RangeError(
      `Cannot run ${op}: V is ${V}, expected at most ${MOST_CAPPED} with a softcap`,
    );
  }
  return { params: { softcap }, fixed: { CAP: 1 } };
}
