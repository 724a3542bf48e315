// One query a sequence over its key-value cache: out_s = Σ_{j<n} softmax(q_s·k_j·scale)_j·v_j, n = lengths[s]; with a
// window W only n − W ≤ j, and capped scores as in attention.ts.
// Axes: S sequences, H query heads sharing KV key and value heads of D numbers, caches [S, capacity, KV·D].
// 4·n·D flop a head, reads the cache once a query head. Sums in fixed order: deterministic.
import type { Arena } from "../../arena.ts";
import { length, matrix } from "../../checks.ts";
import { type CpuContext, defineKernel, type Kernel, type Numbers } from "../../kernel.ts";
import { eachWorkgroupWgsl, grid, WORKGROUP } from "../../workgroup.ts";
import type { Tensor } from "../../tensor.ts";
import { type AttentionHeads, scoring } from "./attention.ts";
import { DECODE, MOST_SCORES } from "./signature.ts";
import { LOWEST_WGSL, unrolled } from "./wgsl.ts";
import { tanhWgsl } from "../tanh_wgsl.ts";

/** Binds q [S, H·D], kCache and vCache [S, capacity, KV·D], lengths [S], out [S, H·D]. */
export const attentionDecodeKernel: Kernel = defineKernel({
  ...DECODE,
  name: "attentionDecode",
  wgsl: decodeWgsl,
  // A workgroup is one head of one sequence: threads are keys for the scores, then columns for the sum.
  workgroups: (p, f) => grid(p.sequences * f.H, 1),
  cpu: [{ tasks: (p) => p.sequences, run: decodeTwin }],
});

function decodeWgsl(f: Numbers): string {
  const columns = Math.ceil(f.D / WORKGROUP);
  const capped = f.CAPPED === 1;
  return /* wgsl */ `${capped ? tanhWgsl("f32") : ""}
${LOWEST_WGSL}
var<workgroup> query: array<f32, ${f.D}>;
var<workgroup> scores: array<f32, ${WORKGROUP}>;
var<workgroup> weights: array<f32, ${WORKGROUP}>;
${eachWorkgroupWgsl("task", "p.sequences * H")}
  let sequence = task / H;
  let count = min(lengths[sequence], p.capacity);
  let cell = sequence * p.capacity * KV * D + (task % H / (H / KV)) * D;
  for (var d = local; d < D; d += WORKGROUP) { query[d] = q[task * D + d]${
    f.SCALED === 1 ? " * p.scale" : " / sqrt(f32(D))"
  }; }
  ${unrolled(columns, (c) => `var sum${c} = 0.0;`)}
  var top = LOWEST;
  var total = 0.0;
  for (var j0 = ${
    f.WINDOW > 0 ? "count - min(count, WINDOW)" : "0u"
  }; j0 < count; j0 += WORKGROUP) {
    workgroupBarrier();
    if (j0 + local < count) {
      let at = cell + (j0 + local) * KV * D;
      var score = 0.0;
      for (var d = 0u; d < D; d++) { score += query[d] * kCache[at + d]; }
      scores[local] = ${capped ? "p.softcap * tanhOf(score / p.softcap)" : "score"};
    }
    workgroupBarrier();
    let n = min(WORKGROUP, count - j0);
    var higher = top;
    for (var t = 0u; t < n; t++) { higher = max(higher, scores[t]); }
    weights[local] = select(0.0, exp(scores[local] - higher), local < n);
    workgroupBarrier();
    let fade = exp(top - higher);
    top = higher;
    total *= fade;
    ${unrolled(columns, (c) => `sum${c} *= fade;`)}
    for (var t = 0u; t < n; t++) {
      let weight = weights[t];
      total += weight;
      let at = cell + (j0 + t) * KV * D + local;
      ${
    unrolled(columns, (c) =>
      `if (local + ${WORKGROUP * c}u < D) { sum${c} += weight * vCache[at + ${WORKGROUP * c}u]; }`)
  }
    }
  }
  ${
    unrolled(columns, (c) =>
      `if (local + ${WORKGROUP * c}u < D) { out[task * D + local + ${
        WORKGROUP * c
      }u] = sum${c} / total; }`)
  }
}`;
}

/** A task is one sequence. The chains over D and over keys are those of attention's twin. */
function decodeTwin(
  { b, p, f, wasm, scratch, f32 }: CpuContext<typeof DECODE>,
  lo: number,
  hi: number,
): void {
  const { H, KV, D, CHUNK } = f, shared = H / KV;
  const wide = Math.ceil(D / 8) * 8;
  const work = scratch, packed = work + f.SPARE, scores = packed + CHUNK * wide * 4;
  for (let s = lo; s < hi; s++) {
    const n = Math.min(b.lengths[s], p.capacity), ld = Math.ceil(n / 8) * 8;
    const first = f.WINDOW > 0 ? Math.max(0, n - f.WINDOW) : 0, chunk0 = first - first % CHUNK;
    for (let kv = 0; kv < KV; kv++) {
      const cell = (s * p.capacity * KV + kv) * D * 4;
      const at = (s * H + kv * shared) * D * 4;
      const q = b.q.byteOffset + at, out = b.out.byteOffset + at;
      for (let c = chunk0; c < n; c += CHUNK) {
        const chunk = Math.min(CHUNK, n - c), panels = Math.ceil(chunk / 8);
        wasm.packB(
          b.kCache.byteOffset + cell + c * KV * D * 4,
          KV * D,
          1,
          D,
          chunk,
          packed,
          0,
          panels,
        );
        wasm.gemm(q, D, packed, scores + c * 4, ld, D, 8 * panels, 0, shared, p.scale, 0, work);
      }
      const totals = [];
      for (let h = 0; h < shared; h++) {
        const line = scores / 4 + h * ld, row = (line + first) * 4;
        if (f.CAPPED === 1) {
          for (let j = line + first; j < line + n; j++) {
            f32[j] = p.softcap * Math.tanh(f32[j] / p.softcap);
          }
        }
        totals.push(wasm.expSubSum(row, n - first, wasm.rowMax(row, n - first)));
      }
      for (let c = chunk0; c < n; c += CHUNK) {
        const unseen = Math.max(0, first - c), more = c === chunk0 ? 0 : 1;
        const chunk = Math.min(CHUNK, n - c) - unseen, at = scores + (c + unseen) * 4;
        wasm.packB(
          b.vCache.byteOffset + cell + (c + unseen) * KV * D * 4,
          KV * D,
          0,
          chunk,
          D,
          packed,
          0,
          wide / 8,
        );
        wasm.gemm(at, ld, packed, out, D, chunk, D, 0, shared, 1, more, work);
      }
      for (let h = 0; h < shared; h++) wasm.scaleInPlace(out + h * D * 4, D, 1 / totals[h]);
    }
  }
}

/**
 * Attention of one new query a sequence over the cached keys and values, its own among them.
 *
 * @param tensors `q` [S, H·D] f32; `kCache` and `vCache` [S, capacity, KV·D] f32; `lengths` [S] u32: positions 0 …
 * lengths − 1 are read, at least one; borrowed.
 * @param options See {@linkcode AttentionHeads}.
 * @returns out [S, H·D] in `arena`.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If `headDim` is over 256, how scores are made is out of range, or the scores of a key head are over the CPU twin's scratch.
 */
export function attentionDecode(
  arena: Arena,
  { q, kCache, vCache, lengths }: { q: Tensor; kCache: Tensor; vCache: Tensor; lengths: Tensor },
  options: AttentionHeads,
): Tensor {
  const { params, fixed } = scoring("attentionDecode", options);
  const { heads: H, kvHeads: KV, headDim: D } = options;
  const [sequences] = matrix("attentionDecode", "q", q, undefined, H * D);
  const [cells] = matrix("attentionDecode", "kCache", kCache, undefined, KV * D);
  const capacity = cells / sequences;
  matrix("attentionDecode", "kCache", kCache, sequences * Math.floor(capacity), KV * D);
  matrix("attentionDecode", "vCache", vCache, cells, KV * D);
  length("attentionDecode", "lengths", lengths, sequences);
  if ((H / KV) * (capacity + 8) > MOST_SCORES) {
    throw new RangeError(
      `Cannot run attentionDecode: ${capacity} positions for ${
        H / KV
      } heads a key head, expected at most ${Math.floor(MOST_SCORES / (H / KV)) - 8}`,
    );
  }
  const out = arena.alloc([sequences, H * D], "attentionDecode.out");
  arena.dispatch(attentionDecodeKernel, {
    bind: { q, kCache, vCache, lengths, out },
    params: { ...params, sequences, capacity },
    fixed,
  });
  return out;
}
