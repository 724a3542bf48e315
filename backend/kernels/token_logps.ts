// The head without logits: per row log p(y) = l_y − lse(l), l = h·Wᵀ, its entropy lse − Σ p·l, and the unscaled
// gradient ∂log p(y)/∂h = w_y − Σ_v p_v w_v = (onehot(y) − p)·W. Axes: H rows, D columns, V vocabulary, S rows a slice.
// With a softcap c (Gemma 2) l = c·tanh(h·Wᵀ/c) and onehot − p comes times ∂l = 1 − (l/c)².
// Beside them each row's mean logit and whether y is its argmax, which TRL logs as logits/* and mean_token_accuracy.
// [H, V] never exists: rows go through in slices, logits of one slice at a time, which its softmax overwrites with
// onehot − p for the second product. 2HDV flop, 4HDV with the gradient, at the matmul's own speed; 16 bytes of slice
// traffic a logit. Deterministic: one workgroup or thread a row, sums in a fixed tree.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import type { DeviceInfo } from "../device.ts";
import { defineKernel, type Kernel } from "../kernel.ts";
import { eachWorkgroupWgsl, grid, WORKGROUP, workgroupSumWgsl } from "../workgroup.ts";
import { asMatrix, type Matrix } from "../matrix.ts";
import type { Tensor } from "../tensor.ts";
import { matmulColumns, matmulRows } from "./matmul/matrix_matmul.ts";
import { capOf, TASKS } from "./head_cap.ts";
import { tanhWgsl } from "./tanh_wgsl.ts";

/**
 * Softmax of a slice of logits. Binds logits [S, V], targets u32, logps, entropy, lse, meanLogits, isTop [H], of which
 * rows `first` to `first + rows` are this slice's; with `WEIGHTS` the logits become onehot(target) − p; with `CAP` they are capped
 * first.
 */
export const headSoftmaxInPlaceKernel: Kernel = defineKernel({
  name: "headSoftmaxInPlace",
  bindings: [
    { name: "targets", access: "read", type: "u32" },
    { name: "logits", access: "read_write" },
    { name: "logps", access: "read_write" },
    { name: "entropy", access: "read_write" },
    { name: "lse", access: "read_write" },
    { name: "meanLogits", access: "read_write" },
    { name: "isTop", access: "read_write" },
  ],
  params: [["first", "u32"], ["rows", "u32"], ["softcap", "f32"]],
  fixed: ["V", "WEIGHTS", "CAP"],
  constants: TASKS,
  wgsl: (f) => /* wgsl */ `
${f.CAP === 1 ? tanhWgsl("f32") : ""}
${workgroupSumWgsl("vec3<f32>")}
var<workgroup> places: array<u32, ${WORKGROUP}>;
// The largest value; its first place is then in places[0].
fn most(local: u32, value: f32, place: u32) -> f32 {
  lanes[local].x = value;
  places[local] = place;
  workgroupBarrier();
  for (var s = ${WORKGROUP / 2}u; s > 0u; s >>= 1u) {
    if (local < s) {
      let other = lanes[local + s].x;
      let isFirst = other == lanes[local].x && places[local + s] < places[local];
      if (other > lanes[local].x || isFirst) { places[local] = places[local + s]; }
      lanes[local].x = max(lanes[local].x, other);
    }
    workgroupBarrier();
  }
  let result = lanes[0].x;
  workgroupBarrier();
  return result;
}
${eachWorkgroupWgsl("row", "p.rows")}
  let base = row * V;
  let y = targets[p.first + row];
  var own = -3e38;
  var place = V;
  for (var v = local; v < V; v += WORKGROUP) {
    ${f.CAP === 1 ? "logits[base + v] = p.softcap * tanhOf(logits[base + v] / p.softcap);" : ""}
    if (logits[base + v] > own) { place = v; }
    own = max(own, logits[base + v]);
  }
  let top = most(local, own, place);
  var sums = vec3<f32>(); // Σ e^(l − top), Σ e^(l − top)·(l − top), Σ (l − top)
  for (var v = local; v < V; v += WORKGROUP) {
    let below = logits[base + v] - top;
    let e = exp(below);
    sums += vec3<f32>(e, e * below, below);
  }
  sums = total(local, sums);
  ${f.CAP === 1 ? "storageBarrier();" : ""}
  if (local == 0u) {
    lse[p.first + row] = top + log(sums.x);
    logps[p.first + row] = logits[base + y] - top - log(sums.x);
    entropy[p.first + row] = log(sums.x) - sums.y / sums.x;
    meanLogits[p.first + row] = top + sums.z / f32(V);
    isTop[p.first + row] = select(0.0, 1.0, places[0] == y);
  }
  if (WEIGHTS == 1u) {
    storageBarrier();
    for (var v = local; v < V; v += WORKGROUP) {
      let l = logits[base + v];
      let weight = select(0.0, 1.0, v == y) - exp(l - top) / sums.x;
      logits[base + v] = weight${f.CAP === 1 ? " * (1.0 - l / p.softcap * (l / p.softcap))" : ""};
    }
  }
}`,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{
    // A task is TASK rows: e^(l − top) and l − top of a row in scratch, then the row itself.
    tasks: (p, f) => Math.ceil(p.rows / f.TASK),
    run: ({ b, p, f, wasm, scratch, f32 }, lo, hi) => {
      const { V, TASK, BLOCK } = f;
      const below = scratch, ones = scratch + 4 * BLOCK, kept = ones / 4 + BLOCK;
      f32.fill(1, ones / 4, ones / 4 + BLOCK);
      for (let row = lo * TASK; row < Math.min(hi * TASK, p.rows); row++) {
        const at = b.logits.byteOffset + 4 * row * V, to = p.first + row, y = b.targets[to];
        if (f.CAP === 1) { // c·tanh(x/c) = c − 2c / (e^(2x/c) + 1)
          const c = p.softcap, end = (row + 1) * V;
          wasm.scaleInPlace(at, V, 2 / c);
          wasm.expInPlace(at, V);
          for (let i = row * V; i < end; i++) b.logits[i] = c - 2 * c / (b.logits[i] + 1);
          if (f.WEIGHTS === 1) f32.copyWithin(kept, at / 4, at / 4 + V);
        }
        const chosen = b.logits[row * V + y], top = wasm.rowMax(at, V);
        b.isTop[to] = chosen === top && b.logits.indexOf(top, row * V) === row * V + y ? 1 : 0;
        let sum = 0, moment = 0, all = 0;
        for (let v = 0; v < V; v += BLOCK) {
          const n = Math.min(BLOCK, V - v), x = at + 4 * v;
          f32.copyWithin(below / 4, x / 4, x / 4 + n);
          wasm.axpy(ones, below, n, -top);
          all += wasm.dot(ones, below, n);
          sum += wasm.expSubSum(x, n, top);
          moment += wasm.dot(x, below, n);
        }
        b.lse[to] = top + Math.log(sum);
        b.logps[to] = chosen - top - Math.log(sum);
        b.entropy[to] = Math.log(sum) - moment / sum;
        b.meanLogits[to] = top + all / V;
        if (f.WEIGHTS === 1) {
          wasm.scaleInPlace(at, V, -1 / sum);
          b.logits[row * V + y] += 1;
          for (let v = 0; f.CAP === 1 && v < V; v++) {
            b.logits[row * V + v] *= 1 - (f32[kept + v] / p.softcap) ** 2;
          }
        }
      }
    },
  }],
});

/** What {@linkcode tokenLogps} reads. */
export interface TokenLogpsArgs {
  /** [H, D] f32: hidden states after the last norm; borrowed. */
  readonly h: Tensor;
  /** [V, D]: the head's weight, a tensor or a matrix of any storage type; borrowed. */
  readonly w: Tensor | Matrix;
  /** [H] u32: the token whose log-prob is wanted, each below V; borrowed. */
  readonly targets: Tensor;
}

/** What {@linkcode tokenLogps} returns, in the arena, in nats. */
export interface TokenLogps {
  /** [H] log p(target). */
  readonly logps: Tensor;
  /** [H] −Σ p·log p. */
  readonly entropy: Tensor;
  /** [H] log Σ eˡ, for `tokenLogpsWeightGrad`. */
  readonly lse: Tensor;
  /** [H] mean logit of the vocabulary. */
  readonly meanLogits: Tensor;
  /** [H] 1 where the target is the first of the largest logits, else 0. */
  readonly isTop: Tensor;
  /** [H, D] ∂log p(target)/∂h, not yet times a row's slope. */
  readonly gradient?: Tensor;
}

/**
 * Rows whose logits exist at a time: about 4 MB of them on the CPU device, where they stay in a cache and W is
 * packed again for each slice; up to 128 MiB (the smallest binding limit in use) and 4096 rows on WebGPU. One row at
 * least, and no more than one binding holds.
 *
 * @example
 * ```ts
 * import { sliceRows } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * const [cpu, gpu] = [true, false].map((runsTwins) => ({ runsTwins, maxBindingBytes: 2 ** 27 }));
 * assert(sliceRows(2048, cpu) === 512 && sliceRows(2048, gpu) === 4096);
 * ```
 *
 * @param V Vocabulary.
 * @param info Of the device.
 */
export function sliceRows(
  V: number,
  { runsTwins, maxBindingBytes }: Pick<DeviceInfo, "runsTwins" | "maxBindingBytes">,
): number {
  const rows = runsTwins
    ? Math.max(128, Math.floor(2 ** 20 / V))
    : Math.min(4096, Math.floor(2 ** 25 / V));
  return Math.max(1, Math.min(rows, Math.floor(maxBindingBytes / (4 * V))));
}

/** One slice of the head's rows. */
export interface HeadSlice {
  /** [rows, V] f32 or longer; may be overwritten. */
  readonly logits: Tensor;
  /** The slice's first row of h. */
  readonly first: number;
  /** Rows in it. */
  readonly rows: number;
}

/**
 * Record the logits of slice after slice in one buffer; `use` records what consumes them.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, eachSlice } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const h = arena.upload([300, 1], new Float32Array(300), "hidden");
 * const w = arena.upload([8192, 1], new Float32Array(8192), "head");
 * const rows: number[] = [];
 * eachSlice(arena, { h, w }, (slice) => rows.push(slice.rows));
 * assert(rows.join() === "128,128,44");
 * ```
 */
export function eachSlice(
  arena: Arena,
  { h, w: weight }: { h: Tensor; w: Tensor | Matrix },
  use: (slice: HeadSlice) => void,
): void {
  const w = asMatrix(weight), [V, D] = w.shape;
  const [H] = matrix("eachSlice", "h", h, undefined, D);
  const most = Math.min(H, sliceRows(V, arena.device.info));
  const logits = arena.alloc([most, V], "head logits of a slice");
  for (let first = 0; first < H; first += most) {
    const rows = Math.min(most, H - first);
    const a = { tensor: h, offset: first * D };
    matmulRows(arena, { a, w, M: rows, out: { tensor: logits } });
    use({ logits, first, rows });
  }
  arena.release(logits);
}

/**
 * Log-probs of target tokens, entropies and gradients in the hidden states, without ever holding all logits.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, tokenLogps } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const h = arena.upload([1, 2], new Float32Array([0, 0]), "hidden");
 * const w = arena.upload([4, 2], new Float32Array(8), "head");
 * const targets = arena.upload([1], new Uint32Array([3]), "targets");
 * const { logps } = tokenLogps(arena, { h, w, targets }, { gradient: false });
 * assert(Math.abs((await arena.read(logps))[0] + Math.log(4)) < 1e-6); // uniform
 * ```
 *
 * @param options `gradient`: also return the unscaled ∂logps/∂h. `softcap`: c > 0, logits become c·tanh(l/c).
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If `softcap` is not positive and finite, or V too large for it.
 */
export function tokenLogps(
  arena: Arena,
  { h, w: weight, targets }: TokenLogpsArgs,
  { gradient, softcap }: { gradient: boolean; softcap?: number },
): TokenLogps {
  const w = asMatrix(weight), [V, D] = w.shape;
  const cap = capOf("tokenLogps", V, softcap);
  const [H] = matrix("tokenLogps", "h", h, undefined, D);
  length("tokenLogps", "targets", targets, H);
  const vector = (name: string) => arena.alloc([H], `tokenLogps.${name}`);
  const out = {
    ...{ logps: vector("logps"), entropy: vector("entropy"), lse: vector("lse") },
    ...{ meanLogits: vector("meanLogits"), isTop: vector("isTop") },
  };
  const slopes = gradient ? arena.alloc([H, D], "tokenLogps.gradient") : undefined;
  eachSlice(arena, { h, w }, ({ logits, first, rows }) => {
    arena.dispatch(headSoftmaxInPlaceKernel, {
      bind: { targets, logits, ...out },
      params: { first, rows, ...cap.params },
      fixed: { V, WEIGHTS: gradient ? 1 : 0, ...cap.fixed },
    });
    if (slopes === undefined) return;
    const to = { tensor: slopes, offset: first * D };
    matmulColumns(arena, { a: { tensor: logits }, w, M: rows, out: to });
  });
  return slopes === undefined ? out : { ...out, gradient: slopes };
}
