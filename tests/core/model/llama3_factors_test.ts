import { assertAlmostEquals, assertEquals } from "@std/assert";
import { llama3Scaling } from "../../../core/model/llama3_factors.ts";
import type { RopeScaling } from "../../../core/model/rope.ts";
import { ropeFrequencies } from "../../../core/model/rope_frequencies.ts";

/** By what each frequency is divided, as the converter writes it: f32. */
function factorsOf(theta: number, dim: number, scaling: RopeScaling): Float32Array {
  const plain = ropeFrequencies({ theta, dim }, 1),
    scaled = ropeFrequencies({ theta, dim, scaling }, 1);
  return plain.map((f, i) => f / scaled[i]);
}

const cases = [
  { theta: 500_000, dim: 128, factor: 8, lowFreqFactor: 1, highFreqFactor: 4, original: 8192 },
  { theta: 500_000, dim: 64, factor: 32, lowFreqFactor: 1, highFreqFactor: 4, original: 8192 },
  { theta: 500_000, dim: 8, factor: 8, lowFreqFactor: 1, highFreqFactor: 4, original: 8192 },
  { theta: 10_000, dim: 128, factor: 4, lowFreqFactor: 1, highFreqFactor: 8, original: 2048 },
];
for (const { theta, dim, ...numbers } of cases) {
  const { factor, highFreqFactor, original } = numbers;
  Deno.test(`llama3Scaling() finds ${factor}, ${highFreqFactor} and ${original} again (θ ${theta}, ${dim})`, () => {
    const factors = factorsOf(theta, dim, { type: "llama3", ...numbers });
    assertEquals(llama3Scaling(factors, theta), numbers);
  });
}

Deno.test("llama3Scaling() tells only ratios: a low factor of 2 is told as 1", () => {
  const numbers = { factor: 8, lowFreqFactor: 2, highFreqFactor: 6, original: 4096 };
  const factors = factorsOf(500_000, 128, { type: "llama3", ...numbers });
  const found = llama3Scaling(factors, 500_000)!;
  assertAlmostEquals(found.highFreqFactor, 3, 1e-3); // four digits of a fit to f32
  assertAlmostEquals(found.original, 2048, 1);
});

Deno.test("llama3Scaling() finds nothing in other factors", () => {
  assertEquals(llama3Scaling([], 10_000), undefined);
  assertEquals(llama3Scaling([0, 0], 10_000), undefined);
  assertEquals(llama3Scaling([1, NaN], 10_000), undefined);
  assertEquals(llama3Scaling([2, 1, 3, 8], 10_000), undefined);
  assertEquals(llama3Scaling(Array.from({ length: 32 }, (_, i) => 1 + i / 8), 10_000), undefined);
});
