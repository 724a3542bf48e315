// f64 truth of the batched product C_g = α·op(A_g)·op(B_g) [+ τ·U_g·op(T_g)] [+ D_g].

/** A row-major matrix for each group inside an array; numbers in elements. */
export interface RefOperand {
  readonly data: ArrayLike<number>;
  readonly offset?: number;
  readonly groupStride?: number;
  readonly ld?: number;
}

/** The arguments of the kernel, with arrays for tensors. */
export interface RefMatmulArgs {
  readonly a: RefOperand;
  readonly b: RefOperand;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly groups?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha?: number;
  readonly tail?: {
    readonly u: RefOperand;
    readonly t: RefOperand;
    readonly rank: number;
    readonly alpha: number;
    readonly transposeT?: boolean;
  };
  readonly add?: RefOperand;
}

/** Element (row, col) of group g of op(operand), whose op is [rows, cols]. */
function element(
  { data, offset = 0, groupStride, ld }: RefOperand,
  transposed: boolean,
  [rows, cols]: readonly [number, number],
  [g, row, col]: readonly [number, number, number],
): number {
  const [stored, width] = transposed ? [cols, rows] : [rows, cols];
  const step = ld ?? width;
  const start = offset + g * (groupStride ?? stored * step);
  return data[start + (transposed ? col * step + row : row * step + col)];
}

/** C [groups, M, N], dense. */
export function matmul(
  { a, b, M, N, K, groups = 1, transposeA = false, transposeB = false, alpha = 1, tail, add }:
    RefMatmulArgs,
): Float64Array {
  const c = new Float64Array(groups * M * N);
  for (let g = 0; g < groups; g++) {
    for (let m = 0; m < M; m++) {
      for (let n = 0; n < N; n++) {
        let sum = 0;
        for (let k = 0; k < K; k++) {
          sum += alpha * element(a, transposeA, [M, K], [g, m, k]) *
            element(b, transposeB, [K, N], [g, k, n]);
        }
        for (let k = 0; tail !== undefined && k < tail.rank; k++) {
          sum += tail.alpha * element(tail.u, false, [M, tail.rank], [g, m, k]) *
            element(tail.t, tail.transposeT ?? false, [tail.rank, N], [g, k, n]);
        }
        if (add !== undefined) sum += element(add, false, [M, N], [g, m, n]);
        c[(g * M + m) * N + n] = sum;
      }
    }
  }
  return c;
}
