import { assertEquals, assertThrows } from "@std/assert";
import {
  parsePattern,
  PatternError,
  type PatternNode,
} from "../../../../core/text/tokenizer/pattern_syntax.ts";

/** A tree as one reads it. */
function shown(node: PatternNode): string {
  switch (node.kind) {
    case "character":
      return node.source + (node.flags && `/${node.flags}`);
    case "sequence":
      return `(${node.parts.map(shown).join(" ")})`;
    case "choice":
      return `(${node.options.map(shown).join(" | ")})`;
    case "repeat":
      return `${shown(node.body)}{${node.least},${node.most}${node.greedy ? "" : " lazy"}}`;
    case "look":
      return `${node.negative ? "no " : ""}${node.behind ? "behind" : "ahead"}:${shown(node.body)}`;
    case "edge":
      return `<${node.edge}${node.lines ? " of line" : ""}>`;
  }
}

Deno.test("parsePattern() reads the syntax of JavaScript", () => {
  const rows: readonly (readonly [source: string, wanted: string])[] = [
    ["ab|c", "((a b) | c)"],
    ["", "()"],
    ["a|", "(a | ())"],
    ["a*b+?c?", "(a{0,Infinity} b{1,Infinity lazy} c{0,1})"],
    ["a{2}b{2,}c{2,3}?", "(a{2,2} b{2,Infinity} c{2,3 lazy})"],
    ["(a)(?:b)(?<n>c)", "(a b c)"],
    ["(?=a)(?!b)(?<=c)(?<!d)", "(ahead:a no ahead:b behind:c no behind:d)"],
    ["^a$|\\b\\B", "((<start> a <end>) | (<word> <no word>))"],
    ["(?i:a(?-i:b))(?ms:^.)", "((a/i b) (<start of line> ./s))"],
    [
      "[a\\]b][^]\\p{L}\\u{1f469}\\u0061\\x61\\n.",
      "([a\\]b] [^] \\p{L} \\u{1f469} \\u0061 \\x61 \\n .)",
    ],
    ["\\ud83d\\udc69👩", "(\\ud83d\\udc69 👩)"],
  ];
  for (const [source, wanted] of rows) {
    new RegExp(source, "u");
    assertEquals(shown(parsePattern(source)), wanted, source);
  }
});

Deno.test("parsePattern() refuses what hangs on a match, is nested without end, or is none", () => {
  for (const source of ["(a)\\1", "(?<n>a)\\k<n>", "(".repeat(300), "(a", "a)", "\\", "[a"]) {
    assertThrows(() => parsePattern(source), PatternError);
  }
});
