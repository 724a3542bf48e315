import { assert, assertEquals } from "@std/assert";
import {
  choose,
  keptSet,
  softmax,
  threefry2x32,
  uniformOf,
} from "../../../backend/reference/sample.ts";
import { chiSquare } from "../../support/chi_square.ts";

const off = { temperature: 1, topK: 0, topP: 1, minP: 0 };
const ids = (kept: boolean[]) => kept.flatMap((k, i) => k ? [i] : []);

Deno.test("threefry2x32() gives the known answers of its authors", () => {
  assertEquals(threefry2x32([0, 0], [0, 0]), [0x6b200159, 0x99ba4efe]);
  const ones = 0xffffffff;
  assertEquals(threefry2x32([ones, ones], [ones, ones]), [0x1cb996fc, 0xbb002be7]);
  assertEquals(
    threefry2x32([0x13198a2e, 0x03707344], [0x243f6a88, 0x85a308d3]),
    [0xc4923a9c, 0x483df7a0],
  );
});

Deno.test("uniformOf() is uniform over ids, over draws, and independent between neighbours", () => {
  const bins = 16, n = 2 ** 17;
  const flat = new Float64Array(bins).fill(1 / bins);
  const pairs = new Float64Array(bins * bins).fill(1 / bins ** 2);
  const bin = (u: number) => Math.floor(u * bins);
  for (const seed of [0, 7]) {
    const draws = Array.from({ length: 128 }, (_, step) => threefry2x32([seed, 1], [3, step]));
    const single = new Float64Array(bins), byId = new Float64Array(bins * bins);
    const byDraw = new Float64Array(bins * bins);
    for (let i = 0; i < n; i++) {
      const draw = i % 128, id = i >> 7;
      const u = bin(uniformOf(draws[draw], id));
      single[u]++;
      byId[u * bins + bin(uniformOf(draws[draw], id + 1))]++;
      byDraw[u * bins + bin(uniformOf(draws[(draw + 1) % 128], id))]++;
    }
    // Five standard deviations of χ², √(2·df), above its mean.
    assert(chiSquare(single, flat) < 15 + 5 * Math.sqrt(30), "one at a time");
    assert(chiSquare(byId, pairs) < 255 + 5 * Math.sqrt(510), "neighbouring ids");
    assert(chiSquare(byDraw, pairs) < 255 + 5 * Math.sqrt(510), "neighbouring draws");
  }
});

Deno.test("uniformOf() stays inside (0, 1) and tells small numbers apart", () => {
  let least = 1;
  for (let id = 0; id < 2 ** 18; id++) {
    const u = uniformOf([1, 2], id);
    assert(u > 0 && u < 1);
    least = Math.min(least, u);
  }
  assert(least < 2 ** -15 && least > 2 ** -28, `${least} is the least of 2^18`);
});

Deno.test("keptSet() orders temperature, top-k, top-p, min-p as transformers does", () => {
  const logits = [0.4, 0.3, 0.2, 0.06, 0.04].map(Math.log);
  assertEquals(ids(keptSet(logits, { ...off, topK: 2 })), [0, 1]);
  assertEquals(ids(keptSet(logits, { ...off, topP: 0.65 })), [0, 1]);
  assertEquals(ids(keptSet(logits, { ...off, topP: 0.75 })), [0, 1, 2]);
  assertEquals(ids(keptSet(logits, { ...off, minP: 0.4 })), [0, 1, 2]);
  // 0.4 / (0.4 + 0.3) = 0.571: top-p sees what top-k left, renormalised.
  assertEquals(ids(keptSet(logits, { ...off, topK: 2, topP: 0.55 })), [0]);
  // At temperature ½ the probabilities are squared: 0.16 / 0.2952 = 0.542.
  assertEquals(ids(keptSet(logits, { ...off, temperature: 0.5, topP: 0.54 })), [0]);
  assertEquals(ids(keptSet(logits, { ...off, temperature: 0.5, minP: 0.3 })), [0, 1]);
  assertEquals(ids(keptSet(logits, { ...off, topP: 1e-9 })), [0]);
});

Deno.test("keptSet() keeps ties at a threshold", () => {
  const logits = [1, 2, 1, 0, 1];
  assertEquals(ids(keptSet(logits, { ...off, topK: 2 })), [0, 1, 2, 4]);
  assertEquals(ids(keptSet(logits, { ...off, topP: 0.5 })), [0, 1, 2, 4]);
});

Deno.test("choose() draws ids by their probability among the kept", () => {
  const logits = [0.1, 1.3, -0.4, 0.8, 2, -3], o = { ...off, temperature: 0.8, topK: 4 };
  const kept = keptSet(logits, o), p = softmax(logits, 0.8).map((x, i) => kept[i] ? x : 0);
  const mass = p.reduce((sum, x) => sum + x), counts = new Float64Array(6);
  for (let step = 0; step < 20000; step++) {
    counts[choose(logits, threefry2x32([5, 6], [0, step]), o)]++;
  }
  assertEquals([counts[2], counts[5]], [0, 0]);
  const df = 3;
  assert(chiSquare(counts, p.map((x) => x / mass)) < df + 5 * Math.sqrt(2 * df));
});
