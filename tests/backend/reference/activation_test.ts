import type { Activation } from "../../../backend/kernels/activation.ts";
import * as reference from "../../../backend/reference/activation.ts";
import { assertClose } from "../../support/close.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { uniform } from "../../support/random.ts";

const g = uniform(24, 1, 5), u = uniform(24, 2), dh = uniform(24, 3);

Deno.test("erfc() of known numbers", () => {
  // Abramowitz & Stegun, tables 7.1 and 7.3, to more digits by mpmath 1.3 with 30 digits.
  const known: [number, number][] = [
    [0, 1],
    [0.5, 0.479500122186953462],
    [-1, 1.842700792949714869],
    [2.999, 2.223016859983407234e-5],
    [3, 2.209049699858544137e-5],
    [5, 1.537459794428034850e-12],
    [9, 4.137031746513810238e-37],
  ];
  const actual = known.map(([z]) => reference.erfc(z));
  assertClose(actual, known.map(([, value]) => value), { rtol: 1e-11, atol: 0 }, "erfc");
});

Deno.test("activation() of known numbers", () => {
  // torch 2 in f64: silu, gelu(approximate="none"), gelu(approximate="tanh").
  const known: Record<Activation, number[]> = {
    silu: [-0.2689414213699951, 0, 1.7615941559557649],
    gelu: [-0.15865525393145707, 0, 1.9544997361036416],
    geluTanh: [-0.15880800939172324, 0, 1.9545976940877752],
  };
  for (const kind of ["silu", "gelu", "geluTanh"] as const) {
    const tight = { rtol: 1e-14, atol: 0 };
    assertClose(reference.activation(kind, [-1, 0, 2]), known[kind], tight, kind);
  }
});

for (const kind of ["silu", "gelu", "geluTanh"] as const) {
  Deno.test(`activationBackward() and activationMulBackward() equal the central difference, ${kind}`, () => {
    const dx = reference.activationBackward(kind, g, dh);
    checkGradient((v) => inner(reference.activation(kind, v), dh), dx, g, "dx");
    const { dg, du } = reference.activationMulBackward(kind, g, u, dh);
    checkGradient((v) => inner(reference.activationMul(kind, v, u), dh), dg, g, "dg");
    checkGradient((v) => inner(reference.activationMul(kind, g, v), dh), du, u, "du");
  });
}
