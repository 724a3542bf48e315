// The tokenizer keeps every byte, adds nothing, and refuses what it cannot spell.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

/** A byte-level BPE over printable ASCII: id 0 is the special, the merges spell " the" and "he". */
function smallJson(): Record<string, unknown> {
  const vocab: Record<string, number> = { "<|endoftext|>": 0, "Ġ": 1, "Ċ": 2 };
  for (let c = 33; c < 127; c++) vocab[String.fromCharCode(c)] = Object.keys(vocab).length;
  for (const piece of ["he", "Ġt", "Ġthe"]) vocab[piece] = Object.keys(vocab).length;
  return {
    version: "1.0",
    added_tokens: [{ id: 0, content: "<|endoftext|>", special: true }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { SpecialToken: { id: "<|endoftext|>", type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
      ],
      pair: [],
      special_tokens: {},
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: [["h", "e"], ["Ġ", "t"], ["Ġt", "he"]] },
  };
}
const SPECIALS = { bos: "<|endoftext|>", eos: 0, pad: "<|endoftext|>" };

Deno.test("tokenizerFromJson() reads sizes and special ids, by token or by id", () => {
  const tokenizer = tokenizerFromJson(smallJson(), SPECIALS);
  assertEquals(tokenizer.vocabSize, 100);
  assertEquals([tokenizer.bosId, tokenizer.eosId, tokenizer.padId], [0, 0, 0]);
  const none = tokenizerFromJson(smallJson());
  assertEquals([none.bosId, none.eosId, none.padId], [undefined, undefined, undefined]);
});

Deno.test("encode() applies the merges in order and adds no special token", () => {
  const tokenizer = tokenizerFromJson(smallJson(), SPECIALS);
  assertEquals(tokenizer.encode(" the"), [99]);
  assertEquals(tokenizer.encode("he the"), [97, 99]);
  assertEquals(tokenizer.encode(""), []);
});

Deno.test("decode() is the inverse of encode(), spaces before punctuation included", () => {
  const tokenizer = tokenizerFromJson(smallJson(), SPECIALS);
  for (const text of ['the dog , "he" said . ', "  two  spaces", "it 's n't\n\nyes !", " ?"]) {
    assertEquals(tokenizer.decode(tokenizer.encode(text)), text);
  }
});

Deno.test("decode() leaves special tokens out and takes typed arrays", () => {
  const tokenizer = tokenizerFromJson(smallJson(), SPECIALS);
  assertEquals(tokenizer.decode(Uint32Array.of(0, 99, 0)), " the");
  assertEquals(tokenizer.decode([]), "");
  assertEquals(tokenizer.decode([0]), "");
});

Deno.test("encode() reads a special token that the text spells out", () => {
  const tokenizer = tokenizerFromJson(smallJson(), SPECIALS);
  assertEquals(tokenizer.encode("he<|endoftext|> the"), [97, 0, 99]);
});

Deno.test("encode() drops what a byte-level vocabulary lacks, as transformers does", () => {
  assertEquals(tokenizerFromJson(smallJson()).encode("he\u00e9 the"), [97, 99]);
});

Deno.test("encode() refuses text that a WordPiece vocabulary cannot spell", () => {
  const tokenizer = tokenizerFromJson({
    added_tokens: [],
    pre_tokenizer: { type: "Whitespace" },
    model: { type: "WordPiece", vocab: { dog: 0, cat: 1 }, continuing_subword_prefix: "##" },
  });
  assertEquals(tokenizer.encode("cat dog"), [1, 0]);
  assertThrows(() => tokenizer.encode("dog bird"), Mistake, "piece 1");
  assertThrows(() => tokenizer.encode(3 as unknown as string), Mistake, "expected a string");
});

Deno.test("decode() refuses an id outside the vocabulary", () => {
  const tokenizer = tokenizerFromJson(smallJson(), SPECIALS);
  for (const id of [100, -1, 1.5, NaN]) {
    assertThrows(() => tokenizer.decode([99, id]), Mistake, `ids[1] is ${id}`);
  }
});

const REFUSED: [string, unknown, Parameters<typeof tokenizerFromJson>[1], string][] = [
  ["null", null, {}, "it is null"],
  ["an array", [], {}, "it is an array"],
  ["text", "{}", {}, "it is a string"],
  ["tokenizer_config.json", { model_max_length: 512 }, {}, "Give tokenizer.json"],
  ["an unknown model", { ...smallJson(), model: { type: "Quantum" } }, {}, "Quantum"],
  ["an unknown bos", smallJson(), { bos: "<s>" }, 'bos is "<s>"'],
  ["an eos past the end", smallJson(), { eos: 100 }, "eos is 100"],
];
for (const [what, json, options, message] of REFUSED) {
  Deno.test(`tokenizerFromJson() refuses ${what}`, () => {
    const error = assertThrows(() => tokenizerFromJson(json, options), Mistake, message);
    assert(error.message.startsWith("Cannot "));
  });
}

Deno.test("spell() keeps special tokens, isSpecial() knows them, addSpecial puts those of the post-processor", async () => {
  const tokenizer = tokenizerFromJson({
    added_tokens: [{ id: 0, content: "<s>", special: true }, {
      id: 3,
      content: "ab",
      special: false,
    }],
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      special_tokens: { "<s>": { id: "<s>", ids: [0], tokens: ["<s>"] } },
    },
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab: { "<s>": 0, a: 1, b: 2 }, merges: [] },
  });
  assertEquals([tokenizer.spell!([0, 2, 3, 0]), tokenizer.decode([0, 2, 3, 0])], [
    "<s>bab<s>",
    "bab",
  ]);
  assertEquals([0, 1, 3].map((id) => tokenizer.isSpecial!(id)), [true, false, false]);
  assertEquals([tokenizer.encode("b", { addSpecial: true }), tokenizer.encode("b")], [[0, 2], [2]]);
  assertEquals(await tokenizer.hash!(), await tokenizer.hash!());
});
