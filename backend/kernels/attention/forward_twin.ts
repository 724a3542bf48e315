// The CPU twin of attention: products of packed panels, and a softmax of whole rows of scores between them.
import type { CpuContext } from "../../kernel.ts";
import type { FORWARD } from "./signature.ts";

/** A task is one sequence and key head; queries go in blocks of 32, keys in chunks of 256 packed once for short sequences. */
export function forwardTwin(
  { b, p, f, wasm, scratch, f32 }: CpuContext<typeof FORWARD>,
  lo: number,
  hi: number,
): void {
  const { H, KV, D, BLOCK, CHUNK } = f, shared = H / KV;
  const wide = Math.ceil(D / 8) * 8, window = f.WINDOW > 0 ? f.WINDOW : Infinity;
  const work = scratch, keys = work + f.SPARE;
  const values = keys + CHUNK * D * 4, scores = values + CHUNK * wide * 4;
  const inverse = new Float64Array(BLOCK);
  for (let task = lo; task < hi; task++) {
    const sequence = Math.floor(task / KV), kv = task % KV;
    const start = b.starts[sequence], T = b.lengths[sequence], ld = Math.ceil(T / 8) * 8;
    const cell = (start * KV + kv) * D * 4;
    let packedKeys = -1, packedValues = -1;
    for (let i0 = 0; i0 < T; i0 += BLOCK) {
      const rows = Math.min(BLOCK, T - i0), end = i0 + rows;
      const first = Math.max(0, i0 + 1 - window), chunk0 = first - first % CHUNK;
      for (let head = kv * shared; head < (kv + 1) * shared; head++) {
        const at = ((start + i0) * H + head) * D * 4;
        for (let c = chunk0; c < end; c += CHUNK) {
          const chunk = Math.min(CHUNK, T - c);
          if (packedKeys !== c) {
            const from = b.k.byteOffset + cell + c * KV * D * 4;
            wasm.packB(from, KV * D, 1, D, chunk, keys, 0, Math.ceil(chunk / 8));
            packedKeys = c;
          }
          const skip = Math.max(0, first - c), unseen = skip - skip % 8; // whole panels before the window
          const columns = Math.ceil(Math.min(CHUNK, end - c) / 8) * 8 - unseen;
          const q = b.q.byteOffset + at, panels = keys + unseen * D * 4;
          const to = scores + (c + unseen) * 4;
          wasm.gemm(q, H * D, panels, to, ld, D, columns, 0, rows, p.scale, 0, work);
        }
        for (let r = 0; r < rows; r++) {
          const from = Math.max(0, i0 + r + 1 - window), n = i0 + r + 1 - from;
          const line = scores / 4 + r * ld, row = (line + from) * 4;
          if (f.CAPPED === 1) {
            for (let j = line + from; j <= line + i0 + r; j++) {
              f32[j] = p.softcap * Math.tanh(f32[j] / p.softcap);
            }
          }
          const top = wasm.rowMax(row, n), total = wasm.expSubSum(row, n, top);
          b.lse[(start + i0 + r) * H + head] = top + Math.log(total);
          inverse[r] = 1 / total;
          for (let j = line + first; j < line + from; j++) f32[j] = 0;
          for (let j = line + i0 + r + 1; j < line + end; j++) f32[j] = 0;
        }
        for (let c = chunk0; c < end; c += CHUNK) {
          const chunk = Math.min(CHUNK, T - c), unseen = Math.max(0, first - c);
          const n = Math.min(CHUNK, end - c) - unseen;
          if (packedValues !== c) {
            const from = b.v.byteOffset + cell + c * KV * D * 4;
            wasm.packB(from, KV * D, 0, chunk, D, values, 0, wide / 8);
            packedValues = c;
          }
          for (let d = 0; d < D; d += 8) {
            const panel = values + (d * chunk + unseen * 8) * 4, to = b.out.byteOffset + at + d * 4;
            const more = c === chunk0 ? 0 : 1;
            wasm.gemm(
              scores + (c + unseen) * 4,
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
