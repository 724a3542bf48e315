import { NEAR, TAIL } from "../../backend/normal_cdf.ts";
import { erfc } from "../../backend/reference/activation.ts";
import { assertClose } from "../support/close.ts";

const horner = (coefficients: readonly number[], x: number) =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0);
const between = (from: number, to: number) =>
  Array.from({ length: 5001 }, (_, i) => from + (to - from) * i / 5000);

Deno.test("NEAR gives the normal distribution function within 1e-9 where x² < 2", () => {
  const x = between(-Math.SQRT2, Math.SQRT2);
  const fit = x.map((v) => 0.5 + v * horner(NEAR, v * v));
  const truth = x.map((v) => erfc(-v / Math.SQRT2) / 2);
  assertClose(fit, truth, { rtol: 0, atol: 1e-9 }, "Φ");
});

Deno.test("TAIL gives its tail within 1.4e-8 of itself up to 13.4", () => {
  const x = between(Math.SQRT2, 13.4);
  const fit = x.map((v) => {
    const t = 1 / (1 + v / Math.sqrt(8));
    return Math.exp(-v * v / 2) * t * horner(TAIL, t);
  });
  const truth = x.map((v) => erfc(v / Math.SQRT2) / 2);
  assertClose(fit, truth, { rtol: 1.4e-8, atol: 0 }, "1 − Φ");
});
