// Activations of a feed-forward layer.
import {
  type Activation,
  activation as activationKernel,
  activationBackward,
  activationMul as activationMulKernel,
  activationMulBackward,
  type Tensor,
} from "../../backend/mod.ts";
import type { Tape } from "./tape.ts";
import { contribute } from "./gradient.ts";

/**
 * A gated activation: h = a(gate)·up. SwiGLU's is "silu", GeGLU's "gelu" or "geluTanh".
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { activationMul, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const tape = new Tape(arena, true);
 * const gate = arena.upload([2], new Float32Array([0, 20]), "gate");
 * const up = arena.upload([2], new Float32Array([5, 5]), "up");
 * const h = await arena.read(activationMul(tape, "silu", gate, up));
 * assertEquals([...h].map((v) => v.toFixed(3)), ["0.000", "100.000"]);
 * ```
 *
 * @param gate Any shape.
 * @param up As many elements.
 * @returns h with the shape of `gate`.
 */
export function activationMul(tape: Tape, kind: Activation, gate: Tensor, up: Tensor): Tensor {
  const h = activationMulKernel(tape.arena, kind, gate, up);
  tape.flow(h, [gate, up]);
  tape.record(h, (dh) => {
    const { dg, du } = activationMulBackward(tape.arena, kind, { g: gate, u: up, dh });
    contribute(tape, gate, dg);
    contribute(tape, up, du);
  });
  return h;
}

/**
 * An activation of every element: h = a(x).
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { activation, Tape } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2], new Float32Array([-1, 1]), "x");
 * const h = await arena.read(activation(new Tape(arena, false), "geluTanh", x));
 * assertEquals([...h].map((v) => v.toFixed(4)), ["-0.1588", "0.8412"]);
 * ```
 *
 * @param x Any shape.
 * @returns h with the shape of `x`.
 */
export function activation(tape: Tape, kind: Activation, x: Tensor): Tensor {
  const h = activationKernel(tape.arena, kind, x);
  tape.flow(h, [x]);
  tape.record(h, (dh) => contribute(tape, x, activationBackward(tape.arena, kind, { g: x, dh })));
  return h;
}
