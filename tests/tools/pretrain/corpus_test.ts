import { assertEquals } from "@std/assert";
import { speltStart, splitStories, windows } from "../../../tools/pretrain/corpus.ts";

const KNOWN = new Set(["the", "cat", "sat", "it", "was", "happy"]);

Deno.test("speltStart() ends before the first sentence with a slip", () => {
  assertEquals(speltStart("The cat sat. It was happy!", KNOWN), {
    text: "The cat sat. It was happy!",
    whole: true,
  });
  assertEquals(speltStart("The cat sat. It was hapy! The cat sat.", KNOWN), {
    text: "The cat sat. ",
    whole: false,
  });
  assertEquals(speltStart("Teh cat.", KNOWN), { text: "", whole: false });
});

Deno.test("splitStories() keeps paragraphs together", () => {
  assertEquals(splitStories("a\n\nb\nc\n"), ["a\n\nb", "c\n"].map((s) => s.trim()));
});

Deno.test("windows() closes a story only where it is whole", () => {
  const tokenizer = {
    ...{ vocabSize: 9, bosId: 0, eosId: 0, padId: 0, decode: () => "" },
    encode: (text: string) => Array.from(text, () => 1),
  };
  assertEquals(windows(tokenizer, "abcdefgh", 100).map((w) => [...w]), [[
    0,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    0,
  ]]);
  assertEquals(windows(tokenizer, "abcdefgh", 100, false).map((w) => w.at(-1)), [1]);
  assertEquals(windows(tokenizer, "abcdefgh", 6).map(({ length }) => length), [6]); // too short a rest is left out
});
