import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigFields } from "../../../core/model/fields.ts";
import {
  defaultContext,
  longestContext,
  readRope,
  ropeScalingJson,
} from "../../../core/model/rope.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const read = (json: Record<string, unknown>, options: { key?: string; partial?: number } = {}) =>
  readRope(new ConfigFields(json, "config.json"), {
    headDim: 8,
    theta: 10000,
    maxPositions: 64,
    ...options,
  });

Deno.test("readRope() reads the old and the new spelling alike", () => {
  const llama3 = {
    factor: 8,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 32,
  };
  const old = read({ rope_theta: 500, rope_scaling: { type: "llama3", ...llama3 } });
  const now = read({ rope_parameters: { rope_theta: 500, rope_type: "llama3", ...llama3 } });
  assertEquals(old, now);
  assertEquals(read({ rope_scaling: ropeScalingJson(old), rope_theta: 500 }), old);
  assertEquals(read({}), { theta: 10000, dim: 8 });
  assertEquals(read({ partial_rotary_factor: 0.5 }).dim, 4);
  assertEquals(read({}, { partial: 0.25 }).dim, 2);
  const keyed = { full_attention: { rope_type: "linear", factor: 2, rope_theta: 7 } };
  assertEquals(read({ rope_parameters: keyed }, { key: "full_attention" }).theta, 7);
});

Deno.test("readRope() refuses what does not turn in pairs, and a ramp that runs backwards", () => {
  assertThrows(() => read({ partial_rotary_factor: 0.4 }), Mistake, "3 of head_dim 8");
  assertThrows(() => read({ partial_rotary_factor: 2 }), Mistake, "16 of head_dim 8");
  const scaling = { type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4 };
  assertThrows(() => read({ rope_scaling: scaling }), Mistake, "high_freq_factor is 4");
});

Deno.test("readRope() infers yarn's and longrope's factor of cosines and sines as their papers do", () => {
  const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 16 };
  const read1 = read({ rope_scaling: yarn });
  assertEquals(read1.scaling, {
    ...{ type: "yarn", factor: 4, betaFast: 32, betaSlow: 1, truncate: true, original: 16 },
    attentionFactor: 0.1 * Math.log(4) + 1,
  });
  assertEquals(read({ rope_scaling: ropeScalingJson(read1) }), read1);
  const scaled = read({ rope_scaling: { ...yarn, mscale: 2, mscale_all_dim: 0.5 } }).scaling;
  assert(scaled?.type === "yarn");
  assertEquals(scaled.attentionFactor, (0.2 * Math.log(4) + 1) / (0.05 * Math.log(4) + 1));
  const lists = { short_factor: [1, 1, 2, 2], long_factor: [1, 2, 4, 8] };
  // Phi-3's first files: "su", and the trained length outside
  const su = read({ rope_scaling: { type: "su", ...lists }, original_max_position_embeddings: 16 });
  assert(su.scaling?.type === "longrope");
  assertEquals(su.scaling.attentionFactor, Math.sqrt(1 + Math.log(64 / 16) / Math.log(16)));
  assertEquals(
    read({ rope_scaling: { ...lists, rope_type: "yarn" }, original_max_position_embeddings: 16 }),
    su,
  );
  assertEquals(read({ rope_scaling: ropeScalingJson(su) }), su);
});

Deno.test("readRope() refuses lists of another length, and divisors that are not above 0", () => {
  const su = { type: "longrope", short_factor: [1, 1, 1, 1], long_factor: [1, 2, 4] };
  assertThrows(
    () => read({ rope_scaling: su }),
    Mistake,
    "long_factor is [1,2,4], expected a number above 0 for each of 4 pairs",
  );
  const zero = { ...su, long_factor: [1, 2, 4, 0] };
  assertThrows(() => read({ rope_scaling: zero }), Mistake, "long_factor is [1,2,4,0]");
});

Deno.test("longestContext() is the config's, or what a stretched rope reaches", () => {
  const rope = (rope_scaling: Record<string, unknown>) => read({ rope_scaling });
  assertEquals(longestContext(undefined, 64), 64);
  assertEquals(longestContext(rope({ type: "linear", factor: 4 }), 64), 64);
  assertEquals(longestContext(rope({ type: "dynamic", factor: 4 }), 64), 256);
  const yarn = { type: "yarn", factor: 4, original_max_position_embeddings: 32 };
  assertEquals([longestContext(rope(yarn), 32), longestContext(rope(yarn), 256)], [128, 256]);
});

Deno.test("defaultContext() of longrope stays within pretraining's positions", () => {
  const lists = { short_factor: [1, 1, 1, 1], long_factor: [1, 2, 4, 8] };
  const longrope = read({
    rope_scaling: { type: "longrope", ...lists, original_max_position_embeddings: 4096 },
  });
  assertEquals(defaultContext(longrope, 131072), 4096);
  const yarn = read({ rope_scaling: { type: "yarn", factor: 4 } });
  assertEquals([defaultContext(yarn, 131072), defaultContext(undefined, 512)], [8192, 512]);
});
