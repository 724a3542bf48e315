// How an op whose kernel cannot add hands on a gradient: whatever is there already is added to it.
import { add, type Tensor } from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";

/** Add `gradient`, which nobody else holds, to what `input` has; the memory that is no longer needed is given back. */
export function contribute(tape: Tape, input: Tensor, gradient: Tensor): void {
  if (!tape.wants(input)) return tape.arena.release(gradient);
  tape.accumulate(input, (there) => {
    if (there === undefined) return gradient;
    const sum = add(tape.arena, there, gradient);
    tape.arena.release(gradient);
    return sum;
  });
}
