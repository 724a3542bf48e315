// Causal grouped-query attention on packed rows: out_i = Σ_{j≤i} P_ij·v_j, P_i = softmax(q_i·k_j·scale) over the
// sequence's own rows (Vaswani et al. 2017, eq. 1; Ainslie et al. 2023). Only out and the log-sum-exp are kept (Dao 2023).
// Scores may be capped, s → c·tanh(s/c) (Gemma 2, arXiv 2408.00118, §2), and a window W lets row i see i − W < j ≤ i only
// (Mistral 7B, arXiv 2310.06825, §2): then blocks of keys outside it are skipped.
// Axes: R rows, S sequences of T rows, H query heads sharing KV key and value heads of D numbers.
// 2·T²·D flop a head and sequence (half of the square); no memory grows with T². Sums in fixed order: deterministic, and
// a row's bits do not depend on what is packed beside its sequence or follows it.
import type { Arena } from "../../arena.ts";
import { length, matrix } from "../../checks.ts";
import { defineKernel, type Kernel, type Numbers } from "../../kernel.ts";
import { grid } from "../../workgroup.ts";
import type { Tensor } from "../../tensor.ts";
import { forwardTwin } from "./forward_twin.ts";
import { FORWARD, MOST_SCORES } from "./signature.ts";
import {
  blocksOf,
  capping,
  eachBlockOfHeadWgsl,
  fillTiles,
  firstTile,
  headVectors,
  loadVector,
  ownVector,
  ownVectors,
  scaleOf,
  seenKeys,
  skipUnseen,
  storeVector,
  tileAt,
  tiles,
  unrolled,
  whole,
} from "./wgsl.ts";

/** Heads of an attention layer, and how their scores are made. */
export interface AttentionHeads {
  /** Query heads H. */
  readonly heads: number;
  /** Key and value heads KV; divides H. */
  readonly kvHeads: number;
  /** Numbers a head D, at most 256. */
  readonly headDim: number;
  /** Factor of the products q·k, more than 0. Default: 1 / √D. */
  readonly scale?: number;
  /** c > 0: scores become c·tanh(s/c). Default: scores stay. */
  readonly softcap?: number;
  /** W: a row sees the last W rows, itself included. Default: all of them. */
  readonly window?: number;
}

/** Sizes of an attention layer on packed rows. */
export interface AttentionOptions extends AttentionHeads {
  /** At least the longest sequence, in rows: sizes the grid. */
  readonly maxLength: number;
}

/** Binds q [R, H·D], k and v [R, KV·D], starts and lengths [S], out [R, H·D], lse [R, H]. */
export const attentionKernel: Kernel = defineKernel({
  ...FORWARD,
  name: "attention",
  wgsl: forwardWgsl,
  // One workgroup for 64 queries of a head: a thread (four for a wide head) is a query and walks the keys by online softmax.
  workgroups: (p, f) => grid(p.sequences * f.H * p.blocks, 1),
  cpu: [{ tasks: (p, f) => p.sequences * f.KV, run: forwardTwin }],
});

function forwardWgsl(f: Numbers): string {
  const n = ownVectors(f), row = headVectors(f);
  const score = (j: number) => unrolled(n, (c) => `dot(q${c}, left[at + ${j * row + c}u])`, " + ");
  const value = (j: number, c: number) => `right[at + ${j * row + c}u]`;
  const raw = whole(f, `vec4<f32>(${unrolled(4, score, ", ")})`);
  return /* wgsl */ `
${tiles(f)}
${["q", "k", "v"].map((name) => loadVector(name, f)).join("\n")}
${storeVector("out", f)}
${fillTiles("k", "v")}
${capping(f)}
${eachBlockOfHeadWgsl("H", f)}
  let start = starts[sequence];
  let count = lengths[sequence];
  if (first >= count) { return; }
  let column = (head / (H / KV)) * D;
  let i = first + local % ROWS;
  let row = start + min(i, count - 1u);
  let query = (row * H + head) * D;
  let scale = ${scaleOf(f)};
  ${
    unrolled(n, (c) =>
      `let q${c} = load_q(query, ${ownVector(f, c)}) * scale; var sum${c} = vec4<f32>();`)
  }
  var top = LOWEST;
  var total = 0.0;
  let end = min(first + ROWS, count);
  for (var j0 = ${firstTile(f, "first")}; j0 < end; j0 += TILE) {
    fill_k_v(local, j0, end, start * KV * D + column, KV * D);
    for (var t = 0u; t < TILE; t += 4u) {
      let j = j0 + t;
      ${skipUnseen(f)}
      let at = ${tileAt(f)};
      let seen = ${seenKeys(f)};
      let scores = select(vec4<f32>(LOWEST), ${f.CAPPED === 1 ? `cap(${raw})` : raw}, seen);
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
  if (local < ROWS) { lse[row * H + head] = top + log(total); }
  ${unrolled(n, (c) => `store_out(query, ${ownVector(f, c)}, sum${c} / total);`)}
}`;
}

/** What all kernels of attention are told of its heads, once they are checked. */
export function scoring(
  op: string,
  { heads: H, kvHeads: KV, headDim: D, scale, softcap, window }: AttentionHeads,
): { params: Numbers; fixed: Numbers } {
  if (!(H % KV === 0)) {
    throw new TypeError(`Cannot run ${op}: heads is ${H}, expected a multiple of ${KV}`);
  }
  if (!(D >= 1 && D <= 256)) {
    throw new RangeError(`Cannot run ${op}: headDim is ${D}, expected 1 to 256`);
  }
  for (const [name, value] of Object.entries({ scale, softcap })) {
    if (value !== undefined && !(value > 0 && value < 1e30)) {
      throw new RangeError(`Cannot run ${op}: ${name} is ${value}, expected more than 0`);
    }
  }
  if (window !== undefined && !(Number.isInteger(window) && window >= 1)) {
    throw new RangeError(`Cannot run ${op}: window is ${window}, expected a whole number of rows`);
  }
  const flag = (value?: number) => value === undefined ? 0 : 1;
  return {
    params: { scale: scale ?? 1 / Math.sqrt(D), softcap: softcap ?? 0 },
    fixed: {
      ...{ H, KV, D },
      WINDOW: Math.min(window ?? 0, 2 ** 30), // i + W stays a u32
      SCALED: flag(scale),
      CAPPED: flag(softcap),
    },
  };
}

/** Checks that forward and backward share. Returns R and S. */
export function checkAttention(
  op: string,
  { q, k, v, starts, lengths }: AttentionTensors,
  { heads, kvHeads, headDim, maxLength }: AttentionOptions,
): [rows: number, sequences: number] {
  if (!(maxLength >= 1)) {
    throw new RangeError(`Cannot run ${op}: maxLength is ${maxLength}, expected 1 or more`);
  }
  const longest = MOST_SCORES / FORWARD.constants.BLOCK;
  if (maxLength > longest) {
    throw new RangeError(
      `Cannot run ${op}: maxLength is ${maxLength}, expected at most ${longest}`,
    );
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
 * @throws {RangeError} If `headDim` is over 256, `maxLength` over 49,152, or how scores are made is out of range.
 */
export function attention(
  arena: Arena,
  tensors: AttentionTensors,
  options: AttentionOptions,
): { out: Tensor; lse: Tensor } {
  const { params, fixed } = scoring("attention", options);
  const [rows, sequences] = checkAttention("attention", tensors, options);
  const { heads: H, headDim: D, maxLength } = options;
  const { q, k, v, starts, lengths } = tensors;
  const out = arena.alloc([rows, H * D], "attention.out");
  const lse = arena.alloc([rows, H], "attention.lse");
  arena.dispatch(attentionKernel, {
    bind: { q, k, v, starts, lengths, out, lse },
    params: { ...params, sequences, blocks: blocksOf(maxLength) },
    fixed,
  });
  return { out, lse };
}
