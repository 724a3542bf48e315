// Backward of causal attention (Dao 2023, §2.3.2). With P_ij = exp(q_i·k_j·scale − lse_i), delta_i = dout_i·out_i and
// G_ij = P_ij·(dout_i·v_j − delta_i)·scale: dq_i = Σ_j G_ij·k_j, dk_j = Σ_i G_ij·q_i, dv_j = Σ_i P_ij·dout_i. Scores are
// computed again; where they are capped, s' = c·tanh(s/c), G_ij has the factor 1 − (s'/c)² too.
// Axes as in attention.ts; 5·T²·D flop a head and sequence. No atomics: dq is summed over keys by the query's thread, dk
// and dv over queries and over the heads that share the key, in order, by the key's. Deterministic.
import type { Arena } from "../../arena.ts";
import { length, matrix } from "../../checks.ts";
import { type CpuContext, grid, type Kernel, type Numbers } from "../../kernel.ts";
import type { Tensor } from "../../tensor.ts";
import {
  type AttentionOptions,
  type AttentionTensors,
  checkAttention,
  scoring,
} from "./attention.ts";
import {
  capping,
  fillTiles,
  firstTile,
  headVectors,
  lanes,
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

/**
 * Binds out and dout [R, H·D], lse [R, H], starts and lengths [S], stats [2·R·H + 2·S]: (lse, delta) of each row and
 * head, then (start, length) of each sequence as numbers. The next kernel then fits the eight storage buffers.
 */
export const attentionDeltaKernel: Kernel = {
  name: "attentionDelta",
  bindings: [
    { name: "out", access: "read" },
    { name: "dout", access: "read" },
    { name: "lse", access: "read" },
    { name: "starts", access: "read", type: "u32" },
    { name: "lengths", access: "read", type: "u32" },
    { name: "stats", access: "read_write" },
  ],
  params: [["rows", "u32"], ["sequences", "u32"]],
  fixed: ["H", "D"],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = flatIndex(group, groups, 64u, local);
  let pairs = p.rows * H;
  if (i < pairs) {
    var delta = 0.0;
    for (var d = i * D; d < (i + 1u) * D; d++) { delta += dout[d] * out[d]; }
    stats[2u * i] = lse[i];
    stats[2u * i + 1u] = delta;
  } else if (i < pairs + p.sequences) {
    stats[2u * i] = f32(starts[i - pairs]);
    stats[2u * i + 1u] = f32(lengths[i - pairs]);
  }
}`,
  workgroups: (p, f) => grid(p.rows * f.H + p.sequences),
  cpu: [
    { tasks: (p) => Math.ceil(p.rows / 64), run: deltaTwin },
    {
      tasks: () => 1,
      run: ({ b, p, f }) => {
        for (let s = 0; s < p.sequences; s++) {
          b.stats[2 * (p.rows * f.H + s)] = b.starts[s];
          b.stats[2 * (p.rows * f.H + s) + 1] = b.lengths[s];
        }
      },
    },
  ],
};

function deltaTwin({ b, p, f }: CpuContext, lo: number, hi: number): void {
  const { out, dout, lse, stats } = b, to = Math.min(hi * 64, p.rows) * f.H;
  for (let i = lo * 64 * f.H; i < to; i++) {
    let delta = 0;
    for (let d = i * f.D; d < (i + 1) * f.D; d++) delta += dout[d] * out[d];
    stats[2 * i] = lse[i];
    stats[2 * i + 1] = delta;
  }
}

/** Binds q and dout [R, H·D], k and v [R, KV·D], stats, dq [R, H·D], dk and dv [R, KV·D]. */
export const attentionBackwardKernel: Kernel = {
  name: "attentionBackward",
  bindings: [
    { name: "q", access: "read" },
    { name: "k", access: "read" },
    { name: "v", access: "read" },
    { name: "dout", access: "read" },
    { name: "stats", access: "read" },
    { name: "dq", access: "read_write" },
    { name: "dk", access: "read_write" },
    { name: "dv", access: "read_write" },
  ],
  params: [
    ["rows", "u32"],
    ["sequences", "u32"],
    ["blocks", "u32"],
    ["scale", "f32"],
    ["softcap", "f32"],
  ],
  fixed: ["H", "KV", "D", "WINDOW", "SCALED", "CAPPED"],
  wgsl: backwardWgsl,
  // A workgroup is 64 queries of a query head (the first H of each H + KV) or 64 keys of a key head.
  workgroups: (p, f) => grid(p.sequences * (f.H + f.KV) * p.blocks, 1),
  cpu: [{ tasks: (p, f) => p.sequences * f.KV, run: backwardTwin }],
};

function backwardWgsl(f: Numbers): string {
  const n = ownVectors(f), head = headVectors(f), capped = f.CAPPED === 1, shared = lanes(f) > 1;
  const dots = (mine: string, tiled: string, j = 0) =>
    unrolled(n, (c) => `dot(${mine}${c}, ${tiled}[at + ${j * head + c}u])`, " + ");
  const four = (mine: string, tiled: string) =>
    whole(f, `vec4<f32>(${unrolled(4, (j) => dots(mine, tiled, j), ", ")})`);
  return /* wgsl */ `
${tiles(f)}
${["q", "k", "v", "dout"].map((name) => loadVector(name, f)).join("\n")}
${["dq", "dk", "dv"].map((name) => storeVector(name, f)).join("\n")}
${fillTiles("k", "v", f)}
${fillTiles("q", "dout", f)}
${capping(f)}

fn queries(local: u32, head: u32, first: u32, start: u32, count: u32) {
  let i = first + local % 64u;
  let row = start + min(i, count - 1u);
  let query = (row * H + head) * D;
  let column = (head / (H / KV)) * D;
  let scale = ${scaleOf(f)};
  let lse = stats[2u * (row * H + head)];
  let delta = stats[2u * (row * H + head) + 1u];
  ${
    unrolled(n, (c) =>
      `let q${c} = load_q(query, ${ownVector(f, c)}) * scale; let o${c} = load_dout(query, ${
        ownVector(f, c)
      }); var dq${c} = vec4<f32>();`)
  }
  let end = min(first + 64u, count);
  for (var j0 = ${firstTile(f, "first")}; j0 < end; j0 += TILE) {
    fill_k_v(local, j0, end, start * KV * D + column, KV * D);
    for (var t = 0u; t < TILE; t += 4u) {
      let j = j0 + t;
      ${skipUnseen(f)}
      let at = ${tileAt(f)};
      let seen = ${seenKeys(f)};
      let raw = ${four("q", "left")};
      let scores = select(vec4<f32>(-1e30), ${capped ? "cap(raw)" : "raw"}, seen);
      let weights = select(vec4<f32>(), exp(scores - lse), seen);
      let g = weights * (${four("o", "right")} - delta)${capped ? " * slope(cap(raw))" : ""};
      ${
    unrolled(n, (c) =>
      `dq${c} += ${
        unrolled(4, (j) => `g[${j}] * left[at + ${j * head + c}u]`, " + ")
      };`)
  }
    }
  }
  if (i >= count) { return; }
  ${unrolled(n, (c) => `store_dq(query, ${ownVector(f, c)}, dq${c} * scale);`)}
}

fn keys(local: u32, head: u32, first: u32, start: u32, count: u32) {
  let j = first + local % 64u;
  let mine = ((start + min(j, count - 1u)) * KV + head) * D;
  let scale = ${scaleOf(f)};
  ${
    unrolled(n, (c) =>
      `let k${c} = load_k(mine, ${ownVector(f, c)}) * scale; let v${c} = load_v(mine, ${
        ownVector(f, c)
      });
  var dk${c} = vec4<f32>(); var dv${c} = vec4<f32>();`)
  }
  let end = ${f.WINDOW > 0 ? "min(count, first + 63u + WINDOW)" : "count"};
  for (var h = head * (H / KV); h < (head + 1u) * (H / KV); h++) {
    for (var i0 = first; i0 < end; i0 += TILE) {
      fill_q_dout(local, i0, end, (start * H + h) * D, H * D);
      let rows = min(TILE, end - i0);
      ${
    shared
      ? `var at = ${tileAt(f, "0u")}; let scores = ${four("k", "left")}; let slopes = ${
        four("v", "right")
      };`
      : ""
  }
      for (var t = 0u; t < rows; t++) {
        if (i0 + t < j) { continue; }
        ${f.WINDOW > 0 ? "if (i0 + t >= j + WINDOW) { break; }" : ""}
        ${shared ? "" : "let "}at = ${tileAt(f)};
        let pair = 2u * ((start + i0 + t) * H + h);
        let raw = ${shared ? "scores[t]" : dots("k", "left")};
        let capped = ${capped ? "cap(vec4<f32>(raw))" : "vec4<f32>(raw)"};
        let weight = exp(capped.x - stats[pair]);
        let g = weight * (${shared ? "slopes[t]" : dots("v", "right")} - stats[pair + 1u])${
    capped ? " * slope(capped).x" : ""
  };
        ${
    unrolled(n, (c) => `dk${c} += g * left[at + ${c}u]; dv${c} += weight * right[at + ${c}u];`)
  }
      }
    }
  }
  if (j >= count) { return; }
  ${
    unrolled(n, (c) =>
      `store_dk(mine, ${ownVector(f, c)}, dk${c} * scale); store_dv(mine, ${
        ownVector(f, c)
      }, dv${c});`)
  }
}

@compute @workgroup_size(${64 * lanes(f)})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let task = group.y * groups.x + group.x;
  if (task >= p.sequences * (H + KV) * p.blocks) { return; }
  let first = (task % p.blocks) * 64u;
  let head = (task / p.blocks) % (H + KV);
  let sequence = p.rows * H + task / (p.blocks * (H + KV));
  let start = u32(stats[2u * sequence]);
  let count = u32(stats[2u * sequence + 1u]);
  if (first >= count) { return; }
  if (head < H) { queries(local, head, first, start, count); } else { keys(local, head - H, first, start, count); }
}`;
}

/** A task is one sequence and key head; keys go in chunks of 256, queries in blocks of 32 from the last to the first. */
function backwardTwin({ b, p, f, wasm, scratch, f32 }: CpuContext, lo: number, hi: number): void {
  const { H, KV, D } = f, shared = H / KV, BLOCK = 32, CHUNK = 256;
  const wide = Math.ceil(D / 8) * 8, window = f.WINDOW > 0 ? f.WINDOW : Infinity;
  const { scale, softcap } = p;
  let next = scratch;
  const take = (n: number) => (next += n * 4) - n * 4;
  const work = take(512), keysT = take(CHUNK * D), valuesT = take(CHUNK * D);
  const keys = take(CHUNK * wide), queries = take(BLOCK * wide), slopes = take(BLOCK * wide);
  const P = take(BLOCK * CHUNK), G = take(BLOCK * CHUNK), turned = take(BLOCK * CHUNK);
  const bends = take(CHUNK) / 4;
  // The chunk of keys in which the window of the block at i0 begins.
  const firstChunk = (i0: number) => Math.floor(Math.max(0, i0 + 1 - window) / CHUNK) * CHUNK;
  for (let task = lo; task < hi; task++) {
    const sequence = Math.floor(task / KV), kv = task % KV;
    const start = b.stats[2 * (p.rows * H + sequence)];
    const T = b.stats[2 * (p.rows * H + sequence) + 1];
    for (let c = 0; c < T; c += CHUNK) {
      const chunk = Math.min(CHUNK, T - c), cell = ((start + c) * KV + kv) * D * 4;
      const k = b.k.byteOffset + cell, v = b.v.byteOffset + cell;
      wasm.packB(k, KV * D, 1, D, chunk, keysT, 0, Math.ceil(chunk / 8));
      wasm.packB(v, KV * D, 1, D, chunk, valuesT, 0, Math.ceil(chunk / 8));
      wasm.packB(k, KV * D, 0, chunk, D, keys, 0, wide / 8);
      // From the last block whose window reaches the chunk.
      const last = Math.floor((Math.min(T, c + chunk - 1 + window) - 1) / BLOCK) * BLOCK;
      for (let i0 = last; i0 >= c; i0 -= BLOCK) {
        const rows = Math.min(BLOCK, T - i0), n = Math.min(chunk, i0 + rows - c);
        const ld = Math.ceil(n / 8) * 8;
        for (let head = kv * shared; head < (kv + 1) * shared; head++) {
          const at = ((start + i0) * H + head) * D * 4;
          const q = b.q.byteOffset + at, dout = b.dout.byteOffset + at;
          wasm.gemm(q, H * D, keysT, P, ld, D, ld, 0, rows, scale, 0, work);
          wasm.gemm(dout, H * D, valuesT, G, ld, D, ld, 0, rows, 1, 0, work);
          for (let r = 0; r < rows; r++) {
            const to = Math.min(n, i0 + r + 1 - c), pair = 2 * ((start + i0 + r) * H + head);
            const from = Math.max(0, Math.min(to, i0 + r + 1 - c - window));
            const delta = b.stats[pair + 1], pAt = P / 4 + r * ld, gAt = G / 4 + r * ld;
            if (f.CAPPED === 1) {
              for (let j = from; j < to; j++) {
                const t = Math.tanh(f32[pAt + j] / softcap);
                f32[pAt + j] = softcap * t;
                f32[bends + j] = 1 - t * t;
              }
            }
            wasm.expSubSum((pAt + from) * 4, to - from, b.stats[pair]);
            for (let j = from; j < to; j++) {
              f32[gAt + j] = f32[pAt + j] * (f32[gAt + j] - delta) * scale;
            }
            if (f.CAPPED === 1) { for (let j = from; j < to; j++) f32[gAt + j] *= f32[bends + j]; }
            for (let j = 0; j < from; j++) f32[pAt + j] = f32[gAt + j] = 0;
            for (let j = to; j < n; j++) f32[pAt + j] = f32[gAt + j] = 0;
          }
          for (let d = 0; d < D; d += 8) {
            const to = b.dq.byteOffset + at + d * 4, more = c === firstChunk(i0) ? 0 : 1;
            wasm.gemm(
              G,
              ld,
              keys + d * chunk * 4,
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
          // The first block reaches every key of the chunk, so it overwrites; the others add.
          const more = i0 === last && head === kv * shared ? 0 : 1;
          wasm.packB(q, H * D, 0, rows, D, queries, 0, wide / 8);
          wasm.packTransposedA(G, ld, rows, n, turned);
          wasm.gemm(
            turned,
            rows,
            queries,
            b.dk.byteOffset + cell,
            KV * D,
            rows,
            D,
            0,
            n,
            1,
            more,
            work,
          );
          wasm.packB(dout, H * D, 0, rows, D, slopes, 0, wide / 8);
          wasm.packTransposedA(P, ld, rows, n, turned);
          wasm.gemm(
            turned,
            rows,
            slopes,
            b.dv.byteOffset + cell,
            KV * D,
            rows,
            D,
            0,
            n,
            1,
            more,
            work,
          );
        }
      }
    }
  }
}

/**
 * Gradients of {@linkcode attention}.
 *
 * @param tensors What attention read, its `out` [R, H·D] and `lse` [R, H], and `dout` [R, H·D]; borrowed.
 * @param options The same as forward.
 * @returns dq [R, H·D], dk and dv [R, KV·D] in `arena`. Rows outside every sequence are undefined.
 * @throws {TypeError} If the shapes do not fit.
 * @throws {RangeError} If a size is out of range, or there are 2²⁴ rows or more.
 */
export function attentionBackward(
  arena: Arena,
  tensors: AttentionTensors & { out: Tensor; lse: Tensor; dout: Tensor },
  options: AttentionOptions,
): { dq: Tensor; dk: Tensor; dv: Tensor } {
  const { params, fixed } = scoring("attentionBackward", options);
  const [rows, sequences] = checkAttention("attentionBackward", tensors, options);
  const { heads: H, kvHeads: KV, headDim: D, maxLength } = options;
  const { q, k, v, starts, lengths, out, lse, dout } = tensors;
  matrix("attentionBackward", "out", out, rows, H * D);
  matrix("attentionBackward", "dout", dout, rows, H * D);
  length("attentionBackward", "lse", lse, rows * H);
  if (rows >= 2 ** 24) {
    throw new RangeError(`Cannot run attentionBackward: it has ${rows} rows, expected under 2^24`);
  }
  const stats = arena.alloc([2 * rows * H + 2 * sequences], "attention.stats");
  arena.dispatch(attentionDeltaKernel, {
    bind: { out, dout, lse, starts, lengths, stats },
    params: { rows, sequences },
    fixed: { H, D },
  });
  const dq = arena.alloc([rows, H * D], "attention.dq");
  const dk = arena.alloc([rows, KV * D], "attention.dk");
  const dv = arena.alloc([rows, KV * D], "attention.dv");
  arena.dispatch(attentionBackwardKernel, {
    bind: { q, k, v, dout, stats, dq, dk, dv },
    params: { ...params, rows, sequences, blocks: Math.ceil(maxLength / 64) },
    fixed,
  });
  arena.release(stats);
  return { dq, dk, dv };
}
