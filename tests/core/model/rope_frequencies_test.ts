import { assert, assertEquals } from "@std/assert";
import { ropeFrequencies, rotaryTable } from "../../../core/model/rope_frequencies.ts";

Deno.test("ropeFrequencies() are θ^(−2i/dim), stretched as their type says", () => {
  const plain = ropeFrequencies({ theta: 10000, dim: 4 }, 100);
  assertEquals([plain[0], plain[1]], [1, Math.fround(0.01)]);
  const linear = { theta: 10000, dim: 4, scaling: { type: "linear", factor: 4 } } as const;
  assertEquals([...ropeFrequencies(linear, 100)], [0.25, Math.fround(plain[1] / 4)]);
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
  const [, between] = ropeFrequencies({ ...llama3, theta: 25, dim: 4 }, 1);
  // 0.2 has a wavelength of 31.4, 2.037 in 64: (2.037 − 1)/(4 − 1) = 0.3457 of it is kept, the rest divided by 8
  assert(Math.abs(between - 0.0855024) < 1e-6, `${between}`);
});

Deno.test("ropeFrequencies() of yarn keep what turns often, divide what turns seldom, with a ramp between", () => {
  const scaling = { type: "yarn", factor: 8, betaFast: 8, betaSlow: 1, original: 512 } as const;
  const more = { attentionFactor: 1, truncate: true };
  const rope = { theta: 10000, dim: 16, scaling: { ...scaling, ...more } };
  const plain = ropeFrequencies({ theta: 10000, dim: 16 }, 1);
  const ratio = ropeFrequencies(rope, 1).map((f, i) => plain[i] / f);
  // 16·ln(512/(8·2π))/(2·ln 10⁴) = 2.02 and 16·ln(512/2π)/(2·ln 10⁴) = 3.82: the ramp goes from feature 2 to 4
  const expected = [1, 1, 1, 1 / (0.5 / 8 + 0.5), 8, 8, 8, 8];
  ratio.forEach((found, i) => assert(Math.abs(found / expected[i] - 1) < 1e-6, `${i}: ${found}`));
  const whole = { ...rope, scaling: { ...rope.scaling, truncate: false } };
  assert(Math.abs(plain[2] / ropeFrequencies(whole, 1)[2] - 1) < 1e-6); // below 2.02
  assert(plain[3] / ropeFrequencies(whole, 1)[3] > 1.8); // at 0.54 of the way from there to 3.82
});

Deno.test("ropeFrequencies() of longrope take one list up to the trained length, the other beyond", () => {
  const lists = { shortFactor: [1, 2], longFactor: [4, 8] };
  const scaling = { type: "longrope", original: 10, attentionFactor: 1, ...lists } as const;
  const of = (length: number) => [...ropeFrequencies({ theta: 100, dim: 4, scaling }, length)];
  assertEquals(of(10), [1, Math.fround(Math.fround(0.1) / 2)]);
  assertEquals(of(11), [0.25, Math.fround(Math.fround(0.1) / 8)]);
});

Deno.test("rotaryTable() multiplies cosines and sines by yarn's and longrope's factor", () => {
  const lists = { shortFactor: [1], longFactor: [1] };
  const scaling = { type: "longrope", original: 10, attentionFactor: 1.5, ...lists } as const;
  const [cosine, sine] = rotaryTable({ theta: 100, dim: 2, scaling }, 2).slice(2);
  assertEquals([cosine, sine], [1.5 * Math.cos(1), 1.5 * Math.sin(1)].map(Math.fround));
});

Deno.test("rotaryTable() holds cosines, then sines, of f32 angles", () => {
  const table = rotaryTable({ theta: 100, dim: 4 }, 3);
  const angle = Math.fround(2 * Math.fround(0.1));
  assertEquals(
    [...table.slice(8)],
    [Math.cos(2), Math.cos(angle), Math.sin(2), Math.sin(angle)].map(Math.fround),
  );
});
