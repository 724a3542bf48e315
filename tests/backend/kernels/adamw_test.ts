import { assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { adamwInPlace, type AdamwOptions } from "../../../backend/kernels/adamw.ts";
import * as reference from "../../../backend/reference/adamw.ts";
import fixture from "../../fixtures/adamw.json" with { type: "json" };
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const usual: AdamwOptions = {
  lr: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0.1,
  step: 1,
  maxGradNorm: 0,
};
const u = 2 ** -24;
// A dozen roundings each; WGSL's division and square root are good to 2.5 ulp.
const moments = { rtol: 12 * u, atol: 12 * u };

const cases: [groups: number, size: number, options: Partial<AdamwOptions>][] = [
  [1, 1, {}],
  [3, 63, { maxGradNorm: 4 }],
  [2, 65, { step: 7, weightDecay: 0 }],
  [1, 8191, { maxGradNorm: 1, step: 1000 }],
  [2, 8193, { maxGradNorm: 60, lr: 0.1, beta2: 0.95 }],
];

for (const [groups, size, some] of cases) {
  const options = { ...usual, ...some };
  const n = groups * size;
  const grad = uniform(n, 1), param = uniform(n, 2), m = uniform(n, 3);
  const v = uniform(n, 4).map((x) => x * x);
  grad.forEach((g, i) => grad[i] = g * (1 + Math.floor(i / size))); // norms differ by member
  const normSquares = new Float32Array(groups);
  grad.forEach((g, i) => normSquares[Math.floor(i / size)] += g * g);
  const truth = reference.adamw({ param, m, v }, grad, normSquares, { groups, ...options });
  deviceTest(`adamwInPlace() equals the f64 reference at [${groups}, ${size}]`, async (device) => {
    using arena = new Arena(device, "test");
    const state = {
      param: arena.upload([groups, size], param, "param"),
      m: arena.upload([groups, size], m, "m"),
      v: arena.upload([groups, size], v, "v"),
    };
    adamwInPlace(arena, {
      ...state,
      grad: arena.upload([groups, size], grad, "grad"),
      normSquares: arena.upload([groups], normSquares, "normSquares"),
    }, options);
    const out = await arena.readAll(state);
    assertClose(out.m, truth.m, moments, "m");
    assertClose(out.v, truth.v, moments, "v");
    // The update, which is small beside the parameter, to what the parameter's rounding leaves of it.
    const stepOf = (x: ArrayLike<number>) => Float64Array.from(x, (p, i) => p - param[i]);
    assertClose(stepOf(out.param), stepOf(truth.param), { rtol: 40 * u, atol: 2 * u }, "step");
    assertClose(out.param, truth.param, moments, "param");
  });
}

deviceTest("adamwInPlace() follows torch for three steps", async (device) => {
  const { lr, betas, eps, weightDecay, maxNorm } = fixture.options;
  const n = fixture.params.length;
  using arena = new Arena(device, "test");
  const param = arena.upload([1, n], new Float32Array(fixture.params), "param");
  const m = arena.zeros([1, n], "m"), v = arena.zeros([1, n], "v");
  for (const [i, step] of fixture.steps.entries()) {
    const grad = arena.upload([1, n], new Float32Array(step.gradient), "grad");
    const normSquares = arena.upload([1], new Float32Array([step.gradNorm ** 2]), "normSquares");
    adamwInPlace(arena, { param, grad, m, v, normSquares }, {
      lr,
      beta1: betas[0],
      beta2: betas[1],
      eps,
      weightDecay,
      step: i + 1,
      maxGradNorm: maxNorm,
    });
    const out = await arena.readAll({ param, m, v });
    const tolerance = { rtol: 3 * moments.rtol, atol: moments.atol };
    assertClose(out.param, step.params, tolerance, `params after step ${i + 1}`);
    assertClose(out.m, step.m, { rtol: tolerance.rtol, atol: u }, `m after step ${i + 1}`);
    assertClose(out.v, step.v, { rtol: tolerance.rtol, atol: u * 1e-3 }, `v after step ${i + 1}`);
  }
});

deviceTest("adamwInPlace() refuses other shapes and options out of range", (device) => {
  using arena = new Arena(device, "test");
  const param = arena.upload([2, 3], uniform(6, 1), "param");
  const grad = arena.upload([3, 2], uniform(6, 1), "grad");
  const normSquares = arena.upload([2], uniform(2, 1), "normSquares");
  const all = { param, grad: param, m: param, v: param, normSquares };
  assertThrows(
    () => adamwInPlace(arena, { ...all, grad }, usual),
    TypeError,
    "grad is [3,2], expected [2, 3]",
  );
  for (const [name, value] of [["step", 0], ["eps", 0], ["beta2", 1], ["lr", NaN]] as const) {
    assertThrows(
      () => adamwInPlace(arena, all, { ...usual, [name]: value }),
      RangeError,
      `${name} is ${value}, expected`,
    );
  }
});
