/**
 * The WebAssembly module of the CPU device: all kernels, put together in code, a few kilobytes, in
 * well under a tenth of a second. Instantiate it with `{ env: { memory } }`.
 *
 * @module
 */
import { ModuleBuilder } from "./assembler.ts";
import { f32x4 } from "./instructions.ts";
import { addActivations } from "./wasm_activation.ts";
import { addGemm, addPeak } from "./wasm_gemm.ts";
import { addPackB, addPackTransposedA } from "./wasm_pack.ts";
import { LaneKit } from "./wasm_lanes.ts";
import { addWiden } from "./wasm_narrow.ts";
import { addAdamw, addLinear, addRmsNorm, addSoftmax } from "./wasm_vector.ts";

export { PEAK_FLOP } from "./wasm_gemm.ts";

/**
 * What an instance exports. Pointers are byte offsets into the memory, multiples of 4 (16 is
 * faster); counts and strides are in elements; all data is f32. Outputs must not overlap inputs
 * unless a kernel says so: elementwise kernels may write exactly onto an input.
 */
export interface WasmKernels {
  /**
   * Packs panels p0 to p1 (8 columns each) of op(B) [K, N] into dst [⌈N/8⌉, K, 8]; columns past N
   * are 0. transposed = 0: op(B)[k, n] = src[k·ld + n]; 1: src[n·ld + k]. `dst` is panel 0's place
   * whatever p0 is.
   */
  packB(
    src: number,
    ld: number,
    transposed: number,
    K: number,
    N: number,
    dst: number,
    p0: number,
    p1: number,
  ): void;
  /**
   * C[m, n] = alpha·Σₖ A[m, k]·B[k, n] (+ C[m, n] if `accumulate` is 1) for rows m0 ≤ m < m1 and
   * all n < N; A[m, k] = a[m·lda + k], C[m, n] = c[m·ldc + n], K ≥ 1, B packed by `packB` at bp.
   * `scratch`: 1920 bytes of this thread's own, a block of 60 × 8 of C. The bits of a row do not depend on m0, m1.
   */
  gemm(
    a: number,
    lda: number,
    bp: number,
    c: number,
    ldc: number,
    K: number,
    N: number,
    m0: number,
    m1: number,
    alpha: number,
    accumulate: number,
    scratch: number,
  ): void;
  /** dst[cols, rows] = src[rows, cols]ᵀ, src with row stride ld: the A of AᵀB. */
  packTransposedA(src: number, ld: number, rows: number, cols: number, dst: number): void;
  /**
   * Groups from ≤ g < to of eight elements of a row of halves at src (any address: 16 bytes a group), as f32 at
   * dst + (g − from)·step bytes.
   */
  widenF16(src: number, dst: number, from: number, to: number, step: number): void;
  /** The same of signed bytes times scales[g / 4]. */
  widenInt8(
    src: number,
    scales: number,
    dst: number,
    from: number,
    to: number,
    step: number,
  ): void;
  /** The same of 4-bit steps q, as q·d + m, with the halves d (low) and m (high) in the word scales[g / 4]. */
  widenInt4(
    src: number,
    scales: number,
    dst: number,
    from: number,
    to: number,
    step: number,
  ): void;
  /** Multiply-adds in registers alone, PEAK_FLOP operations an iteration; the result is 96. */
  peak(iters: number): number;

  /** x = exp(x): within 4e-7 relative, 0 below −87.3, +∞ above 88.73, NaN for NaN. */
  expInPlace(x: number, n: number): void;
  /** max x; −∞ for n = 0, NaN if any is. */
  rowMax(x: number, n: number): number;
  /** x = exp(x − m), and their sum. */
  expSubSum(x: number, n: number, m: number): number;
  /** x = s·x. */
  scaleInPlace(x: number, n: number, s: number): void;
  /** y = a·x + y. */
  axpy(x: number, y: number, n: number, a: number): void;
  /** z = x + y. */
  add(x: number, y: number, z: number, n: number): void;
  /** Σ x·y. */
  dot(x: number, y: number, n: number): number;
  /** Σ x². */
  sumSquares(x: number, n: number): number;

  /** h = g·Φ(g)·u, Φ(g) = 1 / (1 + exp(−g)). */
  siluMul(g: number, u: number, h: number, n: number): void;
  /** dg = dh·u·(Φ(g) + g·Φ′(g)), du = dh·g·Φ(g). */
  siluMulBackward(g: number, u: number, dh: number, dg: number, du: number, n: number): void;
  /** The same, Φ being the normal distribution: within 1e-7, a half of the bound on erf. */
  geluMul(g: number, u: number, h: number, n: number): void;
  /** Its gradients. */
  geluMulBackward(g: number, u: number, dh: number, dg: number, du: number, n: number): void;
  /** The same, Φ(g) = σ(2√(2/π)·(g + 0.044715g³)). */
  geluTanhMul(g: number, u: number, h: number, n: number): void;
  /** Its gradients. */
  geluTanhMulBackward(g: number, u: number, dh: number, dg: number, du: number, n: number): void;
  /** y [rows, cols] = x·inv·w, inv = 1 / √(mean(x²) + eps), kept in invOut [rows]. */
  rmsNorm(
    x: number,
    w: number,
    y: number,
    rows: number,
    cols: number,
    eps: number,
    invOut: number,
  ): void;
  /** dx = inv·w·dy − x·inv³·mean(x·w·dy) (+ dx if `accumulate` is 1), x, dy, dx [rows, cols]. */
  rmsNormBackward(
    x: number,
    w: number,
    inv: number,
    dy: number,
    dx: number,
    rows: number,
    cols: number,
    accumulate: number,
  ): void;
  /**
   * AdamW in place on p, m, v: g' = clip·g; m = b1·m + (1 − b1)·g'; v = b2·v + (1 − b2)·g'²;
   * p −= lr·((m / c1) / (√(v / c2) + eps) + wd·p), with c1 = 1 − b1ᵗ and c2 = 1 − b2ᵗ. The scalars
   * are f64.
   */
  adamw(
    p: number,
    g: number,
    m: number,
    v: number,
    n: number,
    lr: number,
    b1: number,
    b2: number,
    eps: number,
    wd: number,
    c1: number,
    c2: number,
    clip: number,
  ): void;
  /** 0 where all that `adamw` would write with the same arguments is finite, else NaN; writes nothing. */
  adamwCheck(
    p: number,
    g: number,
    m: number,
    v: number,
    n: number,
    lr: number,
    b1: number,
    b2: number,
    eps: number,
    wd: number,
    c1: number,
    c2: number,
    clip: number,
  ): number;
}

/**
 * The binary module.
 *
 * @param o `fma`: multiply-add by relaxed SIMD (check `relaxedFmaSupported` first; results differ in
 * the last bits from the build without); `shared`: for a shared memory.
 * @returns Bytes for `new WebAssembly.Module`; its exports are `WasmKernels`.
 */
export function buildModule(o: { fma: boolean; shared: boolean }): Uint8Array<ArrayBuffer> {
  const kit = new LaneKit(o);
  addPackB(kit);
  addGemm(kit);
  addPackTransposedA(kit);
  addWiden(kit);
  addPeak(kit);
  addSoftmax(kit);
  addLinear(kit);
  addActivations(kit);
  addRmsNorm(kit);
  addAdamw(kit);
  return kit.module.build();
}

/** Whether this engine has relaxed SIMD's multiply-add. */
export function relaxedFmaSupported(): boolean {
  const probe = new ModuleBuilder({ shared: false });
  probe.exported("probe", { x: "v128" }, "v128", (f, { x }) => {
    f.return(f32x4.relaxedMadd(x, x, x));
  });
  return WebAssembly.validate(probe.build());
}
