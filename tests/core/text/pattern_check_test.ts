// Patterns of real tokenizers pass, patterns that can take for ever do not.
import { assertEquals, assertThrows } from "@std/assert";
import { PRE_TOKENIZERS } from "../../../core/io/gguf/pre_tokenizers.ts";
import { riskOf } from "../../../core/text/pattern_check.ts";
import { checkTokenizerJson } from "../../../core/text/tokenizer_json.ts";

Deno.test("riskOf() finds nothing in the patterns of real tokenizers", () => {
  const patterns = [
    ...Object.values(PRE_TOKENIZERS).flatMap(({ splits }) => splits),
    "\\d{1,3}(?=(?:\\d{3})*\\b)", // digits in threes from the right
    "(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\s+(?!\\S)",
    "(?:(?!▁)[\\s\\S])*|a(?:b|c)?",
    "[(+*|]+|\\(a+\\)+",
    "(?:ab){2}(?:a|b){1,3}",
  ];
  for (const pattern of patterns) assertEquals(riskOf(pattern), undefined, pattern);
});

Deno.test("riskOf() names the group that repeats what matches in several ways", () => {
  const rows = [
    ["(\\w+\\s?)+$", "(\\w+\\s?)+"],
    ["x(?:a*)*y", "(?:a*)*"],
    ["(?:a|aa)+$", "(?:a|aa)+"],
    ["((a+)b?){9}", "((a+)b?){"],
    ["(?<n>a{1,2}){0,}", "(?<n>a{1,2}){"],
    ["([)]+[(])+", "([)]+[(])+"],
    ["((?:a+))+", "((?:a+))+"],
  ];
  for (const [pattern, wanted] of rows) assertEquals(riskOf(pattern), wanted, pattern);
  assertEquals(riskOf("a".repeat(20_000)), "a pattern of 20000 characters");
});

Deno.test("checkTokenizerJson() refuses such a pattern wherever it stands, and huge lists", () => {
  const model = { type: "BPE", vocab: { a: 0 }, merges: [] };
  const part = { type: "Split", pattern: { Regex: "(\\w+\\s?)+$" }, behavior: "Isolated" };
  const places = {
    normalizer: part,
    pre_tokenizer: { type: "Sequence", pretokenizers: [part] },
    decoder: { type: "Sequence", decoders: [part] },
  };
  for (const [place, value] of Object.entries(places)) {
    const error = assertThrows(() => checkTokenizerJson({ model, [place]: value }, "f"), TypeError);
    assertEquals(
      error.message,
      `Cannot read f: ${place} has the pattern "(\\\\w+\\\\s?)+$", expected none that can take for ` +
        'ever, as "(\\\\w+\\\\s?)+" can. Write it without a repeated group, or repetitions side by side',
    );
  }
  const many = new Array(2_000_001);
  for (const [field, more] of Object.entries({ merges: {}, vocab: { type: "Unigram" } })) {
    const error = assertThrows(
      () => checkTokenizerJson({ model: { ...model, ...more, [field]: many } }, "f"),
      RangeError,
    );
    assertEquals(
      error.message,
      `Cannot read f: model.${field} has 2000001 entries, expected at most 2000000`,
    );
  }
});
