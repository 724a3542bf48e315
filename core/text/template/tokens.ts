// What the parser of @huggingface/jinja 0.5 would lose, as filters that nobody can write: tests that compare with
// something, `x is divisibleby 3`, and brackets that part `(a == b) == c` from Python's chain `a == b == c`.
import type { tokenize } from "@huggingface/jinja";
import { TESTS_OF_TWO } from "./operators.ts";

type Token = ReturnType<typeof tokenize>[number];

/** Before the name of the test in the name of such a filter. */
export const TEST = "is:";
/** What is in brackets before a comparison: the value as it is. */
export const BRACKETS = "()";
/** The same, negated. */
export const NOT_TEST = "is not:";

const OPENS = new Set(["OpenParen", "OpenSquareBracket", "OpenCurlyBracket"]);
const CLOSES = new Set(["CloseParen", "CloseSquareBracket", "CloseCurlyBracket"]);

/** The tokens, `is [not] test value` written as `| test(value)` and `(a) ==` as `(a) | brackets ==`. */
export function markTokens(tokens: readonly Token[]): Token[] {
  const out: Token[] = [];
  let naming = false; // whether the variables of a loop are read, before its `in`
  const ends = new Set<number>(); // before which tokens a bracket closes
  const word = (i: number): string | undefined =>
    tokens[i]?.type === "Identifier" ? tokens[i].value : undefined;
  for (let i = 0; i < tokens.length; i++) {
    if (ends.has(i)) out.push({ value: ")", type: "CloseParen" });
    const negate = word(i + 1) === "not";
    const at = i + (negate ? 2 : 1); // of the name
    const name = word(at);
    const follows = name !== undefined && TESTS_OF_TWO.has(name) && word(i) === "is" &&
      tokens[i - 1]?.type !== "Dot" && tokens[at + 1] !== undefined;
    if (!follows) {
      out.push(tokens[i]);
      if (tokens[i].type === "OpenStatement") naming = word(i + 1) === "for";
      else if (word(i) === "in") naming = false;
      const compares = tokens[i + 1]?.type === "ComparisonBinaryOperator" ||
        word(i + 1) === "in" || word(i + 1) === "not" && word(i + 2) === "in";
      if (tokens[i].type === "CloseParen" && compares && !naming) {
        out.push({ value: "|", type: "Pipe" }, { value: BRACKETS, type: "Identifier" });
      }
      continue;
    }
    out.push({ value: "|", type: "Pipe" });
    out.push({ value: (negate ? NOT_TEST : TEST) + name, type: "Identifier" });
    i = at; // the name
    if (tokens[at + 1].type === "OpenParen") continue;
    out.push({ value: "(", type: "OpenParen" });
    ends.add(endOfValue(tokens, at + 1));
  }
  if (ends.has(tokens.length)) out.push({ value: ")", type: "CloseParen" });
  return out;
}

/** Where a value ends that starts at `start`: a word, a number or brackets, with what is looked up in it. */
function endOfValue(tokens: readonly Token[], start: number): number {
  let i = afterBrackets(tokens, start);
  for (;;) {
    const type = tokens[i]?.type;
    if (type === "Dot") i += 2;
    else if (type === "OpenSquareBracket" || type === "OpenParen") i = afterBrackets(tokens, i);
    else return i;
  }
}

function afterBrackets(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i++) {
    if (OPENS.has(tokens[i].type)) depth++;
    if (CLOSES.has(tokens[i].type)) depth--;
    if (depth <= 0) return i + 1;
  }
  return tokens.length;
}
