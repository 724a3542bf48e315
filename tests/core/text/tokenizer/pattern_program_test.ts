import { assertEquals, assertThrows } from "@std/assert";
import { compilePattern, Op } from "../../../../core/text/tokenizer/pattern_program.ts";
import { PatternError } from "../../../../core/text/tokenizer/pattern_syntax.ts";

Deno.test("compilePattern() makes one state of each part and one set of each class", () => {
  const { ops, splits, sets, start } = compilePattern("a+(?=[bc])|a");
  const count = (op: number) => ops.filter((found) => found === op).length;
  assertEquals([count(Op.take), count(Op.split), count(Op.look), count(Op.match)], [4, 2, 1, 1]);
  assertEquals([splits, sets.length, ops[start]], [2, 2, Op.split]);
  assertEquals(compilePattern("(?<=ab)").ops.includes(Op.takeBack), true);
});

Deno.test("compilePattern() refuses what may be repeated without taking anything, and what is too large", () => {
  for (
    const [source, message] of [
      ["(?:a?)*", "(?:a?)*, which repeats what may be empty"],
      ["x(?:a|b*)+y", "(?:a|b*)+, which repeats what may be empty"],
      ["(?:(?=a))?", "(?:(?=a))?, which repeats what may be empty"],
      ["(?:a{100}){100}", "more than 2000 parts"],
      ["a".repeat(20_000), "20000 characters"],
    ]
  ) assertEquals(assertThrows(() => compilePattern(source), PatternError).found, message);
  for (const fine of ["(?:a?b)*", "(?:a?){1}", "(?:){0}", "a{0}"]) compilePattern(fine);
});
