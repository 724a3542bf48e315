// Causal grouped-query attention on packed rows: out_i = Σ_{j≤i} P_ij·v_j, P_i = softmax(q_i·k_j / √D) over the
// sequence's own rows (Vaswani et al. 2017, eq. 1; Ainslie et al. 2023). Only out and the log-sum-exp are kept (Dao 2023).
// Axes: R rows, S sequences of T rows, H query heads sharing KV key and value heads of D numbers.
// 2·T²·D flop a head and sequence (half of the square); no memory grows with T². Sums in fixed order: deterministic, and
// a row's bits do not depend on what is packed beside its sequence or follows it.
import type { Arena } from "../arena.ts";
import { length, matrix } from "../checks.ts";
import { type CpuContext, grid, type Kernel, type Numbers } from "../kernel.ts";
import type { Tensor } from "../tensor.ts";

/** Sizes of an attention layer. */
export interface AttentionOptions {
  /** Query heads H. */
  readonly heads: number;
  /** Key and value heads KV; divides H. */
  readonly kvHeads: number;
  /** Numbers a head D, at most 512. */
  readonly headDim: number;
  /** At least the longest sequence, in rows: sizes the grid. */
  readonly maxLength: number;
}

/** vec4s that hold a head, padded with zeros. */
export function headVectors(f: Numbers): number {
  return Math.ceil(f.D / 4);
}

/** `body(i)` for i = 0 … n − 1, one after another: private arrays stay in registers only when unrolled. */
export function unrolled(n: number, body: (i: number) => string, separator = "\n"): string {
  return Array.from({ length: n }, (_, i) => body(i)).join(separator);
}

/** WGSL `load_name(at, c)`: numbers 4c … 4c + 3 of the head that starts at `at`, 0 past its end. */
export function loadVector(name: string, { D }: Numbers): string {
  const lanes = unrolled(
    4,
    (e) =>
      D % 4 === 0 ? `${name}[i + ${e}u]` : `select(0.0, ${name}[i + ${e}u], 4u * c + ${e}u < D)`,
    ", ",
  );
  return `fn load_${name}(at: u32, c: u32) -> vec4<f32> { let i = at + 4u * c; return vec4<f32>(${lanes}); }`;
}

/** WGSL `store_name(at, c, x)`: the converse of {@linkcode loadVector}. */
export function storeVector(name: string, { D }: Numbers): string {
  const lanes = unrolled(
    4,
    (e) => `${D % 4 === 0 ? "" : `if (4u * c + ${e}u < D) `}{ ${name}[i + ${e}u] = x[${e}]; }`,
  );
  return `fn store_${name}(at: u32, c: u32, x: vec4<f32>) { let i = at + 4u * c;\n${lanes} }`;
}

/** Rows in each of two tiles that share the 16 KB of workgroup memory: a multiple of 4, at most 64. */
export function tileRows(f: Numbers): number {
  return Math.min(64, Math.floor(512 / headVectors(f) / 4) * 4);
}

/** Binds q [R, H·D], k and v [R, KV·D], starts and lengths [S], out [R, H·D], lse [R, H]. */
export const attentionKernel: Kernel = {
  name: "attention",
  bindings: [
    { name: "q", access: "read" },
    { name: "k", access: "read" },
    { name: "v", access: "read" },
    { name: "starts", access: "read", type: "u32" },
    { name: "lengths", access: "read", type: "u32" },
    { name: "out", access: "read_write" },
    { name: "lse", access: "read_write" },
  ],
  params: [["sequences", "u32"], ["blocks", "u32"]],
  fixed: ["H", "KV", "D"],
  wgsl: forwardWgsl,
  // One workgroup for 64 queries of a head: a thread is a query and walks the keys by online softmax.
  workgroups: (p, f) => grid(p.sequences * f.H * p.blocks, 1),
  cpu: [{ tasks: (p, f) => p.sequences * f.KV, run: forwardTwin }],
};

function forwardWgsl(f: Numbers): string {
  const n = headVectors(f), tile = tileRows(f);
  const score = (j: number) => unrolled(n, (c) => `dot(q${c}, keys[at + ${j * n + c}u])`, " + ");
  const value = (j: number, c: number) => `values[at + ${j * n + c}u]`;
  return /* wgsl */ `
const TILE = ${tile}u;
const VECTORS = ${n}u;
const LOWEST = -1e30;
var<workgroup> keys: array<vec4<f32>, ${tile * n}>;
var<workgroup> values: array<vec4<f32>, ${tile * n}>;
${["q", "k", "v"].map((name) => loadVector(name, f)).join("\n")}
${storeVector("out", f)}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let task = group.y * groups.x + group.x;
  if (task >= p.sequences * H * p.blocks) { return; }
  let first = (task % p.blocks) * 64u;
  let head = (task / p.blocks) % H;
  let sequence = task / (p.blocks * H);
  let start = starts[sequence];
  let count = lengths[sequence];
  if (first >= count) { return; }
  let column = (head / (H / KV)) * D;
  let i = first + local;
  let row = start + min(i, count - 1u);
  let query = (row * H + head) * D;
  let scale = 1.0 / sqrt(f32(D));
  ${unrolled(n, (c) => `let q${c} = load_q(query, ${c}u) * scale; var sum${c} = vec4<f32>();`)}
  var top = LOWEST;
  var total = 0.0;
  let end = min(first + 64u, count);
  for (var j0 = 0u; j0 < end; j0 += TILE) {
    workgroupBarrier();
    for (var t = local; t < TILE * VECTORS; t += 64u) {
      let j = j0 + t / VECTORS;
      keys[t] = vec4<f32>();
      values[t] = vec4<f32>();
      if (j < end) {
        let at = (start + j) * KV * D + column;
        keys[t] = load_k(at, t % VECTORS);
        values[t] = load_v(at, t % VECTORS);
      }
    }
    workgroupBarrier();
    for (var t = 0u; t < TILE; t += 4u) {
      let j = j0 + t;
      if (j > i) { break; }
      let at = t * VECTORS;
      let seen = vec4<u32>(j, j + 1u, j + 2u, j + 3u) <= vec4<u32>(i);
      let scores = select(vec4<f32>(LOWEST), vec4<f32>(${unrolled(4, score, ", ")}), seen);
      let higher = max(top, max(max(scores.x, scores.y), max(scores.z, scores.w)));
      let weights = select(vec4<f32>(), exp(scores - higher), seen);
      let fade = exp(top - higher);
      top = higher;
      total = total * fade + dot(weights, vec4<f32>(1.0));
      ${
    unrolled(n, (c) =>
      `sum${c} = sum${c} * fade + ${
        unrolled(4, (j) => `weights[${j}] * ${value(j, c)}`, " + ")
      };`)
  }
    }
  }
  if (i >= count) { return; }
  lse[row * H + head] = top + log(total);
  ${unrolled(n, (c) => `store_out(query, ${c}u, sum${c} / total);`)}
}`;
}

/** A task is one sequence and key head; queries go in blocks of 32, keys in chunks of 256 packed once for short sequences. */
function forwardTwin({ b, f, wasm, scratch, f32 }: CpuContext, lo: number, hi: number): void {
  const { H, KV, D } = f, shared = H / KV, BLOCK = 32, CHUNK = 256;
  const wide = Math.ceil(D / 8) * 8, scale = 1 / Math.sqrt(D);
  const work = scratch, keys = work + 2048;
  const values = keys + CHUNK * D * 4, scores = values + CHUNK * wide * 4;
  const inverse = new Float64Array(BLOCK);
  for (let task = lo; task < hi; task++) {
    const sequence = Math.floor(task / KV), kv = task % KV;
    const start = b.starts[sequence], T = b.lengths[sequence], ld = Math.ceil(T / 8) * 8;
    const cell = (start * KV + kv) * D * 4;
    let packedKeys = -1, packedValues = -1;
    for (let i0 = 0; i0 < T; i0 += BLOCK) {
      const rows = Math.min(BLOCK, T - i0), end = i0 + rows;
      for (let head = kv * shared; head < (kv + 1) * shared; head++) {
        const at = ((start + i0) * H + head) * D * 4;
        for (let c = 0; c < end; c += CHUNK) {
          const chunk = Math.min(CHUNK, T - c);
          if (packedKeys !== c) {
            const from = b.k.byteOffset + cell + c * KV * D * 4;
            wasm.packB(from, KV * D, 1, D, chunk, keys, 0, Math.ceil(chunk / 8));
            packedKeys = c;
          }
          const columns = Math.ceil(Math.min(CHUNK, end - c) / 8) * 8;
          const to = scores + c * 4;
          wasm.gemm(b.q.byteOffset + at, H * D, keys, to, ld, D, columns, 0, rows, scale, 0, work);
        }
        for (let r = 0; r < rows; r++) {
          const row = scores + r * ld * 4, n = i0 + r + 1;
          const top = wasm.rowMax(row, n), total = wasm.expSubSum(row, n, top);
          b.lse[(start + i0 + r) * H + head] = top + Math.log(total);
          inverse[r] = 1 / total;
          for (let j = row / 4 + n; j < row / 4 + end; j++) f32[j] = 0;
        }
        for (let c = 0; c < end; c += CHUNK) {
          const chunk = Math.min(CHUNK, T - c), n = Math.min(CHUNK, end - c);
          if (packedValues !== c) {
            const from = b.v.byteOffset + cell + c * KV * D * 4;
            wasm.packB(from, KV * D, 0, chunk, D, values, 0, wide / 8);
            packedValues = c;
          }
          for (let d = 0; d < D; d += 8) {
            const panel = values + d * chunk * 4, to = b.out.byteOffset + at + d * 4;
            const more = c === 0 ? 0 : 1;
            wasm.gemm(
              scores + c * 4,
              ld,
              panel,
              to,
              H * D,
              n,
              Math.min(8, D - d),
              0,
              rows,
              1,
              more,
              work,
            );
          }
        }
        for (let r = 0; r < rows; r++) {
          wasm.scaleInPlace(b.out.byteOffset + at + r * H * D * 4, D, inverse[r]);
        }
      }
    }
  }
}

/** Checks that forward and backward share. Returns R and S. */
export function checkAttention(
  op: string,
  { q, k, v, starts, lengths }: AttentionTensors,
  { heads, kvHeads, headDim, maxLength }: AttentionOptions,
): [rows: number, sequences: number] {
  if (!(heads % kvHeads === 0)) {
    throw new TypeError(`Cannot run ${op}: heads is ${heads}, expected a multiple of ${kvHeads}`);
  }
  if (!(headDim >= 1 && headDim <= 512)) {
    throw new RangeError(`Cannot run ${op}: headDim is ${headDim}, expected 1 to 512`);
  }
  if (!(maxLength >= 1)) {
    throw new RangeError(`Cannot run ${op}: maxLength is ${maxLength}, expected 1 or more`);
  }
  // The CPU twin keeps a block of 32 rows of scores in its scratch.
  if (maxLength > 49152) {
    throw new RangeError(`Cannot run ${op}: maxLength is ${maxLength}, expected at most 49152`);
  }
  const [rows] = matrix(op, "q", q, undefined, heads * headDim);
  matrix(op, "k", k, rows, kvHeads * headDim);
  matrix(op, "v", v, rows, kvHeads * headDim);
  const sequences = starts.shape.reduce((n, axis) => n * axis, 1);
  length(op, "lengths", lengths, sequences);
  return [rows, sequences];
}

/** What attention reads; all borrowed. */
export interface AttentionTensors {
  /** [R, H·D] f32 queries. */
  readonly q: Tensor;
  /** [R, KV·D] f32 keys. */
  readonly k: Tensor;
  /** [R, KV·D] f32 values. */
  readonly v: Tensor;
  /** [S] u32: first row of each sequence. */
  readonly starts: Tensor;
  /** [S] u32: rows of each sequence, 1 … maxLength. */
  readonly lengths: Tensor;
}

/**
 * Causal grouped-query attention inside each packed sequence; query head h reads key head ⌊h·KV / H⌋.
 *
 * @param tensors See {@linkcode AttentionTensors}.
 * @param options See {@linkcode AttentionOptions}.
 * @returns `out` [R, H·D] and the log-sum-exp `lse` [R, H] (nats) that the backward pass needs; both in `arena`.
 * Rows outside every sequence are undefined.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If `headDim` is over 512 or `maxLength` over 49,152.
 */
export function attention(
  arena: Arena,
  tensors: AttentionTensors,
  options: AttentionOptions,
): { out: Tensor; lse: Tensor } {
  const [rows, sequences] = checkAttention("attention", tensors, options);
  const { heads: H, kvHeads: KV, headDim: D, maxLength } = options;
  const { q, k, v, starts, lengths } = tensors;
  const out = arena.alloc([rows, H * D], "attention.out");
  const lse = arena.alloc([rows, H], "attention.lse");
  arena.dispatch(attentionKernel, {
    bind: { q, k, v, starts, lengths, out, lse },
    params: { sequences, blocks: Math.ceil(maxLength / 64) },
    fixed: { H, KV, D },
  });
  return { out, lse };
}
