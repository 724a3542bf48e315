import { assertEquals, assertNotEquals } from "@std/assert";
import { keyOf } from "../../core/mod.ts";
import { cadence, phasePrompts } from "../../scheduler/mod.ts";

const prompts = Array.from({ length: 7 }, (_, i) => `prompt ${i}`);
const options = { prompts, pairsPerStep: 4, key: keyOf(3) };
const all = (phases: number) => {
  const c = cadence({ steps: 6, phases });
  return Array.from({ length: c.phases }, (_, p) => phasePrompts({ ...options, cadence: c }, p))
    .flat();
};

Deno.test("phasePrompts() gives every cadence the same prompts, steps and streams", () => {
  const offline = all(1);
  assertEquals(offline.length, 24);
  assertEquals(offline.map(({ stream }) => stream), Array.from({ length: 24 }, (_, i) => i));
  assertEquals(
    offline.map(({ step }) => step),
    Array.from({ length: 24 }, (_, i) => Math.floor(i / 4)),
  );
  for (const phases of [2, 4, 6]) assertEquals(all(phases), offline);
});

Deno.test("phasePrompts() visits every prompt once an epoch, in an order of its own", () => {
  const texts = all(1).map(({ text }) => text);
  const epochs = [0, 7, 14].map((from) => texts.slice(from, from + 7));
  for (const epoch of epochs) assertEquals(epoch.toSorted(), prompts);
  assertNotEquals(epochs[0], epochs[1]);
  assertNotEquals(epochs[1], epochs[2]);
});

Deno.test("phasePrompts() follows the key", () => {
  const c = cadence({ steps: 6, phases: 1 });
  const texts = (seed: number) =>
    phasePrompts({ ...options, key: keyOf(seed), cadence: c }, 0).map(({ text }) => text);
  assertEquals(texts(3), texts(3));
  assertNotEquals(texts(3), texts(4));
});
