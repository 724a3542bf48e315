import { assert, assertEquals, assertThrows } from "@std/assert";
import { keyOf, type TokenSequence } from "../../../core/mod.ts";
import { completions, epochSteps, SequenceCursor } from "../../../training/sources/completions.ts";

const key = keyOf(1);
const rows = (lengths: readonly number[]): TokenSequence[] =>
  lengths.map((length, i) => ({ ids: Array(length).fill(i), promptLength: 1 }));
const firsts = (batches: readonly (readonly TokenSequence[])[]) =>
  batches.flat().map(({ ids }) => ids[0]);
const tokens = (batch: readonly TokenSequence[]) => batch.reduce((n, { ids }) => n + ids.length, 0);

Deno.test("completions() has every sequence once, whole, in another order each epoch", () => {
  const sequences = rows([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const epochs = [0, 1].map((epoch) =>
    completions(sequences, { batchTokens: 12 }).epoch(epoch, key)
  );
  for (const batches of epochs) {
    assertEquals(firsts(batches).toSorted((a, b) => a - b), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    for (const batch of batches) assert(tokens(batch) <= 12 || batch.length === 1);
  }
  assert(firsts(epochs[0]).join() !== firsts(epochs[1]).join());
  const other = completions(sequences, { batchTokens: 12 }).epoch(0, keyOf(2));
  assert(firsts(epochs[0]).join() !== firsts(other).join(), "another seed, another order");
  assertEquals(completions(sequences, { batchTokens: 1 }).epoch(0, key).length, 9, "one each");
});

Deno.test("completions() fills a batch to the last token", () => {
  const sizes = (batchTokens: number) =>
    completions(rows([4, 4, 4, 4, 4, 4]), { batchTokens }).epoch(0, key).map(tokens);
  assertEquals(sizes(8), [8, 8, 8]);
  assertEquals(sizes(11), [8, 8, 8]);
  assertEquals(sizes(12), [12, 12]);
});

Deno.test("completions() refuses no sequence, and batches of nothing", () => {
  assertThrows(() => completions([]), RangeError, "sequences is empty, expected at least 1");
  for (const batchTokens of [0, 1.5, NaN]) {
    assertThrows(
      () => completions(rows([2]), { batchTokens }),
      RangeError,
      `batchTokens is ${batchTokens}, expected a whole number`,
    );
  }
});

Deno.test("SequenceCursor.at() goes through the epochs, from any step and back", () => {
  const source = completions(rows([3, 3, 3, 3, 3]), { batchTokens: 6 });
  const steps = epochSteps(source, 2, key);
  assertEquals(steps, 6);
  const whole = new SequenceCursor(source, key);
  const all = Array.from({ length: steps }, (_, step) => whole.at(step));
  assertEquals(all.map(({ epoch }) => epoch), [1 / 3, 2 / 3, 1, 1 + 1 / 3, 1 + 2 / 3, 2]);
  assertEquals(all.slice(3).map(({ batch }) => batch), [...source.epoch(1, key)]);
  const late = new SequenceCursor(source, key);
  assertEquals(late.at(4), all[4]);
  assertEquals(late.at(1), all[1]);
  assertEquals(late.at(1), all[1], "the same step may be tried again");
});
