// The regular expressions that tokenizers bring, read as trees: JavaScript's syntax with the flag u.
import { Mistake } from "../../base/mistake.ts";

/** A part of a pattern. */
export type PatternNode =
  | { readonly kind: "character"; readonly source: string; readonly flags: string }
  | { readonly kind: "sequence"; readonly parts: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly options: readonly PatternNode[] }
  | {
    readonly kind: "repeat";
    readonly body: PatternNode;
    readonly least: number;
    readonly most: number;
    readonly greedy: boolean;
    readonly source: string;
  }
  | {
    readonly kind: "look";
    readonly body: PatternNode;
    readonly behind: boolean;
    readonly negative: boolean;
  }
  | {
    readonly kind: "edge";
    readonly edge: "start" | "end" | "word" | "no word";
    readonly lines: boolean;
  };

const DEEPEST = 200;

/** A pattern that is none, or one whose meaning hangs on what it has matched. */
export class PatternError extends Mistake {
  override readonly name = "PatternError";

  /** @param found What it has. */
  constructor(found: string) {
    super("file", { verb: "read", thing: "the pattern", found });
  }
}

/**
 * Reads a pattern.
 *
 * @param source A regular expression that JavaScript takes with the flag u.
 * @throws {PatternError} Where it refers to a group, is nested without end, or is malformed.
 */
export function parsePattern(source: string): PatternNode {
  return new Reader(source).whole();
}

class Reader {
  #at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): PatternNode {
    const node = this.#choice("", 0);
    if (this.#at < this.#text.length) throw new PatternError("a bracket that closes nothing");
    return node;
  }

  #choice(flags: string, depth: number): PatternNode {
    if (depth > DEEPEST) throw new PatternError(`groups nested more than ${DEEPEST} deep`);
    const options: PatternNode[] = [];
    let parts: PatternNode[] = [];
    const end = () => options.push(parts.length === 1 ? parts[0] : { kind: "sequence", parts });
    for (;;) {
      const c = this.#text[this.#at];
      if (c === undefined || c === ")") break;
      if (c === "|") {
        this.#at++;
        end();
        parts = [];
      } else {
        parts.push(this.#repeated(flags, depth));
      }
    }
    end();
    return options.length === 1 ? options[0] : { kind: "choice", options };
  }

  #repeated(flags: string, depth: number): PatternNode {
    const start = this.#at;
    const body = this.#part(flags, depth);
    const found = this.#take(/(?:[*+?]|\{(\d+)(,?)(\d*)\})(\??)/y);
    if (found === undefined) return body;
    const [sign, count, comma, limit, lazy] = found;
    const least = count === undefined ? (sign[0] === "+" ? 1 : 0) : Number(count);
    const most = count === undefined
      ? (sign[0] === "?" ? 1 : Infinity)
      : comma === ""
      ? least
      : limit === ""
      ? Infinity
      : Number(limit);
    const source = this.#text.slice(start, this.#at);
    return { kind: "repeat", body, least, most, greedy: lazy === "", source };
  }

  #part(flags: string, depth: number): PatternNode {
    const opening = this.#take(
      /\((?:\?(?::|(<?)([=!])|<[^>=!]+>|([ims]*)(?:-([ims]+))?:))?/y,
    );
    if (opening !== undefined) {
      const [, behind, look, on = "", off = ""] = opening;
      const kept = [...flags].filter((flag) => !on.includes(flag) && !off.includes(flag));
      const body = this.#choice([...kept, ...on].join(""), depth + 1);
      if (this.#text[this.#at++] !== ")") throw new PatternError("a group that does not end");
      if (look === undefined) return body;
      return { kind: "look", body, behind: behind === "<", negative: look === "!" };
    }
    const lines = flags.includes("m");
    if (this.#take(/\^/y)) return { kind: "edge", edge: "start", lines };
    if (this.#take(/\$/y)) return { kind: "edge", edge: "end", lines };
    const word = this.#take(/\\[bB]/y);
    if (word) return { kind: "edge", edge: word[0] === "\\b" ? "word" : "no word", lines };
    if (this.#take(/\\(?:[1-9]|k<)/y)) throw new PatternError("a group that it refers to");
    const character = this.#take(
      /\[(?:[^\]\\]|\\[^])*\]|\\(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x[0-9a-fA-F]{2}|c[a-zA-Z]|[^])|[^\\[]/uy,
    );
    if (character === undefined) throw new PatternError("an end where a character should be");
    return { kind: "character", source: character[0], flags: flags.replace("m", "") };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
}
