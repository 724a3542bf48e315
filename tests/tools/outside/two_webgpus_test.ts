import { assert, assertEquals } from "@std/assert";
import { distance, train } from "../../../tools/outside/two_webgpus.ts";
import { deviceTest } from "../../support/devices.ts";

Deno.test("distance() is the largest one, and infinite where numbers are missing or none", () => {
  assertEquals(distance([1, 2, 3], [1, 2.5, 2.75]), 0.5);
  assertEquals(distance([], []), 0);
  for (const [a, b] of [[[1], [1, 2]], [[NaN], [NaN]], [[Infinity], [Infinity]], [[1], [NaN]]]) {
    assertEquals(distance(a, b), Infinity);
  }
});

deviceTest("train() takes three steps that differ, on the WebGPU that it is given", async () => {
  const { adapter, numbers, ids } = await train(navigator.gpu);
  assert(adapter !== "");
  assertEquals([numbers.length, ids.length], [18, 2]);
  // Six numbers a step: four losses, two norms. What the steps learn is in the losses.
  const mean = (step: number) => numbers.slice(6 * step, 6 * step + 4).reduce((a, b) => a + b) / 4;
  assert(numbers.every((x) => x > 0) && mean(1) < mean(0) && mean(2) < mean(1), `${numbers}`);
}, ["webgpu"]);
