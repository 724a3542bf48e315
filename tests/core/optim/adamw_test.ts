import { assertEquals, assertThrows } from "@std/assert";
import { adamwConstants, checkPace } from "../../../core/optim/adamw.ts";

Deno.test("adamwConstants() fills in PyTorch's defaults, no decay, and clipping to 1", () => {
  const usual = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };
  assertEquals(adamwConstants(), usual);
  const given = { beta1: 0, beta2: 0.5, eps: 1, weightDecay: 2, maxGradNorm: 0 };
  assertEquals(adamwConstants(given), given); // zeros are values
});

Deno.test("checkPace() refuses a step and a learning rate that are none", () => {
  checkPace({ step: 0, learningRate: 0 });
  checkPace({ step: 7, learningRate: 1e-4 });
  for (const step of [-1, 0.5, NaN, Infinity]) {
    assertThrows(
      () => checkPace({ step, learningRate: 1 }),
      RangeError,
      `Cannot train a step: step is ${step}, expected a whole number from 0 up`,
    );
  }
  for (const learningRate of [-1e-9, NaN, Infinity, -Infinity]) {
    assertThrows(
      () => checkPace({ step: 0, learningRate }),
      RangeError,
      `Cannot train a step: learningRate is ${learningRate}, expected a number from 0 up`,
    );
  }
});
