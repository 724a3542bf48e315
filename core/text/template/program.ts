// A template's source as a program, within bounds that Jinja's own reader does not keep.
import { parse, tokenize } from "@huggingface/jinja";
import { Mistake, type MistakeParts } from "../../base/mistake.ts";
import { oneLine } from "./render_mistake.ts";
import { markTokens } from "./tokens.ts";

const LONGEST_SPACE = 1024;

/** A template that has been read. */
export type Program = ReturnType<typeof parse>;

/**
 * A template's source as a program.
 *
 * @param most Characters that it may have.
 * @throws {Mistake} If it is longer, or no template that transformers would read.
 */
export function compileTemplate(source: unknown, most: number, name: string): Program {
  if (typeof source !== "string") {
    throw cannotRead(name, {
      found: `it is a ${typeof source}`,
      expected: "Jinja source",
    });
  }
  if (source.length > most) {
    throw cannotRead(name, {
      found: `it is ${source.length} characters long`,
      expected: `at most ${most}`,
      fix: "Raise the budget if you trust it",
    });
  }
  const space = source.match(/\s+/g)?.reduce((n, run) => Math.max(n, run.length), 0) ?? 0;
  if (space > LONGEST_SPACE) { // 0.5 looks for generation tags with a pattern that is quadratic in them
    throw cannotRead(name, {
      found: `it has ${space} blanks in a row`,
      expected: `at most ${LONGEST_SPACE}`,
    });
  }
  const lines = source.replace(/\r\n?/g, "\n"); // as Jinja reads a template
  try {
    return parse(markTokens(tokenize(lines, { trim_blocks: true, lstrip_blocks: true })));
  } catch (cause) {
    throw cannotRead(name, {
      found: parseMistake(cause),
      expected: "a Jinja template that transformers reads",
    }, { cause });
  }
}

function parseMistake(cause: unknown): string {
  if (cause instanceof RangeError) return "it is nested too deep";
  if (cause instanceof TypeError) return "it ends within a tag or a block"; // 0.5 looks past its last token
  return oneLine(cause);
}

function cannotRead(
  name: string,
  parts: Omit<MistakeParts, "verb" | "thing">,
  options?: ErrorOptions,
): Mistake {
  return new Mistake("model", { verb: "read", thing: name, ...parts }, options);
}
