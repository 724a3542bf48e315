// The CPU twins of the backward pass of attention.
import type { CpuContext } from "../../kernel.ts";
import type { BACKWARD, DELTA } from "./signature.ts";

/** A task is TASK rows: their log-sum-exp and delta. */
export function deltaTwin({ b, p, f }: CpuContext<typeof DELTA>, lo: number, hi: number): void {
  const { out, dout, lse, stats } = b, { H, D, TASK } = f, to = Math.min(hi * TASK, p.rows) * H;
  for (let i = lo * TASK * H; i < to; i++) {
    let delta = 0;
    for (let d = i * D; d < (i + 1) * D; d++) delta += dout[d] * out[d];
    stats[2 * i] = lse[i];
    stats[2 * i + 1] = delta;
  }
}

/** A task is one sequence and key head; keys go in chunks of 256, queries in blocks of 32 from the last to the first. */
export function backwardTwin(
  { b, p, f, wasm, scratch, f32 }: CpuContext<typeof BACKWARD>,
  lo: number,
  hi: number,
): void {
  const { H, KV, D, BLOCK, CHUNK } = f, shared = H / KV;
  const wide = Math.ceil(D / 8) * 8, window = f.WINDOW > 0 ? f.WINDOW : Infinity;
  const { scale, softcap } = p;
  let next = scratch;
  const take = (n: number) => (next += n * 4) - n * 4;
  const work = take(f.SPARE / 4), keysT = take(CHUNK * D), valuesT = take(CHUNK * D);
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
