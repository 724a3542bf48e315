// A pattern of strangers, in time that grows with the text and no faster.
import { PatternMachine } from "./pattern_machine.ts";
import { compilePattern } from "./pattern_program.ts";

/** Where a pattern matches. */
export interface TextPattern {
  /** All matches, one after another: where each begins and ends, in UTF-16 units. */
  matches(text: string): readonly (readonly [start: number, end: number])[];
}

/**
 * A regular expression, whatever its text.
 *
 * @param source As JavaScript takes it with the flag u.
 * @throws {PatternError} If it refers to a group, repeats what may be empty, or is too large.
 */
export function regexPattern(source: string): TextPattern {
  return new PatternMachine(compilePattern(source));
}

/** A text as it is. */
export function plainPattern(wanted: string): TextPattern {
  return {
    matches(text) {
      const found: [number, number][] = [];
      for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
        found.push([at, at + wanted.length]);
      }
      return found;
    },
  };
}

/** The text with something in the place of every match. */
export function replaceMatches(text: string, pattern: TextPattern, content: string): string {
  let out = "", from = 0;
  for (const [start, end] of pattern.matches(text)) {
    out += text.slice(from, start) + content;
    from = end;
  }
  return from === 0 && out === "" ? text : out + text.slice(from);
}
