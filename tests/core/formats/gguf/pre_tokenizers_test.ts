import { assertEquals } from "@std/assert";
import { PRE_TOKENIZERS } from "../../../../core/formats/gguf/pre_tokenizers.ts";
import { SplitPreTokenizer } from "@huggingface/tokenizers";

/** What the expressions leave of a text, one after another. */
function cut(name: string, text: string): string[] {
  return PRE_TOKENIZERS[name].splits.reduce((pieces, expression) => {
    const split = new SplitPreTokenizer({
      type: "Split",
      pattern: { Regex: expression },
      behavior: "Isolated",
      invert: false,
    });
    return pieces.flatMap((piece) => split.pre_tokenize_text(piece));
  }, [text]);
}

Deno.test("PRE_TOKENIZERS cut numbers as their models do", () => {
  const text = "in 12345";
  const cuts = ["gpt-2", "smollm", "qwen2", "llama-bpe", "tekken", "gpt-4o"].map((n) =>
    cut(n, text)
  );
  assertEquals(cuts, [
    ["in", " 12345"],
    ["in", " ", "1", "2", "3", "4", "5"],
    ["in", " ", "1", "2", "3", "4", "5"],
    ["in", " ", "123", "45"],
    ["in", " ", "1", "2", "3", "4", "5"],
    ["in", " ", "123", "45"],
  ]);
});

Deno.test("PRE_TOKENIZERS cut endings, cases and line breaks as their models do", () => {
  const text = "It'S HTTPServer..\n\n  x";
  assertEquals(cut("gpt-2", text), ["It", "'", "S", " HTTPServer", "..", "\n\n ", " x"]);
  assertEquals(cut("llama-bpe", text), ["It", "'S", " HTTPServer", "..\n\n", " ", " x"]);
  assertEquals(cut("tekken", text), ["It", "'S", " HTTPServer", "..\n\n", " ", " x"]);
  assertEquals(cut("gpt-4o", text), ["It'S", " HTTPServer", "..\n\n", " ", " x"]);
});

Deno.test("PRE_TOKENIZERS say who composes text, takes words whole and begins with BOS", () => {
  const told = Object.entries(PRE_TOKENIZERS).map(([name, { nfc, ignoreMerges, addBos }]) =>
    `${name} ${nfc ? "nfc" : "-"} ${ignoreMerges ? "whole" : "-"} ${addBos ? "bos" : "-"}`
  );
  for (
    const line of [
      "gpt-2 - - -",
      "olmo nfc - -",
      "qwen2 nfc - -",
      "llama-bpe - whole bos",
      "smaug-bpe - whole -",
      "dbrx - - -",
      "tekken - whole bos",
      "gpt-4o - - -",
      "smollm - - -",
    ]
  ) assertEquals(told.includes(line), true, line);
});
