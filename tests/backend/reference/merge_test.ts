import { type MatrixEntry, mergeExact } from "../../../backend/reference/merge.ts";
import { assertClose } from "../../support/close.ts";
import { uniform } from "../../support/random.ts";

Deno.test("mergeExact() gives the mean of the members' B·A", () => {
  const members = 3, rank = 2, inputs = 5, outputs = 4;
  const table: MatrixEntry[] = [[1, rank * inputs, 0], [12, rank * outputs, 1]];
  const size = 20, params = uniform(members * size, 1);
  /** B·A [outputs, inputs] of A [r, in] at `a` and Bᵀ [r, out] at `b`. */
  const delta = (x: ArrayLike<number>, r: number, a: number, b: number) =>
    Float64Array.from({ length: outputs * inputs }, (_, i) => {
      const o = Math.floor(i / inputs), c = i % inputs;
      let sum = 0;
      for (let j = 0; j < r; j++) sum += x[b + j * outputs + o] * x[a + j * inputs + c];
      return sum;
    });
  const mean = new Float64Array(outputs * inputs);
  for (let k = 0; k < members; k++) {
    const one = delta(params.subarray(k * size, (k + 1) * size), rank, 1, 12);
    for (let i = 0; i < mean.length; i++) mean[i] += one[i] / members;
  }
  const merged = mergeExact(params, table, { members, size });
  const whole = delta(merged, members * rank, members, members * 12);
  assertClose(whole, mean, { rtol: 1e-14, atol: 1e-15 }, "mean ΔW");
});
