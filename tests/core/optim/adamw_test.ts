import { assertEquals } from "@std/assert";
import { adamwConstants } from "../../../core/optim/adamw.ts";

Deno.test("adamwConstants() fills in PyTorch's defaults, no decay, and clipping to 1", () => {
  const usual = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };
  assertEquals(adamwConstants(), usual);
  const given = { beta1: 0, beta2: 0.5, eps: 1, weightDecay: 2, maxGradNorm: 0 };
  assertEquals(adamwConstants(given), given); // zeros are values
});
