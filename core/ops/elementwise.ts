// Sums of branches, and tensors times a number.
import { add as addKernel, scale as scaleKernel, type Tensor } from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";
import { contribute } from "./gradient.ts";

/**
 * x + y: where a residual branch meets the stream and no kernel adds it on its way.
 *
 * @example
 * ```ts
 * import { add, Tape } from "@leash/bpo/core";
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([1, 2]), "x");
 * const y = arena.upload([1, 2], new Float32Array([10, 20]), "y");
 * assertEquals([...await arena.read(add(new Tape(arena, false), x, y))], [11, 22]);
 * ```
 *
 * @param x Any shape.
 * @param y As many elements; may be `x`.
 * @returns The sum with the shape of `x`.
 */
export function add(tape: Tape, x: Tensor, y: Tensor): Tensor {
  const z = addKernel(tape.arena, x, y);
  tape.flow(z, [x, y]);
  tape.record(z, (dz) => {
    tape.pass(x, dz);
    tape.pass(y, dz);
  });
  return z;
}

/**
 * factor·x: Gemma's embeddings are √D times the table's rows.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { scale, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([1, 2], new Float32Array([1, 2]), "x");
 * assertEquals([...await arena.read(scale(new Tape(arena, false), x, 4))], [4, 8]);
 * ```
 *
 * @param x Any shape.
 * @returns As many elements.
 */
export function scale(tape: Tape, x: Tensor, factor: number): Tensor {
  const y = scaleKernel(tape.arena, x, factor);
  tape.flow(y, [x]);
  tape.record(y, (dy) => contribute(tape, x, scaleKernel(tape.arena, dy, factor)));
  return y;
}
