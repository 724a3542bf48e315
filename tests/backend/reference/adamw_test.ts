import { assertEquals } from "@std/assert";
import {
  adamw,
  adamwCounts,
  type AdamwState,
  clipCoefficient,
} from "../../../backend/reference/adamw.ts";
import fixture from "../../fixtures/adamw.json" with { type: "json" };
import { assertClose } from "../../support/close.ts";

Deno.test("adamw() follows torch for three steps, clipped and not", () => {
  const { lr, betas, eps, weightDecay, maxNorm } = fixture.options;
  const zeros = new Float64Array(fixture.params.length);
  let state: AdamwState = { param: Float64Array.from(fixture.params), m: zeros, v: zeros };
  fixture.steps.forEach(({ gradient, gradNorm, params, m, v }, i) => {
    state = adamw(state, gradient, [gradNorm ** 2], {
      groups: 1,
      lr,
      beta1: betas[0],
      beta2: betas[1],
      eps,
      weightDecay,
      step: i + 1,
      maxGradNorm: maxNorm,
    });
    const tight = { rtol: 1e-12, atol: 1e-14 };
    assertClose(state.param, params, tight, `params after step ${i + 1}`);
    assertClose(state.m, m, tight, `m after step ${i + 1}`);
    assertClose(state.v, v, tight, `v after step ${i + 1}`);
  });
});

Deno.test("clipCoefficient() is 1 within the norm and where there is none", () => {
  assertEquals(clipCoefficient(0.25, 1), 1);
  assertEquals(clipCoefficient(1e9, 0), 1);
  assertEquals(clipCoefficient(9, 1), 1 / (3 + 1e-6));
});

Deno.test("adamw() leaves a group alone that is skipped, adamwCounts() says which should be", () => {
  const o = {
    groups: 2,
    lr: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    eps: 1e-8,
    weightDecay: 0,
    step: 1,
    maxGradNorm: 0,
  };
  const state = { param: [1, 2], m: [0, 0], v: [0, 0] };
  const { param, m, v } = adamw(state, [1, 1], [1, 1], o, [0, 1]);
  assertEquals([param[1], m[1], v[1]], [2, 0, 0]);
  assertClose([param[0]], [0.9], { rtol: 1e-7, atol: 0 }, "the other");
  assertEquals(adamwCounts(state, [1, 1], [1, 1], o), [0, 0]);
  assertEquals(adamwCounts(state, [1, 1], [1, Infinity], o), [0, 1]);
  assertEquals(adamwCounts(state, [NaN, 1e21], [1, 1], o), [1, 1]); // 1e39 is no f32
  assertEquals(adamwCounts({ ...state, param: [1, 1e39] }, [1, 1], [1, 1], o), [0, 1]);
});
