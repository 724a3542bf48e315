import { assert, assertEquals, assertThrows } from "@std/assert";
import { f32Literal, logSigmoid, sigmoid, softplus } from "../../losses/numerics.ts";

const relative = (found: number, wanted: number) => Math.abs(found - wanted) / Math.abs(wanted);

Deno.test("softplus() and sigmoid() keep full relative precision on both sides", () => {
  for (const z of [0, 1e-9, 0.3, 2, 17, 36]) { // log1p and exp of −z are exact enough here
    const e = Math.exp(-z);
    assert(relative(softplus(-z), Math.log1p(e)) < 1e-15, `softplus(${-z})`);
    assert(relative(softplus(z), z + Math.log1p(e)) < 1e-15, `softplus(${z})`);
    assert(relative(sigmoid(z), 1 / (1 + e)) < 1e-15, `sigmoid(${z})`);
    assert(relative(sigmoid(-z), e / (1 + e)) < 1e-15, `sigmoid(${-z})`);
  }
  assertEquals(softplus(-700), Math.exp(-700));
  assertEquals(sigmoid(-700), Math.exp(-700));
});

Deno.test("softplus(), sigmoid() and logSigmoid() are exact at ±89 and ±2000", () => {
  assertEquals([softplus(89), softplus(2000), softplus(-2000)], [89, 2000, 0]);
  assertEquals([sigmoid(89), sigmoid(2000), sigmoid(-2000)], [1, 1, 0]);
  assertEquals([logSigmoid(-89), logSigmoid(-2000)], [-89, -2000]);
  assertEquals(logSigmoid(89), -Math.exp(-89));
});

Deno.test("f32Literal() prints WGSL and refuses what f32 cannot hold", () => {
  assertEquals([0, 1, 0.1, 1e-7, 2.5e30].map(f32Literal), [
    "0f",
    "1f",
    "0.1f",
    "1e-7f",
    "2.5e+30f",
  ]);
  assertEquals(f32Literal(-0.5), "(-0.5f)");
  for (const value of [NaN, Infinity, 1e39]) {
    assertEquals(
      assertThrows(() => f32Literal(value), RangeError).message,
      `Cannot write a WGSL literal: value is ${value}, expected a number that is finite in f32`,
    );
  }
});
