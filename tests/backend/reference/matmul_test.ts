import { matmul } from "../../../backend/reference/matmul.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const M = 3, N = 4, K = 5, groups = 2, rank = 2;
const a = uniform(groups * M * K, 1), b = uniform(N * K, 2), dc = uniform(groups * M * N, 3);
const u = uniform(groups * M * rank, 4), t = uniform(groups * rank * N, 5);
const product = (
  { a: x = a, b: y = b, u: v = u, t: w = t }: { [name: string]: ArrayLike<number> },
) =>
  inner(
    matmul({
      a: { data: x },
      b: { data: y, groupStride: 0 },
      ...{ M, N, K, groups, transposeB: true, alpha: 0.7 },
      tail: { u: { data: v }, t: { data: w }, rank, alpha: 0.3 },
    }),
    dc,
  );

Deno.test("matmul() of known numbers, groups, strides, transposes, tail and addend", () => {
  const data = [1, 2, 3, 4];
  const square = { M: 2, N: 2, K: 2, a: { data }, b: { data } };
  const exact = { rtol: 0, atol: 0 };
  assertClose(matmul(square), [7, 10, 15, 22], exact, "A·A");
  assertClose(matmul({ ...square, transposeA: true }), [10, 14, 14, 20], exact, "Aᵀ·A");
  assertClose(matmul({ ...square, transposeB: true }), [5, 11, 11, 25], exact, "A·Aᵀ");
  const tail = { u: { data: [1, 2] }, t: { data: [1, 10] }, rank: 1, alpha: 0.5 };
  assertClose(
    matmul({ ...square, alpha: 2, tail, add: { data: [100, 200, 300, 400] } }),
    [114.5, 225, 331, 454],
    exact,
    "2·A·A + 0.5·u·t + D",
  );
  const row = { M: 1, N: 1, K: 2, groups: 2, b: { data, groupStride: 0 } };
  assertClose(
    matmul({ ...row, a: { data: [9, 1, 2, 9, 3, 4], offset: 1, groupStride: 3 } }),
    [5, 11],
    exact,
    "two rows with gaps, one shared column",
  );
  assertClose(
    matmul({ ...row, groups: 1, a: { data: [1, 9, 2], ld: 2 }, transposeA: true }),
    [5],
    exact,
    "a column with ld 2",
  );
});

Deno.test("matmul() of the output's gradient equals the central difference in a", () =>
  checkGradient(
    (v) => product({ a: v }),
    matmul({
      a: { data: dc },
      b: { data: b, groupStride: 0 },
      ...{ M, N: K, K: N, groups, alpha: 0.7 },
    }),
    a,
    "da",
  ));

Deno.test("matmul() transposed equals the central difference in the shared b", () =>
  checkGradient(
    (v) => product({ b: v }),
    matmul({
      a: { data: dc },
      b: { data: a },
      M: N,
      N: K,
      K: groups * M,
      transposeA: true,
      alpha: 0.7,
    }),
    b,
    "db",
  ));

Deno.test("matmul() equals the central difference in both factors of the tail", () => {
  const du = matmul({
    a: { data: dc },
    b: { data: t },
    M,
    N: rank,
    K: N,
    groups,
    transposeB: true,
    alpha: 0.3,
  });
  checkGradient((v) => product({ u: v }), du, u, "du");
  const dt = matmul({
    a: { data: u },
    b: { data: dc },
    M: rank,
    N,
    K: M,
    groups,
    transposeA: true,
    alpha: 0.3,
  });
  checkGradient((v) => product({ t: v }), dt, t, "dt");
});
