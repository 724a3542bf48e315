import { assert, assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import * as kernels from "../../../backend/kernels/activation.ts";
import * as reference from "../../../backend/reference/activation.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const kinds = ["silu", "gelu", "geluTanh"] as const;

for (const kind of kinds) {
  for (const n of [1, 63, 64, 65, 4095, 4097, 8257]) {
    const g = uniform(n, 5, 6), u = uniform(n, 2), dh = uniform(n, 4);
    deviceTest(`${kind}: values and gradients equal the f64 reference at ${n}`, async (device) => {
      using arena = new Arena(device, "test");
      const up = (data: Float32Array) => arena.upload([n], data, "x");
      const tg = up(g), tu = up(u), tdh = up(dh);
      const { dg, du } = kernels.activationMulBackward(arena, kind, { g: tg, u: tu, dh: tdh });
      const out = await arena.readAll({
        gated: kernels.activationMul(arena, kind, tg, tu),
        dg,
        du,
        plain: kernels.activation(arena, kind, tg),
        dx: kernels.activationBackward(arena, kind, { g: tg, dh: tdh }),
      });
      // exp(v) is within (3 + 2|v|) ulp of itself. silu: |v| ≤ 6, 1.8e-6, in terms of size up to 6. The others' v, g²/2
      // or 2√(2/π)(g + 0.044715g³), is larger but exp(−|v|)·6 is then small: its error is largest near |v| = 1.
      const tolerance = { rtol: 3e-6, atol: 3e-6 };
      const truth = reference.activationMulBackward(kind, g, u, dh);
      assertClose(out.gated, reference.activationMul(kind, g, u), tolerance, "a(g)·u");
      assertClose(out.dg, truth.dg, tolerance, "dg");
      assertClose(out.du, truth.du, tolerance, "du");
      assertClose(out.plain, reference.activation(kind, g), tolerance, "a(g)");
      assertClose(out.dx, reference.activationBackward(kind, g, dh), tolerance, "dx");
    });
  }

  deviceTest(`${kind}: values and gradients are finite at ±89, ±2000 and ±1e12`, async (device) => {
    using arena = new Arena(device, "test");
    const g = arena.upload([6], new Float32Array([89, -89, 2000, -2000, 1e12, -1e12]), "g");
    const u = arena.upload([6], new Float32Array(6).fill(1), "u");
    const { dg, du } = kernels.activationMulBackward(arena, kind, { g, u, dh: u });
    const h = kernels.activation(arena, kind, g);
    const dx = kernels.activationBackward(arena, kind, { g, dh: u });
    const out = await arena.readAll({
      gated: kernels.activationMul(arena, kind, g, u),
      dg,
      du,
      h,
      dx,
    });
    for (const name of ["gated", "du", "h"] as const) {
      assertClose(out[name], [89, 0, 2000, 0, 1e12, 0], f32Sum(1), name);
    }
    for (const name of ["dg", "dx"] as const) {
      assertClose(out[name], [1, 0, 1, 0, 1, 0], f32Sum(1), name);
    }
  });
}

deviceTest(
  "gelu: erf(g/√2) is within 2e-7 of the f64 one, and the tail of itself",
  async (device) => {
    const n = 100_000; // even: 0 is not among them
    const g = Float32Array.from({ length: n }, (_, i) => -14 + 28 * (i + 0.5) / n);
    using arena = new Arena(device, "test");
    const h = await arena.read(kernels.activation(arena, "gelu", arena.upload([n], g, "g")));
    // h = g·Φ is rounded once more, by 2⁻²⁴ of Φ.
    const error = (i: number, truth: number) => Math.abs(2 * h[i] / g[i] - truth) - 2 ** -23;
    let worst = 0;
    for (let i = 0; i < n; i++) {
      worst = Math.max(worst, error(i, reference.erfc(-g[i] / Math.SQRT2)));
    }
    assert(worst <= 2e-7, `erf is off by ${worst}`);
    // Of itself, with ulps of 2⁻²³: exp within 3 + g² ulp, its argument rounded by g²/4 ulp, and the fit and its steps
    // within 3: at −9 that is 107 ulp, 1.3e-5.
    const tail = [...g.keys()].filter((i) => g[i] > -9 && g[i] < -Math.SQRT2);
    assertEquals(tail.length > 20000, true);
    const truth = reference.activation("gelu", g);
    assertClose(
      tail.map((i) => h[i]),
      tail.map((i) => truth[i]),
      { rtol: 1.3e-5, atol: 0 },
      "tail",
    );
  },
);

deviceTest("activations refuse other sizes", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.zeros([2, 3], "x"), y = arena.zeros([2, 2], "y");
  assertThrows(
    () => kernels.activationMul(arena, "gelu", x, y),
    TypeError,
    "Cannot run activationMul: u is [2,2], expected 6 elements",
  );
  for (const wrong of [{ g: x, u: x, dh: y }, { g: x, u: y, dh: x }]) {
    assertThrows(
      () => kernels.activationMulBackward(arena, "silu", wrong),
      TypeError,
      `${wrong.u === y ? "u" : "dh"} is [2,2], expected 6 elements`,
    );
  }
  assertThrows(
    () => kernels.activationBackward(arena, "silu", { g: x, dh: y }),
    TypeError,
    "dh is [2,2], expected 6 elements",
  );
});
