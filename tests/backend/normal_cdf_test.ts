import { NEAR, NEAR_SQUARES, PEAK, PER_ROOT_8, TAIL, TANH } from "../../backend/normal_cdf.ts";
import { activation, activationBackward, erfc } from "../../backend/reference/activation.ts";
import { assertClose } from "../support/close.ts";

const horner = (coefficients: readonly number[], x: number) =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0);
const between = (from: number, to: number) =>
  Array.from({ length: 5001 }, (_, i) => from + (to - from) * i / 5000);

Deno.test("NEAR gives the normal distribution function within 1e-9 where x² < NEAR_SQUARES", () => {
  const x = between(-Math.sqrt(NEAR_SQUARES), Math.sqrt(NEAR_SQUARES));
  const fit = x.map((v) => 0.5 + v * horner(NEAR, v * v));
  const truth = x.map((v) => erfc(-v / Math.SQRT2) / 2);
  assertClose(fit, truth, { rtol: 0, atol: 1e-9 }, "Φ");
});

Deno.test("TAIL gives its tail within 1.4e-8 of itself up to 13.4", () => {
  const x = between(Math.sqrt(NEAR_SQUARES), 13.4);
  const fit = x.map((v) => {
    const t = 1 / (1 + PER_ROOT_8 * v);
    return Math.exp(-v * v / 2) * t * horner(TAIL, t);
  });
  const truth = x.map((v) => erfc(v / Math.SQRT2) / 2);
  assertClose(fit, truth, { rtol: 1.4e-8, atol: 0 }, "1 − Φ");
});

Deno.test("TANH gives the tanh approximation of gelu, and PEAK the slope at 0 of gelu's own Φ", () => {
  const x = between(-TANH.MOST, TANH.MOST);
  const h = x.map((v) => v / (1 + Math.exp(-TANH.SLOPE * (v + TANH.CUBIC * v ** 3))));
  assertClose(h, activation("geluTanh", x), { rtol: 1e-12, atol: 1e-15 }, "h");
  // a′ = Φ + x·Φ′, and Φ is ½ at 0: a′(ε) − a′(−ε) = 4ε·Φ′(0) up to ε³.
  const [up, down] = [1e-4, -1e-4].map((v) => activationBackward("gelu", [v], [1])[0]);
  assertClose([(up - down) / 4e-4], [PEAK], { rtol: 1e-7, atol: 0 }, "Φ′(0)");
});
