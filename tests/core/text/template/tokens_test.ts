// Tests with a value become filters, brackets before a comparison are kept.
import { assertEquals } from "@std/assert";
import { tokenize } from "@huggingface/jinja";
import { BRACKETS, markTokens, NOT_TEST, TEST } from "../../../../core/text/template/tokens.ts";

const marked = (source: string) =>
  markTokens(tokenize(`{{ ${source} }}`)).slice(1, -1).map(({ value }) => value).join(" ");

Deno.test("markTokens() writes a test with a value as a filter", () => {
  const rows = [
    ["a is divisibleby 3", `a | ${TEST}divisibleby ( 3 )`],
    ["a is not divisibleby(3)", `a | ${NOT_TEST}divisibleby ( 3 )`],
    ["a is in b.c[0] and d", `a | ${TEST}in ( b . c [ 0 ] ) and d`],
    ["a is eq f(x)(y)", `a | ${TEST}eq ( f ( x ) ( y ) )`],
    ["[a is gt [1, 2], b]", `[ a | ${TEST}gt ( [ 1 , 2 ] ) , b ]`],
    ["a is defined and a.is", "a is defined and a . is"],
  ];
  for (const [source, wanted] of rows) assertEquals(marked(source), wanted);
});

Deno.test("markTokens() keeps brackets before a comparison apart from a chain", () => {
  assertEquals(marked("(a == b) != c"), `( a == b ) | ${BRACKETS} != c`);
  assertEquals(marked("(a) not in c"), `( a ) | ${BRACKETS} not in c`);
  assertEquals(marked("(a).b == c"), "( a ) . b == c");
  const loop = tokenize("{% for a, (b, c) in d %}");
  assertEquals(markTokens(loop), loop);
});
