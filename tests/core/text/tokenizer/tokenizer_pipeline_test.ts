// Small tokenizers of every kind give the ids and the text that Python's tokenizers gives.
import { assertEquals, assertThrows } from "@std/assert";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { tokenizerPipeline } from "../../../../core/text/tokenizer/tokenizer_pipeline.ts";
import { fixture, kinds, readSmall, sha256 } from "../../../support/tokenizer_fixtures.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const { hard, small } = await fixture();
const { lines, models } = await kinds();

for (const [name, wanted] of Object.entries(small)) {
  Deno.test(`encode() and decode() give ${name}'s ids and text as tokenizers does`, async () => {
    const tokenizer = tokenizerFromJson(await readSmall(name));
    hard.forEach((text, i) => {
      assertEquals(tokenizer.encode(text), wanted.ids[i], JSON.stringify(text));
      assertEquals(tokenizer.decode(wanted.ids[i]), wanted.decoded[i], JSON.stringify(text));
    });
  });

  Deno.test(`encode() spells ${name}'s special tokens as plain text where none are allowed`, async () => {
    const tokenizer = tokenizerFromJson(await readSmall(name));
    hard.forEach((text, i) => {
      const special = wanted.literal[i].some((id) => id === 1 || id === 2); // <s> and </s>
      const encode = () => tokenizer.encode(text, { allowSpecial: false });
      if (special) assertThrows(encode, Mistake, "no plain spelling");
      else assertEquals(encode(), wanted.literal[i], JSON.stringify(text));
    });
  });
}

for (const [name, { json, ...wanted }] of Object.entries(models)) {
  Deno.test(`tokenizerPipeline() gives the ids and text of 300 lines as tokenizers does: ${name}`, async () => {
    const tokenizer = tokenizerFromJson(json);
    const ids = lines.map((line) => tokenizer.encode(line));
    assertEquals(await sha256(JSON.stringify(ids)), wanted.sha256);
    const texts = ids.map((line) => tokenizer.decode(line));
    assertEquals(await sha256(JSON.stringify(texts)), wanted.textSha256);
  });
}

/** A file of words, with added tokens that are looked for in different ways. */
function wordFile(added: Record<string, unknown>[], more: Record<string, unknown> = {}) {
  return {
    ...{ normalizer: null, pre_tokenizer: { type: "Whitespace" }, decoder: null, ...more },
    added_tokens: added.map((token) => ({
      ...{ special: false, single_word: false, lstrip: false, rstrip: false, normalized: false },
      ...token,
    })),
    model: { type: "WordLevel", vocab: { "?": 0, a: 1, b: 2, ab: 3 }, unk_token: "?" },
  };
}

Deno.test("tokenizerPipeline() takes a single word for text where a word goes on at either side", () => {
  const file = wordFile([{ id: 9, content: "TOK", single_word: true }]);
  const ids = (text: string) => tokenizerPipeline(file, "file").encode(text).ids;
  assertEquals(ids("a TOK b"), [1, 9, 2]);
  assertEquals(ids("aTOK b"), [0, 2]); // within a word on the left alone
  assertEquals(ids("a TOKb"), [1, 0]); // on the right alone
  assertEquals(ids("aTOKb"), [0]);
});

Deno.test("tokenizerPipeline() finds a token of normalized text where nothing is normalized", () => {
  const added = [{ id: 9, content: "TOK", normalized: true }];
  assertEquals(tokenizerPipeline(wordFile(added), "file").encode("aTOKb").ids, [1, 9, 2]);
  const lower = wordFile(added, { normalizer: { type: "Lowercase" } });
  assertEquals(tokenizerPipeline(lower, "file").encode("aTOKb").ids, [1, 9, 2]);
  assertEquals(tokenizerPipeline(lower, "file").encode("Atokb").ids, [1, 9, 2]);
});

Deno.test("tokenizerPipeline() falls back to bytes only where every byte of a piece is there", () => {
  const pieces = (bytes: string[]) => [["<unk>", 0], ["a", -1], ...bytes.map((byte) => [byte, -2])];
  const of = (bytes: string[]) =>
    tokenizerPipeline({
      ...{ normalizer: null, pre_tokenizer: null, decoder: null, added_tokens: [] },
      model: { type: "Unigram", unk_id: 0, byte_fallback: true, vocab: pieces(bytes) },
    }, "file").encode("aé").tokens;
  assertEquals(of(["<0xC3>", "<0xA9>"]), ["a", "<0xC3>", "<0xA9>"]);
  assertEquals(of(["<0xC3>"]), ["a", "é"]);
});

Deno.test("tokenizerPipeline() leaves its argument as it was", () => {
  const json = {
    normalizer: null,
    pre_tokenizer: { type: "Digits", individual_digits: true },
    decoder: null,
    added_tokens: [{ id: 1, content: "<s>", special: true }],
    model: { type: "WordLevel", vocab: { a: 0 }, unk_token: "a" },
  };
  const before = structuredClone(json);
  const pipeline = tokenizerPipeline(json, "file");
  assertEquals(pipeline.encode("a<s>x").ids, [0, 1, 0]);
  assertEquals(pipeline.withoutSpecials().encode("a<s>x").ids, [0]);
  assertEquals([pipeline.tokenOf(1), pipeline.idOf("<s>"), pipeline.unknown], ["<s>", 1, 0]);
  assertEquals(json, before);
});
