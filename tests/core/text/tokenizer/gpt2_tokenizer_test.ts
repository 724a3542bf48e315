// vocab.json and merges.txt make the tokenizer that they describe, and broken merges are named by line.
import { assertEquals, assertThrows } from "@std/assert";
import { gpt2TokenizerJson } from "../../../../core/text/tokenizer/gpt2_tokenizer.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const VOCAB = { h: 0, i: 1, hi: 2, "Ġ": 3, "Ġhi": 4, "<|endoftext|>": 5, "#version": 6 };
const make = (merges: string) =>
  gpt2TokenizerJson(VOCAB, new TextEncoder().encode(merges), "m/merges.txt");

Deno.test("gpt2TokenizerJson() reads merges in order, with or without a version line and Windows line ends", () => {
  for (const merges of ["#version: 0.2\nh i\nĠ hi\n", "h i\nĠ hi", "h i\r\nĠ hi\r\n"]) {
    const tokenizer = tokenizerFromJson(make(merges), { eos: "<|endoftext|>" });
    assertEquals(tokenizer.encode("hi hi<|endoftext|>"), [2, 4, 5]);
    assertEquals(tokenizer.eosId, 5);
  }
});

Deno.test("gpt2TokenizerJson() names the line that is broken", () => {
  const rows: [string, string][] = [
    ["h i\nh", 'line 2 is "h", expected two tokens and a space'],
    ["h i i", 'line 1 is "h i i", expected two tokens and a space'],
    ["h  i", 'line 1 is "h  i", expected two tokens and a space'],
    ["h z", 'line 1 names "z", expected tokens of vocab.json'],
    ["i h", 'line 1 names "ih", expected tokens of vocab.json'],
  ];
  for (const [merges, message] of rows) {
    assertThrows(() => make(merges), Mistake, `Cannot read m/merges.txt: ${message}`);
  }
  const bad = Uint8Array.of(0x68, 0x20, 0xff);
  assertThrows(() => gpt2TokenizerJson(VOCAB, bad, "m/merges.txt"), Mistake, "it is not UTF-8");
});
