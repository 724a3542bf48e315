// The machine finds what JavaScript's own finds, and never in more steps than the text is long, times a constant.
import { assert, assertEquals } from "@std/assert";
import { PRE_TOKENIZERS } from "../../../../core/formats/gguf/pre_tokenizers.ts";
import { PatternMachine } from "../../../../core/text/tokenizer/pattern_machine.ts";
import { compilePattern } from "../../../../core/text/tokenizer/pattern_program.ts";
import { tokenizerFromJson } from "../../../../core/text/tokenizer/tokenizer.ts";
import { integers } from "../../../support/random.ts";

/** Those of real tokenizers, and DeepSeek's and digits in threes from the right. */
const REAL: readonly string[] = [
  ...new Set(Object.values(PRE_TOKENIZERS).flatMap(({ splits }) => splits)),
].map((source) => source.replaceAll("(?i:'s|'t|'re|'ve|'m|'ll|'d)", "(?:'[sS]|'[tT]|'[rR][eE])"))
  .concat([
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "\\d{1,3}(?=(?:\\d{3})*\\b)",
    " {2,}|[▁]+|(?:▁[^▁]*)+",
  ]);
/** Those that JavaScript's own machine takes a square, a cube or a power of two of the text's length for. */
const FORGED: readonly string[] = [
  "\\s+$",
  "\\s+(?=x)",
  "(a+)+$",
  "(?:a|aa)+$",
  "(\\w+\\s?)+$",
  "\\s*\\s*\\s*x",
  "(?:a*a*|b)c",
  ".*.*(?=x)",
  "x?(?=\\s*!)|(?<!\\s+)a",
  "(?<=a.*)b",
  "a(?!.*b)",
  "(?:(?:a+b?)+c?)+d",
];
const OTHERS: readonly string[] = [
  "(?<!\\w)a+(?!b)|.",
  "(?:(?!ab)[\\s\\S])+",
  "(|a)b|(?:a|ab)(?:c|bcd)*",
  "a{2,4}?b|a{0,3}",
  "\\b\\w+?\\b|\\B.",
  "^a|b$|(?m:^.|.$)",
  "(?<=(?:ab)+)c|[^]",
  "\\u{1f469}|\\x61\\n|(?<name>x)y?|\\cJ",
  "[\\]\\\\a-]+?|[^\\p{L}]{2}",
];
const LETTERS = Array.from("abcxyA  \n\r\t12'st!.é中𝒜👩\u0301\u00a0_");

Deno.test("PatternMachine.matches() finds what String.matchAll finds", () => {
  const numbers = integers(200_000, 5, 1 << 20);
  let next = 0;
  const draw = (below: number) => numbers[next++] % below;
  let matches = 0;
  for (const source of [...REAL, ...FORGED, ...OTHERS]) {
    const machine = new PatternMachine(compilePattern(source));
    const own = new RegExp(source, "gu");
    for (let i = 0; i < 60; i++) {
      const some = Array.from({ length: 1 + draw(6) }, () => LETTERS[draw(LETTERS.length)]);
      const text = Array.from({ length: draw(14) }, () => some[draw(some.length)]).join("");
      const wanted = Array.from(
        text.matchAll(own),
        ({ index, 0: { length } }) => [index, index + length],
      );
      assertEquals(machine.matches(text), wanted, `/${source}/ of ${JSON.stringify(text)}`);
      matches += wanted.length;
    }
  }
  assert(matches > 1000);
});

Deno.test("PatternMachine.matches() takes twice the steps for twice the text, whatever the pattern", () => {
  const steps = (machine: PatternMachine, text: string) => {
    machine.steps = 0;
    machine.matches(text);
    return machine.steps;
  };
  for (const source of [...REAL, ...FORGED, ...OTHERS]) {
    const machine = new PatternMachine(compilePattern(source));
    for (const unit of [" ", "\n", "a", "A", "1", "x", "!", "ab", "a ", "中"]) {
      for (const end of ["", "x", "!", "b"]) {
        const [once, twice] = [1000, 2000].map((n) =>
          steps(machine, unit.repeat(n / unit.length) + end)
        );
        assert(twice <= 2.05 * once + 100, `/${source}/ of ${unit}…${end}: ${once}, ${twice}`);
        assert(twice <= 80 * 2001, `/${source}/ of ${unit}…${end}: ${twice}`);
      }
    }
  }
});

Deno.test("a tokenizer with a pattern that looks to the end takes as long for 100,000 blanks as for 100,000 letters", () => {
  const pre_tokenizer = { type: "Split", pattern: { Regex: "\\s+$" }, behavior: "Isolated" };
  const model = { type: "BPE", vocab: { a: 0, " ": 1, x: 2, "  ": 3 }, merges: [[" ", " "]] };
  const normalizer = { type: "Replace", pattern: { Regex: "\\s+$" }, content: "" };
  const tokenizer = tokenizerFromJson({ pre_tokenizer, model });
  assertEquals(tokenizer.encode(" ".repeat(100_000) + "x").length, 50_001);
  assertEquals(tokenizer.encode("a  "), [0, 3]);
  const stripping = tokenizerFromJson({ normalizer, model });
  assertEquals(stripping.encode("a" + " ".repeat(100_000)), [0]);
});

Deno.test("PatternMachine.matches() refuses a text for which it has no room", () => {
  const machine = new PatternMachine(compilePattern(`(?:${"a?".repeat(900)})`));
  const text = { length: 2 ** 22 } as string; // as long, without its memory
  let message = "";
  try {
    machine.matches(text);
  } catch (error) {
    message = (error as Error).message;
  }
  assertEquals(
    message,
    "Cannot match a text: it has 4194304 characters, expected fewer for a pattern with 900 ways to go. " +
      "Cut the text into pieces",
  );
});
