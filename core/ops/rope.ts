// Positions as rotations of the heads' features. Axes: R rows.
import { rope as ropeKernel, type Tensor } from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";

/**
 * Rotary position embedding of [R, heads·headDim] rows: as many numbers of a head turn as `table` is wide.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { rope, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([1, 2]), "x");
 * const positions = arena.upload([1], new Uint32Array([1]), "positions");
 * const table = arena.upload([2, 2], new Float32Array([1, 0, 0, 1]), "table"); // cosine and sine of 0 and of π/2
 * const y = rope(new Tape(arena, false), x, positions, table, { heads: 1, headDim: 2 });
 * assertEquals([...await arena.read(y)], [-2, 1]);
 * ```
 */
export function rope(
  tape: Tape,
  x: Tensor,
  positions: Tensor,
  table: Tensor,
  sizes: { heads: number; headDim: number; back?: number },
): Tensor {
  const y = ropeKernel(tape.arena, x, positions, table, sizes);
  tape.flow(y, [x]);
  tape.record(y, (dy) =>
    tape.accumulate(x, (there) => {
      if (there !== undefined) throw new Error("Cannot differentiate the input of rope used twice");
      return ropeKernel(tape.arena, dy, positions, table, { ...sizes, inverse: true });
    }));
  return y;
}
