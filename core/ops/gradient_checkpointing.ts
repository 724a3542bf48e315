// Gradient checkpointing: keep what goes into a part of the model, drop what is computed in it, and compute that again
// in the backward pass. A third more work for a fraction of the memory. Chen et al. 2016, arXiv 1604.06174.
import type { Tensor } from "../../backend/mod.ts";
import { Tape } from "./tape.ts";
import { contribute } from "./gradient.ts";

/**
 * y = part(x), keeping only x for the backward pass. The gradient has the same bits as without.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { activation, checkpointed, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const x = arena.upload([1], new Float32Array([0]), "x");
 * const y = checkpointed(tape, x, (inner, x) => activation(inner, "silu", x), { trains: false });
 * tape.accumulate(y, () => arena.upload([1], new Float32Array([1]), "dy"));
 * tape.backward();
 * assertEquals([...await arena.read(tape.gradient(x)!)], [0.5]); // silu′(0)
 * ```
 *
 * @param x What the part reads; borrowed.
 * @param part Records its ops on the tape it is given, and frees there what it does not return.
 * @param options `trains`: whether anything in the part has a gradient of its own that somebody wants.
 */
export function checkpointed(
  tape: Tape,
  x: Tensor,
  part: (tape: Tape, x: Tensor) => Tensor,
  { trains }: { trains: boolean },
): Tensor {
  if (!tape.recording) return part(tape, x);
  const y = part(new Tape(tape.arena, false), x);
  tape.flow(y, [x], trains);
  tape.record(y, (dy) => {
    const inner = new Tape(tape.arena, true);
    if (!tape.wants(x)) inner.flow(x, []);
    const again = part(inner, x);
    inner.accumulate(again, () => tape.arena.clone(dy));
    inner.backward();
    const dx = inner.gradient(x);
    if (dx !== undefined) contribute(tape, x, dx);
  });
  return y;
}
