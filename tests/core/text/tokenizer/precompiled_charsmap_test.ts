// The trie is followed within its bounds. (Its results are compared with Python's in normalizer_steps_test.ts.)
import { assertEquals, assertThrows } from "@std/assert";
import { charsmapNormalizer } from "../../../../core/text/tokenizer/precompiled_charsmap.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const base64 = (...bytes: number[]) => Uint8Array.from(bytes).toBase64();

Deno.test("charsmapNormalizer() changes nothing without a map", () => {
  for (const none of [null, undefined, ""]) {
    assertEquals(charsmapNormalizer(none, "file")("ﬁ"), "ﬁ");
  }
  assertEquals(charsmapNormalizer(base64(0, 0, 0, 0), "file")("ﬁ"), "ﬁ"); // an empty trie
  const wild = base64(4, 0, 0, 0, 255, 255, 255, 127); // a trie that points past its end
  assertEquals(charsmapNormalizer(wild, "file")("aﬁ"), "aﬁ");
});

Deno.test("charsmapNormalizer() refuses what is no map", () => {
  const rows: [unknown, string][] = [
    [7, "7"],
    ["?", "no base64"],
    [base64(1, 2), "2 bytes with a trie of Infinity"],
    [base64(255, 255, 255, 255), "4 bytes with a trie of 4294967295"],
    [base64(3, 0, 0, 0, 1, 2, 3), "7 bytes with a trie of 3"],
  ];
  for (const [map, found] of rows) {
    const error = assertThrows(() => charsmapNormalizer(map, "file"), Mistake);
    assertEquals(
      error.message,
      `Cannot read file: normalizer.precompiled_charsmap is ${found}, expected what sentencepiece compiled`,
    );
  }
});
