import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import {
  adamwCheckInPlace,
  adamwInPlace,
  type AdamwOptions,
} from "../../../backend/kernels/adamw.ts";
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

/** Three members, the middle one with a number that must not be written; the first block of two is sound. */
const planted: [
  name: string,
  where: "grad" | "param" | "m" | "v" | "normSquares",
  value: number,
  options: Partial<AdamwOptions>,
  blocks: number,
][] = [];
for (const value of [NaN, Infinity, -Infinity]) {
  for (const where of ["grad", "param", "m", "v", "normSquares"] as const) {
    for (const maxGradNorm of [0, 1]) {
      planted.push([
        `${value} in ${where}`,
        where,
        value,
        { maxGradNorm },
        where === "normSquares" ? 2 : 1,
      ]);
    }
  }
}
planted.push(
  ["an update that overflows", "m", 1e38, { lr: 1e5, eps: 1e-3 }, 1],
  ["a mean of squares that overflows", "grad", 3e19, { beta2: 0.5 }, 1],
  ["a rate that is no f32", "m", 0.5, { lr: 1e39 }, 2],
  ["nothing", "m", 0.5, {}, 0],
);

/** What a step of three members of 4103 parameters is given. */
function threeMembers(where: string, value: number) {
  const groups = 3, size = 4103, n = groups * size;
  const all: Record<string, Float32Array> = {
    grad: uniform(n, 1),
    param: uniform(n, 2),
    m: uniform(n, 3),
    v: uniform(n, 4).map((x) => x * x + 0.01),
    normSquares: new Float32Array([4, 5, 6]),
  };
  if (where === "normSquares") all.normSquares[1] = value;
  else all[where][size + 4100] = value;
  return { groups, size, all };
}

for (const [name, where, value, some, blocks] of planted) {
  const options = { ...usual, ...some };
  deviceTest(
    `adamwInPlace() leaves a member with ${name} as it is (clip ${options.maxGradNorm})`,
    async (device) => {
      const { groups, size, all } = threeMembers(where, value);
      using arena = new Arena(device, "test");
      const { grad, param, m, v } = Object.fromEntries(
        ["grad", "param", "m", "v"].map((
          name,
        ) => [name, arena.upload([groups, size], all[name], name)]),
      );
      const normSquares = arena.upload([groups], all.normSquares, "normSquares");
      const count = arena.upload([groups], new Uint32Array([0, 0, 7]), "count");
      adamwCheckInPlace(arena, { param, grad, m, v, normSquares }, count, options);
      const skip = adamwInPlace(arena, { param, grad, m, v, normSquares }, options);
      const out = await arena.readAll({ param, m, v, count, skip });
      const truth = reference.adamwCounts(
        { param: all.param, m: all.m, v: all.v },
        all.grad,
        all.normSquares,
        { groups, ...options },
      );
      const lrOverflows = options.lr > 1e38; // every member's then
      assertEquals(truth, lrOverflows ? [2, 2, 2] : [0, blocks, 0]);
      assertEquals([...out.skip], truth);
      assertEquals([...out.count], [truth[0], truth[1], truth[2] + 7], "counts add up");
      for (const name of ["param", "m", "v"] as const) {
        for (let k = 0; k < groups; k++) {
          const part = (x: ArrayLike<number>) => Array.from(x).slice(k * size, (k + 1) * size);
          const [before, after] = [part(all[name]), part(out[name])];
          if (truth[k] > 0) assertEquals(after, before, `${name} of member ${k}`);
          else assertEquals(after.some((x, i) => x === before[i]), false, `${name} of member ${k}`);
        }
      }
    },
  );
}

for (
  const [name, skip] of [["one for each", [0, 3, 0]], ["one for all", [1]], ["none", [0]]] as const
) {
  deviceTest(`adamwInPlace() obeys the skip that it is given: ${name}`, async (device) => {
    const { groups, size, all } = threeMembers("m", 0.5);
    const { grad, param, m, v, normSquares } = all;
    const given = [0, 1, 2].map((k) => skip[skip.length === 1 ? 0 : k]);
    const truth = reference.adamw({ param, m, v }, grad, normSquares, { groups, ...usual }, given);
    using arena = new Arena(device, "test");
    const on = (x: Float32Array) => arena.upload([groups, size], x, "x");
    const state = { param: on(param), m: on(m), v: on(v) };
    adamwInPlace(arena, {
      ...state,
      grad: on(grad),
      normSquares: arena.upload([groups], normSquares, "normSquares"),
      skip: arena.upload([skip.length], new Uint32Array(skip), "skip"),
    }, usual);
    const out = await arena.readAll(state);
    for (const part of ["param", "m", "v"] as const) {
      assertClose(out[part], truth[part], moments, part);
    }
    assertEquals(
      [...out.param.subarray(size, 2 * size)].some((x, i) => x !== param[size + i]),
      given[1] === 0,
    );
  });
}

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
