import { assertEquals } from "@std/assert";
import * as reference from "../../../backend/reference/activation.ts";
import { assertClose, Bench, buildName, BUILDS, HALF_ULP, SIZES, uniform } from "./instance.ts";

const KINDS = ["silu", "gelu", "geluTanh"] as const;

// Φ loses at most 10 half ulps of 1 to exp (7), the sum, the division and the square before them; what is multiplied on
// adds 4. Of the slope Φ + g·Φ′ the second term, at most 0.5, carries exp's error and that of its argument, g²/2 half
// ulps of it: g²·0.4·e^(−g²/2) has its largest value 0.3 at √2, far below what the first term may lose.
const ROUNDINGS = 14;

for (const build of BUILDS) {
  for (const kind of KINDS) {
    Deno.test(`${kind}Mul() and its gradients at every size (${buildName(build)})`, () => {
      const bench = new Bench(build);
      for (const n of [0, 2, 3, 4, 5, ...SIZES]) {
        bench.reset();
        const [g, u, dh] = [uniform(n, 1).map((v) => 9 * v), uniform(n, 2), uniform(n, 3)];
        const inputs = [g, u, dh].map((x) => bench.place(x));
        const [pg, pu, pdh] = inputs;
        const [ph, pdg, pdu] = [bench.poison(n), bench.poison(n), bench.poison(n)];
        bench.kernels[`${kind}Mul`](pg, pu, ph, n);
        bench.kernels[`${kind}MulBackward`](pg, pu, pdh, pdg, pdu, n);
        const truth = reference.activationMulBackward(kind, g, u, dh);
        const values = reference.activationMul(kind, g, u);
        const error = ROUNDINGS * HALF_ULP;
        // σ = 1 − what is small: g multiplies that error too.
        const within = (x: Float32Array) => (i: number) =>
          error * (1 + Math.abs(g[i])) * Math.abs(x[i]);
        assertClose(bench.read(ph, n), values, within(u), `h, n ${n}`);
        assertClose(bench.read(pdu, n), truth.du, within(dh), `du, n ${n}`);
        const both = dh.map((d, i) => d * u[i]);
        assertClose(bench.read(pdg, n), truth.dg, within(both), `dg, n ${n}`);
        [g, u, dh].forEach((x, i) => assertEquals(bench.read(inputs[i], n), x));
        bench.checkGuards(`${kind} n ${n}`);
      }
    });

    Deno.test(`${kind}Mul() and its gradients at the ends of f32 (${buildName(build)})`, () => {
      const bench = new Bench(build), ends = [1e12, -1e12, 2000, -2000, 13.3, -13.3, 0];
      const n = ends.length,
        pg = bench.place(ends),
        ones = bench.place(new Float32Array(n).fill(1));
      const [ph, pdg, pdu] = [bench.poison(n), bench.poison(n), bench.poison(n)];
      bench.kernels[`${kind}Mul`](pg, ones, ph, n);
      bench.kernels[`${kind}MulBackward`](pg, ones, ones, pdg, pdu, n);
      const h = reference.activation(kind, ends),
        slope = reference.activationBackward(kind, ends, new Float32Array(n).fill(1));
      const tolerance = (i: number) => 1e-20 + ROUNDINGS * HALF_ULP * Math.max(1, Math.abs(h[i]));
      assertClose(bench.read(ph, n), h, tolerance, "h");
      assertClose(bench.read(pdu, n), h, tolerance, "du");
      assertClose(bench.read(pdg, n), slope, () => ROUNDINGS * HALF_ULP, "dg");
    });
  }
}
