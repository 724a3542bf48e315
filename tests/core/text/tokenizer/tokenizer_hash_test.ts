import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { tokenizerHash } from "../../../../core/text/tokenizer/tokenizer_hash.ts";

const file = {
  added_tokens: [
    { id: 3, content: "<e>", special: true, lstrip: false },
    { id: 4, content: "<u>", special: true },
  ],
  normalizer: { type: "NFC" },
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false },
  post_processor: null,
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: { h: 0, i: 1, hi: 2 }, merges: ["h i"] },
};

Deno.test("tokenizerHash() is the same for the same tokenizer, however it is written", async () => {
  const hash = await tokenizerHash(file);
  assert(/^[0-9a-f]{64}$/.test(hash), hash);
  const again = {
    ...file,
    chat_template: "{{ messages }}",
    truncation: { max_length: 8 },
    padding: {},
    added_tokens: [
      { special: true, content: "<u>", id: 4 },
      { content: "<e>", special: true, id: 3, single_word: false },
    ],
    model: { vocab: { hi: 2, i: 1, h: 0 }, merges: [["h", "i"]], type: "BPE", dropout: null },
  };
  assertEquals(await tokenizerHash(again), hash);
});

Deno.test("tokenizerHash() changes with whatever changes an id", async () => {
  const { model } = file;
  const other: Record<string, unknown>[] = [
    { ...file, model: { ...model, vocab: { i: 0, h: 1, hi: 2 } } },
    { ...file, model: { ...model, merges: [] } },
    { ...file, model: { ...model, byte_fallback: true } },
    { ...file, normalizer: { type: "NFD" } },
    { ...file, pre_tokenizer: { type: "ByteLevel", add_prefix_space: true } },
    { ...file, post_processor: { type: "ByteLevel" } },
    { ...file, added_tokens: file.added_tokens.slice(1) },
    { ...file, added_tokens: [{ ...file.added_tokens[0], special: false }, file.added_tokens[1]] },
    {},
  ];
  const hashes = new Set(await Promise.all([file, ...other].map((json) => tokenizerHash(json))));
  assertEquals(hashes.size, other.length + 1);
  assertNotEquals(
    await tokenizerHash({ model: { type: "Unigram", vocab: [["a", -1]] } }),
    [...hashes][0],
  );
});
