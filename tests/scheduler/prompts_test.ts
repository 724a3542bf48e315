import { assertEquals, assertNotEquals } from "@std/assert";
import { keyOf } from "../../core/mod.ts";
import { cadence, phasePrompts, phaseVisits, promptIds, promptText } from "../../scheduler/mod.ts";
import { charTokenizer } from "../support/tiny_task.ts";

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

Deno.test("phasePrompts() of ids has them with their texts, in the order of texts alone", () => {
  const c = cadence({ steps: 6, phases: 1 });
  const withIds = prompts.map((text, i) => ({ text, ids: [i, i] }));
  const visited = phasePrompts({ ...options, prompts: withIds, cadence: c }, 0);
  assertEquals(visited.map(({ text }) => text), all(1).map(({ text }) => text));
  for (const { text, ids } of visited) assertEquals(`prompt ${ids![0]}`, text);
});

Deno.test("phaseVisits() are places in the list, the same as phasePrompts()'s", () => {
  const c = cadence({ steps: 6, phases: 2 });
  const visits = phaseVisits(7, { ...options, cadence: c }, 1);
  assertEquals(
    visits.map(({ index, step, stream }) => ({ text: prompts[index], step, stream })),
    phasePrompts({ ...options, cadence: c }, 1),
  );
});

Deno.test("promptIds() puts BOS first where the tokenizer has one, and leaves ids as they are", () => {
  assertEquals(promptIds(charTokenizer, "!"), [1, 3]);
  assertEquals(promptIds({ ...charTokenizer, bosId: undefined }, "!"), [3]);
  assertEquals(promptIds(charTokenizer, { text: "?", ids: [9, 2, 9] }), [9, 2, 9]);
  assertEquals(promptText({ text: "?", ids: [9] }), "?");
});
