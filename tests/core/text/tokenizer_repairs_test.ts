// Small tokenizers of every kind give the ids and the text that Python's tokenizers gives.
import { assertEquals, assertThrows } from "@std/assert";
import { tokenizerFromJson } from "../../../core/text/tokenizer.ts";
import { repairTokenizerJson } from "../../../core/text/tokenizer_repairs.ts";
import { fixture, readSmall } from "../../support/tokenizer_fixtures.ts";

const { hard, small } = await fixture();

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
      if (special) assertThrows(encode, TypeError, "no plain spelling");
      else assertEquals(encode(), wanted.literal[i], JSON.stringify(text));
    });
  });
}

Deno.test("repairTokenizerJson() leaves its argument as it was", () => {
  const json = { pre_tokenizer: { type: "Digits", individual_digits: true }, decoder: null };
  const before = structuredClone(json);
  repairTokenizerJson(json);
  assertEquals(json, before);
});

Deno.test("repairTokenizerJson() keeps a $ that stands for another character", () => {
  const tokenizer = tokenizerFromJson({
    normalizer: { type: "Replace", pattern: { String: "a" }, content: "$&$" },
    model: { type: "BPE", vocab: { "$": 0, "&": 1, b: 2 }, merges: [] },
  });
  assertEquals(tokenizer.encode("ab"), [0, 1, 0, 2]);
});
