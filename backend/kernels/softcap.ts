// Soft cap: y = c·tanh(x/c), so that |y| < c (Gemma 2, arXiv 2408.00118, §2). Axes: any, n elements. NaN and ±∞ stay
// what they are: a cap must not make a number of what is none.
// Reads 4n bytes, writes 4n, some 20 flop an element. Deterministic.
import type { Arena } from "../arena.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { sizeOf, type Tensor } from "../tensor.ts";
import { NON_FINITE_WGSL } from "./finite.ts";
import { tanhWgsl } from "./tanh_wgsl.ts";

/** Binds x and y [n]. */
export const softcapKernel: Kernel = defineKernel({
  name: "softcap",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read_write" },
  ],
  params: [["n", "u32"], ["cap", "f32"]],
  fixed: [],
  constants: { TASK: 4096 },
  wgsl: () =>
    /* wgsl */ `${tanhWgsl("f32")}${NON_FINITE_WGSL}
${eachThreadWgsl("i", "p.n")}
  if (isNonFinite(x[i])) { y[i] = x[i]; } else { y[i] = p.cap * tanhOf(x[i] / p.cap); }
}`,
  workgroups: (p) => grid(p.n),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.n / f.TASK),
    run: ({ b, p, f: { TASK } }, lo, hi) => {
      const { x, y } = b, { cap } = p, to = Math.min(hi * TASK, p.n);
      for (let i = lo * TASK; i < to; i++) {
        y[i] = Number.isFinite(x[i]) ? cap * Math.tanh(x[i] / cap) : x[i];
      }
    },
  }],
});

/**
 * Squash numbers into (−cap, cap): y = cap·tanh(x/cap). NaN and ±∞ stay.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, softcap } from "@leash/bpo/backend";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const logits = arena.upload([2], new Float32Array([0.25, 1000]), "logits");
 * const capped = await arena.read(softcap(arena, logits, 30));
 * assertEquals([...capped].map((x) => x.toFixed(3)), ["0.250", "30.000"]);
 * ```
 *
 * @param x Any shape, f32; borrowed.
 * @param cap c > 0.
 * @returns y in `arena`, as x.
 * @throws {RangeError} If `cap` is not positive and finite.
 */
export function softcap(arena: Arena, x: Tensor, cap: number): Tensor {
  if (!(cap > 0 && cap < 1e30)) {
    throw new RangeError(`Cannot run softcap: cap is ${cap}, expected more than 0`);
  }
  const y = arena.alloc(x.shape, "softcap.y");
  arena.dispatch(softcapKernel, { bind: { x, y }, params: { n: sizeOf(x.shape), cap } });
  return y;
}
