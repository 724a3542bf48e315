// Gradient of the head's weight: dW[v] = Σ_r s_r·(1[v = y_r] − p_rv)·h_r, p_rv = e^(h_r·w_v − lse_r), for training the
// head itself (SFT; tied embeddings add theirs). Axes: H rows, D columns, V vocabulary. 4HDV flop; logits are
// recomputed a slice of rows at a time (token_logps.ts). Deterministic: slices in order.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachThreadWgsl, grid } from "../workgroup.ts";
import { asMatrix, type Matrix } from "../matrix.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul/matmul.ts";
import { capOf, TASKS } from "./head_cap.ts";
import { tanhWgsl } from "./tanh_wgsl.ts";
import { eachSlice } from "./token_logps.ts";

/**
 * Logits [S, V] of a slice become s·(onehot(target) − p), with `CAP` times the slope of their cap; binds targets u32,
 * lse, scale [H] too.
 */
export const headWeightsInPlaceKernel: Kernel = defineKernel({
  name: "headWeightsInPlace",
  bindings: [
    { name: "targets", access: "read", type: "u32" },
    { name: "lse", access: "read" },
    { name: "scale", access: "read" },
    { name: "logits", access: "read_write" },
  ],
  params: [["first", "u32"], ["rows", "u32"], ["softcap", "f32"]],
  fixed: ["V", "CAP"],
  constants: TASKS,
  wgsl: (f) => /* wgsl */ `
${f.CAP === 1 ? tanhWgsl("f32") : ""}
${eachThreadWgsl("at", "p.rows * V")}
  let row = p.first + at / V;
  let hit = select(0.0, 1.0, targets[row] == at % V);
  var l = logits[at];
  ${f.CAP === 1 ? "let t = tanhOf(l / p.softcap);\n  l = p.softcap * t;" : ""}
  logits[at] = scale[row] * (hit - exp(l - lse[row]))${f.CAP === 1 ? " * (1.0 - t * t)" : ""};
}`,
  workgroups: (p, f) => grid(p.rows * f.V),
  cpu: [{
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, f32, wasm, scratch }, lo, hi) => {
      const { V, TASK } = f, c = p.softcap, kept = scratch / 4;
      for (let row = lo * TASK; row < Math.min(hi * TASK, p.rows); row++) {
        const at = b.logits.byteOffset + 4 * row * V, from = p.first + row;
        if (f.CAP === 1) { // c·tanh(x/c) = c − 2c / (e^(2x/c) + 1), and its tanh for later
          wasm.scaleInPlace(at, V, 2 / c);
          wasm.expInPlace(at, V);
          for (let v = 0; v < V; v++) {
            f32[kept + v] = 1 - 2 / (b.logits[row * V + v] + 1);
            b.logits[row * V + v] = c * f32[kept + v];
          }
        }
        wasm.expSubSum(at, V, b.lse[from]);
        wasm.scaleInPlace(at, V, -b.scale[from]);
        b.logits[row * V + b.targets[from]] += b.scale[from];
        for (let v = 0; f.CAP === 1 && v < V; v++) b.logits[row * V + v] *= 1 - f32[kept + v] ** 2;
      }
    },
  }],
});

/** What {@linkcode tokenLogpsWeightGrad} reads; all borrowed. */
export interface WeightGradArgs {
  /** [H, D] f32: hidden states after the last norm. */
  readonly h: Tensor;
  /** [V, D]: the head's weight, a tensor or a matrix of any storage type. */
  readonly w: Tensor | Matrix;
  /** [H] u32, each below V. */
  readonly targets: Tensor;
  /** [H] f32, from `tokenLogps`. */
  readonly lse: Tensor;
  /** [H] f32: slope of each row's log-prob. */
  readonly scale: Tensor;
  /** [V, D] f32 to add: the embedding's gradient of a tied model. */
  readonly add?: Tensor;
}

/**
 * Gradient of Σ_r scale_r·log p(target_r) in the head's weight.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, tokenLogpsWeightGrad } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const one = (x: number) => arena.upload([1], new Float32Array([x]), "one");
 * const h = arena.upload([1, 1], new Float32Array([2]), "hidden");
 * const w = arena.upload([2, 1], new Float32Array([0, 0]), "head");
 * const targets = arena.upload([1], new Uint32Array([1]), "targets");
 * const lse = one(Math.log(2)), scale = one(1);
 * const dw = await arena.read(tokenLogpsWeightGrad(arena, { h, w, targets, lse, scale }));
 * assert(Math.abs(dw[1] - 1) < 1e-6); // (1 − ½)·2
 * ```
 *
 * @param options `softcap`: c > 0, logits are c·tanh(l/c), as `tokenLogps` had them.
 * @returns dW [V, D] in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If `softcap` is not positive and finite, or V too large for it.
 */
export function tokenLogpsWeightGrad(
  arena: Arena,
  { h, w: weight, targets, lse, scale, add }: WeightGradArgs,
  { softcap }: { softcap?: number } = {},
): Tensor {
  const w = asMatrix(weight), [V, D] = w.shape;
  const cap = capOf("tokenLogpsWeightGrad", V, softcap);
  const [H] = matrix("tokenLogpsWeightGrad", "h", h, undefined, D);
  for (const [name, tensor] of Object.entries({ targets, lse, scale })) {
    length("tokenLogpsWeightGrad", name, tensor, H);
  }
  if (add !== undefined) matrix("tokenLogpsWeightGrad", "add", add, V, D);
  let sum = add;
  eachSlice(arena, { h, w }, ({ logits, first, rows }) => {
    arena.dispatch(headWeightsInPlaceKernel, {
      bind: { targets, lse, scale, logits },
      params: { first, rows, ...cap.params },
      fixed: { V, ...cap.fixed },
    });
    const before = sum;
    sum = matmul(arena, {
      a: { tensor: logits },
      b: { tensor: h, offset: first * D },
      M: V,
      N: D,
      K: rows,
      transposeA: true,
      add: before === undefined ? undefined : { tensor: before },
      label: "tokenLogps.dw",
    });
    if (before !== undefined && before !== add) arena.release(before);
  });
  return { ...sum!, shape: [V, D] };
}
