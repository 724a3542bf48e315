// Rows of a table by their numbers. Axes: R rows.
import { gatherMatrixRows, scatterAddRows, type Tensor } from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";
import { type MatrixWeight, openWeight } from "./weight.ts";

/**
 * Rows of a table: the embedding, or a selection of rows (each named at most once where it is differentiated).
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { gather, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const table = arena.upload([3, 1], new Float32Array([10, 20, 30]), "table");
 * const ids = arena.upload([2], new Uint32Array([2, 0]), "ids");
 * const rows = gather(tape, { tensor: table, trains: false }, ids);
 * assertEquals([...await arena.read(rows)], [30, 10]);
 * ```
 */
export function gather(tape: Tape, table: MatrixWeight, ids: Tensor): Tensor {
  const { w, trained } = openWeight(table);
  const rows = gatherMatrixRows(tape.arena, w, ids);
  tape.flow(rows, trained === undefined ? [] : [trained]);
  tape.record(rows, (dy) => {
    if (trained === undefined) return;
    tape.accumulate(trained, (add) => scatterAddRows(tape.arena, dy, ids, w.shape[0], add));
  });
  return rows;
}
