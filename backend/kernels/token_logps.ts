// The head without logits: per row log p(y) = l_y − lse(l), l = h·Wᵀ, its entropy lse − Σ p·l, and the unscaled
// gradient ∂log p(y)/∂h = w_y − Σ_v p_v w_v = (onehot(y) − p)·W. Axes: H rows, D columns, V vocabulary, S rows a slice.
// [H, V] never exists: rows go through in slices, logits of one slice at a time, which its softmax overwrites with
// onehot − p for the second product. 2HDV flop, 4HDV with the gradient, at the matmul's own speed; 16 bytes of slice
// traffic a logit. Deterministic: one workgroup or thread a row, sums in a fixed tree.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { type CpuContext, grid, type Kernel } from "../kernel.ts";
import type { Tensor } from "../tensor.ts";
import { matmul } from "./matmul.ts";

/**
 * Softmax of a slice of logits. Binds logits [S, V], targets u32, logps, entropy, lse [H], of which rows `first`
 * to `first + rows` are this slice's; with `WEIGHTS` the logits become onehot(target) − p.
 */
export const headSoftmaxInPlaceKernel: Kernel = {
  name: "headSoftmaxInPlace",
  bindings: [
    { name: "targets", access: "read", type: "u32" },
    { name: "logits", access: "read_write" },
    { name: "logps", access: "read_write" },
    { name: "entropy", access: "read_write" },
    { name: "lse", access: "read_write" },
  ],
  params: [["first", "u32"], ["rows", "u32"]],
  fixed: ["V", "WEIGHTS"],
  wgsl: () => /* wgsl */ `
var<workgroup> lanes: array<vec2<f32>, 64>;
fn most(local: u32, value: f32) -> f32 {
  lanes[local].x = value;
  workgroupBarrier();
  for (var s = 32u; s > 0u; s >>= 1u) {
    if (local < s) { lanes[local].x = max(lanes[local].x, lanes[local + s].x); }
    workgroupBarrier();
  }
  let result = lanes[0].x;
  workgroupBarrier();
  return result;
}
fn total(local: u32, value: vec2<f32>) -> vec2<f32> {
  lanes[local] = value;
  workgroupBarrier();
  for (var s = 32u; s > 0u; s >>= 1u) {
    if (local < s) { lanes[local] += lanes[local + s]; }
    workgroupBarrier();
  }
  return lanes[0];
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let row = group.y * groups.x + group.x;
  if (row >= p.rows) { return; }
  let base = row * V;
  let y = targets[p.first + row];
  var own = -3e38;
  for (var v = local; v < V; v += 64u) { own = max(own, logits[base + v]); }
  let top = most(local, own);
  var sums = vec2<f32>(); // Σ e^(l − top), Σ e^(l − top)·(l − top)
  for (var v = local; v < V; v += 64u) {
    let below = logits[base + v] - top;
    sums += exp(below) * vec2<f32>(1.0, below);
  }
  sums = total(local, sums);
  if (local == 0u) {
    lse[p.first + row] = top + log(sums.x);
    logps[p.first + row] = logits[base + y] - top - log(sums.x);
    entropy[p.first + row] = log(sums.x) - sums.y / sums.x;
  }
  if (WEIGHTS == 1u) {
    storageBarrier();
    for (var v = local; v < V; v += 64u) {
      logits[base + v] = select(0.0, 1.0, v == y) - exp(logits[base + v] - top) / sums.x;
    }
  }
}`,
  workgroups: (p) => grid(p.rows, 1),
  cpu: [{ tasks: (p) => Math.ceil(p.rows / 16), run: softmaxTwin }],
};

/** A task is 16 rows: e^(l − top) and l − top of a row in scratch, then the row itself. */
function softmaxTwin({ b, p, f, wasm, scratch, f32 }: CpuContext, lo: number, hi: number): void {
  const { V } = f, block = 4096;
  const below = scratch, ones = scratch + 4 * block;
  f32.fill(1, ones / 4, ones / 4 + block);
  for (let row = lo * 16; row < Math.min(hi * 16, p.rows); row++) {
    const at = b.logits.byteOffset + 4 * row * V, to = p.first + row, y = b.targets[to];
    const chosen = b.logits[row * V + y], top = wasm.rowMax(at, V);
    let sum = 0, moment = 0;
    for (let v = 0; v < V; v += block) {
      const n = Math.min(block, V - v), x = at + 4 * v;
      f32.copyWithin(below / 4, x / 4, x / 4 + n);
      wasm.axpy(ones, below, n, -top);
      sum += wasm.expSubSum(x, n, top);
      moment += wasm.dot(x, below, n);
    }
    b.lse[to] = top + Math.log(sum);
    b.logps[to] = chosen - top - Math.log(sum);
    b.entropy[to] = Math.log(sum) - moment / sum;
    if (f.WEIGHTS === 1) {
      wasm.scaleInPlace(at, V, -1 / sum);
      b.logits[row * V + y] += 1;
    }
  }
}

/** What {@linkcode tokenLogps} reads. */
export interface TokenLogpsArgs {
  /** [H, D] f32: hidden states after the last norm; borrowed. */
  readonly h: Tensor;
  /** [V, D] f32: the head's weight; borrowed. */
  readonly w: Tensor;
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
  /** [H, D] ∂log p(target)/∂h, not yet times a row's slope. */
  readonly gradient?: Tensor;
}

/**
 * Rows whose logits exist at a time: about 4 MB of them on the CPU device, where they stay in a cache and W is
 * packed again for each slice; up to 128 MiB (the smallest binding limit in use) and 4096 rows on WebGPU.
 *
 * @example
 * ```ts
 * import { sliceRows } from "@leash/bpo/backend";
 * import { assert } from "@std/assert";
 * assert(sliceRows(2048, "cpu") === 512 && sliceRows(2048, "webgpu") === 4096);
 * ```
 */
export function sliceRows(V: number, kind: "webgpu" | "cpu"): number {
  if (kind === "cpu") return Math.max(256, Math.floor(2 ** 20 / V));
  return Math.min(4096, Math.max(1, Math.floor(2 ** 25 / V)));
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
 * assert(rows.join() === "256,44");
 * ```
 */
export function eachSlice(
  arena: Arena,
  { h, w }: { h: Tensor; w: Tensor },
  use: (slice: HeadSlice) => void,
): void {
  const [V, D] = matrix("eachSlice", "w", w);
  const [H] = matrix("eachSlice", "h", h, undefined, D);
  const most = Math.min(H, sliceRows(V, arena.device.info.kind));
  const logits = arena.alloc([most, V], "head logits of a slice");
  for (let first = 0; first < H; first += most) {
    const rows = Math.min(most, H - first);
    matmul(arena, {
      a: { tensor: h, offset: first * D },
      b: { tensor: w },
      M: rows,
      N: V,
      K: D,
      transposeB: true,
      out: { tensor: logits },
    });
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
 * @param options `gradient`: also return the unscaled ∂logps/∂h.
 * @throws {TypeError} If the shapes do not fit.
 */
export function tokenLogps(
  arena: Arena,
  { h, w, targets }: TokenLogpsArgs,
  { gradient }: { gradient: boolean },
): TokenLogps {
  const [V, D] = matrix("tokenLogps", "w", w);
  const [H] = matrix("tokenLogps", "h", h, undefined, D);
  length("tokenLogps", "targets", targets, H);
  const vector = (name: string) => arena.alloc([H], `tokenLogps.${name}`);
  const out = { logps: vector("logps"), entropy: vector("entropy"), lse: vector("lse") };
  const slopes = gradient ? arena.alloc([H, D], "tokenLogps.gradient") : undefined;
  eachSlice(arena, { h, w }, ({ logits, first, rows }) => {
    arena.dispatch(headSoftmaxInPlaceKernel, {
      bind: { targets, logits, ...out },
      params: { first, rows },
      fixed: { V, WEIGHTS: gradient ? 1 : 0 },
    });
    if (slopes === undefined) return;
    matmul(arena, {
      a: { tensor: logits },
      b: { tensor: w },
      M: rows,
      N: D,
      K: V,
      out: { tensor: slopes, offset: first * D },
    });
  });
  return slopes === undefined ? out : { ...out, gradient: slopes };
}
