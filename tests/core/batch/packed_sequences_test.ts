// Packing: every row is where the maths wants it, whatever the lengths.
import { assertEquals, assertThrows } from "@std/assert";
import {
  packSequences,
  sequenceOf,
  type TokenSequence,
} from "../../../core/batch/packed_sequences.ts";

const SEQUENCES: TokenSequence[] = [
  { ids: [0, 11, 12, 13, 14], promptLength: 2 },
  { ids: [0, 21], promptLength: 1 },
  { ids: [0, 31, 32, 33], promptLength: 3 },
];

Deno.test("sequenceOf() puts the completion after the prompt, of arrays of any kind, and borrows neither", () => {
  const prompt = [0, 5], completion = Uint32Array.of(4_294_967_295, 7, 2);
  const sequence = sequenceOf(prompt, completion);
  assertEquals(sequence, { ids: [0, 5, 4_294_967_295, 7, 2], promptLength: 2 });
  assertEquals(sequenceOf(completion, prompt).promptLength, 3);
  assertEquals([...packSequences([sequence]).targets], [...completion]);
  prompt[0] = completion[0] = 9;
  assertEquals(Array.from(sequence.ids), [0, 5, 4_294_967_295, 7, 2]);
});

Deno.test("packSequences() lays rows end to end without padding", () => {
  const packed = packSequences(SEQUENCES);
  assertEquals([...packed.ids], [0, 11, 12, 13, 14, 0, 21, 0, 31, 32, 33]);
  assertEquals([...packed.positions], [0, 1, 2, 3, 4, 0, 1, 0, 1, 2, 3]);
  assertEquals([...packed.starts], [0, 5, 7]);
  assertEquals([...packed.lengths], [5, 2, 4]);
  assertEquals([packed.truncatedSequences, packed.truncatedTokens], [0, 0]);
});

Deno.test("packSequences() names the row that predicts each completion token", () => {
  const packed = packSequences(SEQUENCES);
  assertEquals([...packed.headRows], [1, 2, 3, 5, 9]);
  assertEquals([...packed.targets], [12, 13, 14, 21, 33]);
  assertEquals([...packed.headStarts], [0, 3, 4]);
  assertEquals([...packed.headCounts], [3, 1, 1]);
});

Deno.test("packSequences() gives each sequence the same rows whatever stands beside it", () => {
  const together = packSequences(SEQUENCES);
  SEQUENCES.forEach((sequence, s) => {
    const alone = packSequences([sequence]);
    const start = together.starts[s], length = together.lengths[s];
    assertEquals(together.ids.slice(start, start + length), alone.ids);
    assertEquals(together.positions.slice(start, start + length), alone.positions);
    const head = together.headStarts[s], count = together.headCounts[s];
    assertEquals(together.targets.slice(head, head + count), alone.targets);
    assertEquals(
      together.headRows.slice(head, head + count).map((row) => row - start),
      alone.headRows,
    );
  });
});

Deno.test("packSequences() cuts the end of long completions and counts the cuts", () => {
  const packed = packSequences([
    { ids: [0, 1, 2, 3, 4, 5], promptLength: 2 },
    { ids: [0, 1, 2], promptLength: 1 },
  ], { maxLength: 3 });
  assertEquals([...packed.ids], [0, 1, 2, 0, 1, 2]);
  assertEquals([...packed.targets], [2, 1, 2]);
  assertEquals([...packed.headRows], [1, 3, 4]);
  assertEquals([packed.truncatedSequences, packed.truncatedTokens], [1, 3]);
});

Deno.test("packSequences() reads typed arrays and leaves its input alone", () => {
  const ids = Uint32Array.of(0, 4_294_967_295, 7);
  const packed = packSequences([{ ids, promptLength: 1 }]);
  assertEquals([...packed.targets], [4_294_967_295, 7]);
  packed.ids[0] = 9;
  assertEquals([...ids], [0, 4_294_967_295, 7]);
});

const REFUSED: [string, TokenSequence[], number | undefined, ErrorConstructor, string][] = [
  ["no sequence", [], undefined, TypeError, "the list is empty"],
  ["an empty prompt", [{ ids: [1, 2], promptLength: 0 }], undefined, RangeError, "BOS"],
  ["an empty completion", [{ ids: [1, 2], promptLength: 2 }], undefined, RangeError, "completion"],
  ["an empty sequence", [{ ids: [], promptLength: 1 }], undefined, RangeError, "completion"],
  ["a prompt that fills maxLength", [{ ids: [1, 2, 3], promptLength: 2 }], 2, RangeError, "raise"],
  ["a fractional prompt", [{ ids: [1, 2], promptLength: 1.5 }], undefined, RangeError, "1.5"],
  ["a negative id", [{ ids: [1, -2], promptLength: 1 }], undefined, TypeError, "token 1"],
  ["a fractional id", [{ ids: [0.5, 2], promptLength: 1 }], undefined, TypeError, "0.5"],
  ["an id of 2³²", [{ ids: [1, 2 ** 32], promptLength: 1 }], undefined, TypeError, "4294967296"],
  ["maxLength 1", [{ ids: [1, 2], promptLength: 1 }], 1, RangeError, "maxLength is 1"],
];

for (const [what, sequences, maxLength, kind, message] of REFUSED) {
  Deno.test(`packSequences() refuses ${what}`, () => {
    assertThrows(() => packSequences(sequences, { maxLength }), kind, message);
  });
}
