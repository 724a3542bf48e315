// The parts of a fused projection. Axes: R rows.
import {
  addColumnsInPlace,
  type Columns,
  joinColumns,
  splitColumns as splitColumnsKernel,
  type Tensor,
} from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";

/**
 * Takes a matrix apart by columns. [q | k | v] is three parts of one group; [q k v] of each head in turn is three parts
 * of `groups` heads with `stride` 3·headDim.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { splitColumns, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, false);
 * const fused = arena.upload([1, 4], new Float32Array([1, 2, 3, 4]), "[gate | up]");
 * const half = { groups: 1, stride: 4, width: 2 };
 * const [gate, up] = splitColumns(tape, fused, [{ ...half, offset: 0 }, { ...half, offset: 2 }]);
 * const read = await arena.readAll({ gate, up });
 * assertEquals([[...read.gate], [...read.up]], [[1, 2], [3, 4]]);
 * ```
 *
 * @param x [R, total].
 * @param parts Which columns; a column may be in several parts, or in none.
 * @returns For each part [R, groups·width].
 */
export function splitColumns(tape: Tape, x: Tensor, parts: readonly Columns[]): Tensor[] {
  const { arena } = tape;
  // The gradient of x that the pullbacks below share. They run one after another with nothing between them, so nobody
  // else holds it yet and all but the first may add to it in place.
  let dx: Tensor | undefined;
  return parts.map((part) => {
    const y = splitColumnsKernel(arena, x, part);
    tape.flow(y, [x]);
    tape.record(y, (dy) => {
      const own = { columns: dy, ...part };
      if (dx !== undefined) return addColumnsInPlace(arena, dx, own);
      tape.accumulate(x, (there) => {
        if (there === undefined) return dx = joinColumns(arena, [own], x.shape[x.shape.length - 1]);
        dx = arena.clone(there);
        addColumnsInPlace(arena, dx, own);
        return dx;
      });
    });
    return y;
  });
}
