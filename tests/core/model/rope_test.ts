import { assert, assertEquals, assertThrows } from "@std/assert";
import { ConfigFields } from "../../../core/model/fields.ts";
import {
  readRope,
  ropeFrequencies,
  ropeScalingJson,
  rotaryTable,
} from "../../../core/model/rope.ts";

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
  assertThrows(() => read({ partial_rotary_factor: 0.4 }), RangeError, "3 of head_dim 8");
  assertThrows(() => read({ partial_rotary_factor: 2 }), RangeError, "16 of head_dim 8");
  const scaling = { type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4 };
  assertThrows(() => read({ rope_scaling: scaling }), RangeError, "high_freq_factor is 4");
});

Deno.test("ropeFrequencies() are θ^(−2i/dim), stretched as their type says", () => {
  const plain = ropeFrequencies({ theta: 10000, dim: 4 }, 100);
  assertEquals([plain[0], plain[1]], [1, Math.fround(0.01)]);
  const dynamic = {
    theta: 100,
    dim: 4,
    scaling: { type: "dynamic", factor: 4, original: 10 },
  } as const;
  assertEquals(ropeFrequencies(dynamic, 7), ropeFrequencies({ theta: 100, dim: 4 }, 7)); // short: as pretrained
  // base' = 100·(4·20/10 − 3)² = 2500 with dim/(dim − 2) = 2
  assertEquals(ropeFrequencies(dynamic, 20)[1], Math.fround(1 / 50));
  const llama3 = {
    theta: 1e8,
    dim: 6,
    scaling: { type: "llama3", factor: 8, lowFreqFactor: 1, highFreqFactor: 4, original: 64 },
  } as const;
  const [high, , low] = ropeFrequencies(llama3, 1);
  assertEquals(high, 1); // a wavelength of 2π < 64/4 is kept
  assert(Math.abs(low / (1e8 ** (-4 / 6) / 8) - 1) < 1e-6); // one beyond 64 is divided by 8
});

Deno.test("rotaryTable() holds cosines, then sines, of f32 angles", () => {
  const table = rotaryTable({ theta: 100, dim: 4 }, 3);
  const angle = Math.fround(2 * Math.fround(0.1));
  assertEquals(
    [...table.slice(8)],
    [Math.cos(2), Math.cos(angle), Math.sin(2), Math.sin(angle)].map(Math.fround),
  );
});
