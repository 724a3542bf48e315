// JSON as Python's `json` writes it: NaN, Infinity and -Infinity stand where numbers do. They are read as what they are;
// whoever needs such a value says that it is none.
import type { Reviver } from "../../base/exact_number.ts";

/** A string, which may spell anything, or a word that JSON lacks. */
const WORD = /"(?:[^"\\]|\\.)*"|(?:-?\bInfinity\b|\bNaN\b)(?!\s*:)/gs;

/**
 * Parses JSON, with Python's words for what is no number.
 *
 * @param parse Reads what is JSON; default `JSON.parse`.
 * @throws {SyntaxError} If it is no such JSON.
 */
export function parsePythonJson(
  text: string,
  parse: (json: string, revive?: Reviver) => unknown = JSON.parse,
): { value: unknown; json: string } {
  try {
    return { value: parse(text), json: text };
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
  }
  let mark = "\ue0f3";
  while (text.includes(mark)) mark += "\ue0f3";
  const json = text.replace(
    WORD,
    (word) => word.startsWith('"') ? word : JSON.stringify(mark + word),
  );
  const numbers = new Map([NaN, Infinity, -Infinity].map((value) => [mark + value, value]));
  const value = parse(json, (_key, value) => numbers.get(value as string) ?? value);
  return { value, json };
}
