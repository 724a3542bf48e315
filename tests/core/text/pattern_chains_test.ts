// Repetitions side by side are found where they share a character and can fail; real patterns have none.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { PRE_TOKENIZERS } from "../../../core/io/gguf/pre_tokenizers.ts";
import { chainOf } from "../../../core/text/pattern_chains.ts";
import { tokenizerFromJson } from "../../../core/text/tokenizer.ts";

Deno.test("chainOf() finds nothing in the patterns of real tokenizers", () => {
  const patterns = [
    ...Object.values(PRE_TOKENIZERS).flatMap(({ splits }) => splits),
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re)?|\\p{N}{1,3}",
    "\\d{1,3}(?=(?:\\d{3})*\\b)",
    "[一-龥\u3040-ゟ゠-ヿ]+|[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+",
    " {2,}|[▁]+|(?:▁[^▁]*)+",
  ];
  for (const pattern of patterns) assertEquals(chainOf(pattern), undefined, pattern);
});

Deno.test("chainOf() names the part in which repetitions share a character and may fail", () => {
  const rows = [
    ["\\s*\\s*\\s*x", "\\s*\\s*\\s*x"],
    ["a|[ab]+\\w*!", "[ab]+\\w*!"],
    ["\\s*(?:\\s*)y", "\\s*(?:\\s*)y"],
    ["\\p{L}+a?\\p{L}+$", "\\p{L}+a?\\p{L}+$"],
    [".*.*(?=x)", ".*.*(?=x)"],
    ["(?:a*a*|b)c", "(?:a*a*|b)c"],
    ["x(?:a+a+b)?", "a+a+b"],
    ["\\d{1,}\\d{9,20};", "\\d{1,}\\d{9,20};"],
  ];
  for (const [pattern, wanted] of rows) assertEquals(chainOf(pattern), wanted, pattern);
  for (const fine of ["a*b*c", "\\s*x\\s*y", "\\d{1,3}\\d{1,3}x", "a+a+", "(", "[", "a)"]) {
    assertEquals(chainOf(fine), undefined, fine);
  }
});

Deno.test("a pattern that is let through takes at most n² steps: 10,000 characters within 5 s", () => {
  const json = (pattern: string) => ({
    pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated" },
    model: { type: "BPE", vocab: { a: 0, " ": 1 }, merges: [] },
  });
  const rows = [["\\s+$", " "], ["a+b", "a"], ["\\d{1,3}(?=(?:\\d{3})*\\b)", "1"], [
    "\\s*[\\r\\n]+|\\s+(?!\\S)",
    " ",
  ]];
  for (const [pattern, c] of rows) {
    const tokenizer = tokenizerFromJson(json(pattern));
    const start = performance.now();
    tokenizer.encode(c.repeat(10_000) + "x");
    const ms = performance.now() - start;
    assert(ms < 5000, `${pattern}: ${ms} ms`);
  }
  assertThrows(
    () => tokenizerFromJson(json("\\s*\\s*x")),
    TypeError,
    "none that can take for ever",
  );
});
