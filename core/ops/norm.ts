// Norms of rows. Axes: R rows, D features.
import {
  columnSums,
  layerNorm as layerNormKernel,
  layerNormBackward,
  layerNormWeightGrad,
  rmsNorm as rmsNormKernel,
  rmsNormBackward,
  rmsNormWeightGrad,
  sizeOf,
  type Tensor,
} from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";
import { contribute } from "./gradient.ts";
import type { Weight } from "./linear.ts";

/**
 * RMSNorm of rows of D features; rows that are longer are normed in parts of D (the heads of Qwen 3). `weight` [D].
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { rmsNorm, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const x = arena.upload([1, 2], new Float32Array([3, 3]), "x");
 * const w = arena.upload([2], new Float32Array([1, 2]), "w");
 * const y = rmsNorm(tape, x, { tensor: w, trains: false }, 1e-12);
 * assertEquals([...await arena.read(y)].map((v) => v.toFixed(4)), ["1.0000", "2.0000"]);
 * ```
 */
export function rmsNorm(tape: Tape, x: Tensor, weight: Weight, eps: number): Tensor {
  const { arena } = tape;
  const D = weight.tensor.shape[0];
  const view = (t: Tensor): Tensor => ({ ...t, shape: [sizeOf(t.shape) / D, D] });
  const back = (t: Tensor): Tensor => ({ ...t, shape: x.shape });
  const { y: rows, inv } = rmsNormKernel(arena, view(x), weight.tensor, { eps });
  const y = back(rows);
  tape.flow(y, [x], weight.trains);
  tape.record(y, (dy) => {
    tape.accumulate(x, (there) =>
      back(rmsNormBackward(arena, {
        x: view(x),
        w: weight.tensor,
        inv,
        dy: view(dy),
        add: there && view(there),
      })));
    if (weight.trains) {
      contribute(
        tape,
        weight.tensor,
        rmsNormWeightGrad(arena, { x: view(x), inv, dy: view(dy) }),
      );
    }
  }, [inv]);
  tape.free(inv);
  return y;
}

/**
 * LayerNorm of rows, with or without a shift. `weight` and `bias` [D].
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { layerNorm, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const x = arena.upload([1, 2], new Float32Array([3, 5]), "x");
 * const w = arena.upload([2], new Float32Array([1, 2]), "w");
 * const b = arena.upload([2], new Float32Array([10, 10]), "b");
 * const frozen = (tensor: typeof w) => ({ tensor, trains: false });
 * const y = layerNorm(tape, x, frozen(w), frozen(b), 1e-12);
 * assertEquals([...await arena.read(y)].map((v) => v.toFixed(4)), ["9.0000", "12.0000"]);
 * ```
 */
export function layerNorm(
  tape: Tape,
  x: Tensor,
  weight: Weight,
  bias: Weight | undefined,
  eps: number,
): Tensor {
  const { arena } = tape;
  const w = weight.tensor;
  const { y, mean, inv } = layerNormKernel(arena, x, w, bias?.tensor, { eps });
  tape.flow(y, [x], weight.trains || bias?.trains);
  tape.record(y, (dy) => {
    tape.accumulate(x, (add) => layerNormBackward(arena, { x, w, mean, inv, dy, add }));
    if (weight.trains) contribute(tape, w, layerNormWeightGrad(arena, { x, mean, inv, dy }));
    if (bias?.trains) contribute(tape, bias.tensor, columnSums(arena, dy));
  }, [mean, inv]);
  tape.free(mean, inv);
  return y;
}
