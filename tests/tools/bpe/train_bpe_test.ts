// The trainer equals a slow one that recounts everything, and its file reads back every text.
import { assertEquals, assertThrows } from "@std/assert";
import { byteCharacters, tokenizerJson, trainBpe } from "../../../tools/bpe/train_bpe.ts";
import { tokenizerFromJson } from "../../../core/text/tokenizer/tokenizer.ts";

const TEXT = `Lily had a red ball. "Can we share the ball?" asked Tom. Lily didn't want to share,
but she saw that Tom was sad. She said, "We can play with the ball together!"

They played and played, banana banana banana, aaaa aaaaa. Tom said, "Thank you, Lily!" 1234.`;

/** The definition, with no bookkeeping: count all pairs of all words again for every merge. */
function slowMerges(text: string, merges: number): [string, string][] {
  const characters = byteCharacters();
  const pattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;
  let words = Array.from(
    text.matchAll(pattern),
    ([word]) => Array.from(new TextEncoder().encode(word), (byte) => characters[byte]),
  );
  const order = characters.toSorted((a, b) => a < b ? -1 : 1);
  const out: [string, string][] = [];
  for (let m = 0; m < merges; m++) {
    const counts = new Map<string, number>();
    for (const word of words) {
      for (let i = 1; i < word.length; i++) {
        const key = `${word[i - 1]} ${word[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const rank = (key: string): number[] => key.split(" ").map((token) => order.indexOf(token));
    const [best] = [...counts].sort((x, y) =>
      y[1] - x[1] || rank(x[0])[0] - rank(y[0])[0] || rank(x[0])[1] - rank(y[0])[1]
    )[0];
    const [left, right] = best.split(" ");
    out.push([left, right]);
    order.push(left + right);
    words = words.map((word) => {
      const next: string[] = [];
      for (let i = 0; i < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) {
          next.push(word[i] + word[++i]);
        } else next.push(word[i]);
      }
      return next;
    });
  }
  return out;
}

Deno.test("trainBpe() makes the merges of the definition, ties by smallest ids", () => {
  const bpe = trainBpe(TEXT, 257 + 60);
  const merges = bpe.merges.map(([left, right]) => [bpe.tokens[left], bpe.tokens[right]]);
  assertEquals(merges, slowMerges(TEXT, 60));
});

Deno.test("trainBpe() is deterministic and has unique tokens", () => {
  const bpe = trainBpe(TEXT, 300);
  assertEquals(bpe, trainBpe(TEXT, 300));
  assertEquals(new Set(bpe.tokens).size, 300);
  assertEquals(bpe.tokens[0], "<|endoftext|>");
});

Deno.test("trainBpe() stops where the text has no pair left", () => {
  assertEquals(trainBpe("ab", 300).merges, [[65, 66]]); // "!" is id 1, so "a" is 65
  assertEquals(trainBpe("", 300).merges, []);
});

Deno.test("trainBpe() refuses a vocabulary without room for the bytes", () => {
  for (const size of [256, 65536, 300.5, NaN]) {
    assertThrows(() => trainBpe(TEXT, size), RangeError, `vocabSize is ${size}`);
  }
});

Deno.test("tokenizerJson() round-trips any text, seen or not", () => {
  const tokenizer = tokenizerFromJson(tokenizerJson(trainBpe(TEXT, 320)), { bos: 0, eos: 0 });
  assertEquals(tokenizer.vocabSize, 320);
  const texts = [
    TEXT,
    " caf\u00e9 \u{1F600} \u0000\u007f\u00a0",
    "\n\n  a \t b  ",
    "'tis, isn't?!",
  ];
  for (const text of texts) assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  assertEquals(tokenizer.encode(TEXT).length < TEXT.length / 1.5, true);
});

// Ids by transformers 5.23.0, tokenizers 0.23.3 (PreTrainedTokenizerFast(tokenizer_file=...)), November 2026.
const GOLDEN: [string, number[]][] = [["Tom and his dog found a muddy box by the river.", [
  802,
  265,
  350,
  673,
  597,
  259,
  570,
  522,
  89,
  740,
  927,
  263,
  328,
  73,
  315,
  14,
]], ['Lily said, "Thank you, mom!"\n\nThey didn\'t go  home.', [
  574,
  329,
  12,
  325,
  897,
  672,
  347,
  12,
  388,
  417,
  199,
  199,
  623,
  722,
  421,
  430,
  221,
  593,
  14,
]], ["Zo\u00eb\u2019s xylophone: 42 \u20ac?", [
  58,
  79,
  128,
  105,
  159,
  223,
  248,
  83,
  221,
  88,
  89,
  76,
  511,
  72,
  476,
  26,
  221,
  20,
  18,
  221,
  159,
  225,
  106,
  31,
]]];

Deno.test("the committed story tokenizer gives the ids that transformers gives", async () => {
  const file = new URL("../../../stories/model/tokenizer.json", import.meta.url);
  const tokenizer = tokenizerFromJson(JSON.parse(await Deno.readTextFile(file)), {
    bos: "<|endoftext|>",
  });
  assertEquals([tokenizer.vocabSize, tokenizer.bosId], [1024, 0]);
  for (const [text, ids] of GOLDEN) {
    assertEquals(tokenizer.encode(text), ids);
    assertEquals(tokenizer.decode(ids), text);
  }
});
