/** Mistakes in core/text: tokenizers, templates, rows. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const CORE_TEXT: readonly MistakeRow[] = [
  ["ofProcessor", "first: [...b.first, ...a.first]", "first: [...a.first, ...b.first]"],
  [
    "edgeTokens",
    "last: one(ids.eos, config.add_eos_token)",
    "last: one(ids.bos, config.add_eos_token)",
  ],
  [
    "ofTemplate",
    "return side === 1 ? { first: edges[0], last: edges[1] }",
    "return side === 1 ? { first: edges[1], last: edges[0] }",
  ],
  ["streamDecoder", 'text.endsWith("\\ufffd")', "false"],
  ["streamDecoder", "ids.length - given <= LONGEST_WAIT", "true"],
  ["linesOf", 'if (lines.at(-1) === "") lines.pop();', ""],
  ["splitBackwards", "parts.length <= limit", "parts.length <= limit + 1"],
  ["ofMapping", "map.get(key.value)) || otherwise", "map.get(key.value)) || make.none"],
  ["TESTS", "make.integer(2), meter) === 1", "make.integer(2), meter) === 0"],
  ["TESTS", '[["gt", "greaterthan", ">"], ">"]', '[["gt", "greaterthan", ">"], ">="]'],
  [
    "TESTS",
    "in: (value, [hay], meter) => contains(hay, value, meter)",
    "in: (value, [hay], meter) => !contains(hay, value, meter)",
  ],
  ["replaced", "(to.length - from.length)", "to.length * 0"],
  ["orderOf", "x < y ? -1 : x > y ? 1", "x < y ? 1 : x > y ? -1"],
  ["inIntegers", "(a % b !== 0n && (a < 0n) !== (b < 0n) ? 1n : 0n)", "0n"],
  ["readNumber", "Number.isInteger(value) ? new ExactNumber(text) : value", "value"],
  ["fitRow", "maxLength - Math.min(longest, maxCompletion)", "maxLength - longest"],
  ["fitRow", "maxLength - prompt.length", "maxLength - ids.prompt.length"],
  ["withOwnIds", "ids.hash !== await tokenizer.hash?.() ||", ""],
  ["templateDate", "&& !asksDate(source)", ""],
  [
    "withReasoning",
    "{ thinking: message[key], ...message,",
    "{ ...message, thinking: message[key],",
  ],
  ["toolsOf", "tools.length > 0 ? tools : undefined", "tools"],
  ["sameMessage", "keys.length === Object.keys(b).length &&", ""],
  ["editDistance", "a[i - 1] === b[j - 1] ? 0 : 1", "a[i - 1] === b[j - 1] ? 1 : 0"],
];
