// The bias of a linear layer. Axes: R rows, N columns.
import { addBias as addBiasKernel, columnSums, type Tensor } from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";
import { contribute } from "./gradient.ts";
import type { Weight } from "./linear.ts";

/**
 * y = x + b in every row.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { addBias, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, false);
 * const x = arena.upload([2, 2], new Float32Array([1, 2, 3, 4]), "x");
 * const b = arena.upload([2], new Float32Array([10, 20]), "b");
 * const y = addBias(tape, x, { tensor: b, trains: false });
 * assertEquals([...await arena.read(y)], [11, 22, 13, 24]);
 * ```
 *
 * @param x [R, N].
 * @param bias [N].
 * @returns [R, N].
 */
export function addBias(tape: Tape, x: Tensor, bias: Weight): Tensor {
  const y = addBiasKernel(tape.arena, x, bias.tensor);
  tape.flow(y, [x], bias.trains);
  tape.record(y, (dy) => {
    tape.pass(x, dy);
    if (bias.trains) contribute(tape, bias.tensor, columnSums(tape.arena, dy));
  });
  return y;
}
