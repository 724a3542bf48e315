// Repetitions one after another that take the same character, `\s*\s*x`: where what follows fails, every way to share the
// text out between them is tried, which takes n² or more steps from each place of a text of n characters.
import { patternOf } from "./normalizer_steps.ts";

/** One element of a pattern: what it may match, and how often. */
interface Element {
  readonly source: string;
  /** Alternatives of a group. */
  readonly group?: readonly (readonly Element[])[];
  /** Looks, and takes nothing. */
  readonly looks: boolean;
  readonly least: number;
  readonly most: number;
}

const FEW = 8; // repetitions that are as good as without end
const DEEPEST = 50;
/** One or more of every class of characters that tokenizers tell apart. */
const SAMPLES = Array.from(
  "aAzZ019 \t\n\r'\"-_.,!?$+/\\(<|#@^`~é\u0301ªʰǅ中のア한ع१²Ⅷ\u00a0\u3000\u0085\ufeff\u200d▁。€©😀",
);

/** The part of a pattern in which two repetitions share a character and may then fail, undefined if there is none. */
export function chainOf(pattern: string): string | undefined {
  const reader = new Reader(pattern);
  const alternatives = reader.alternatives(0);
  if (reader.broken) return undefined; // left to whoever compiles it
  return SAMPLES.values().map((c) => found(alternatives, c)).find((risk) => risk !== undefined);
}

function found(alternatives: readonly (readonly Element[])[], c: string): string | undefined {
  for (const elements of alternatives) {
    let count = 0;
    let start = 0;
    for (let i = 0; i < elements.length; i++) {
      const element = elements[i];
      const inner = element.group && found(element.group, c);
      if (inner !== undefined) return inner;
      const passes = !element.looks && passable(element, c);
      if (passes && count === 0) start = i;
      count += passes ? repetitions(element, c) : 0;
      if (passes || (element.least === 0 && !element.looks)) continue;
      if (count > 1) return elements.slice(start, i + 1).map(({ source }) => source).join("");
      if (!element.looks) count = 0;
    }
  }
  return undefined;
}

/** Whether nothing but `c` gets through it. */
function passable(element: Element, c: string): boolean {
  if (element.group === undefined) return takes(element.source, c);
  return element.group.some((elements) =>
    elements.length > 0 && elements.some((part) => !part.looks && passable(part, c)) &&
    elements.every((part) => part.looks || part.least === 0 || passable(part, c))
  );
}

/** How many repetitions of `c` without end stand in it, one after another. */
function repetitions(element: Element, c: string): number {
  const own = element.most > FEW ? 1 : 0;
  if (element.group === undefined) return own;
  const inner = element.group.map((elements) =>
    elements.reduce(
      (n, part) => n + (!part.looks && passable(part, c) ? repetitions(part, c) : 0),
      0,
    )
  );
  return Math.max(own, ...inner);
}

const compiled = new Map<string, RegExp | undefined>();

function takes(source: string, c: string): boolean {
  if (!compiled.has(source)) {
    let pattern: RegExp | undefined;
    try {
      pattern = new RegExp(patternOf({ Regex: `^(?:${atomOf(source)})$` }, "", "")!, "u");
    } catch { /* counted as any character */ }
    if (compiled.size > 10_000) compiled.clear();
    compiled.set(source, pattern);
  }
  return compiled.get(source)?.test(c) ?? true;
}

const COUNT = /(?:[*+?]|\{\d*,?\d*\})[?+]?$/;

/** An atom without what says how often. */
function atomOf(source: string): string {
  if (source.startsWith("[") || source.startsWith("\\") || source.length > 1) {
    const atom = source.replace(COUNT, "");
    return atom === "" || atom.endsWith("\\") && !atom.endsWith("\\\\") ? source : atom;
  }
  return source;
}

/** Reads a pattern, as far as its shape goes. */
class Reader {
  broken = false;
  #at = 0;
  constructor(readonly pattern: string) {}

  alternatives(depth: number): Element[][] {
    const all: Element[][] = [[]];
    if (depth > DEEPEST) this.broken = true;
    while (this.#at < this.pattern.length && !this.broken) {
      const c = this.pattern[this.#at];
      if (c === ")") {
        if (depth === 0) this.broken = true;
        return all;
      }
      if (c === "|") {
        this.#at++;
        all.push([]);
      } else {
        all.at(-1)!.push(this.#element(depth));
      }
    }
    if (depth > 0) this.broken = true;
    return all;
  }

  #element(depth: number): Element {
    const start = this.#at;
    let group: Element[][] | undefined;
    let looks = false;
    const rest = this.pattern.slice(start, start + 64);
    const opening = /^\((?:\?(?:[:>]|<?[=!]|[a-z-]+:|<\w+>|P<\w+>))?/.exec(rest)?.[0];
    if (opening !== undefined) {
      looks = /[=!]$/.test(opening);
      this.#at += opening.length;
      group = this.alternatives(depth + 1);
      this.#at++; // the bracket
    } else if (rest[0] === "[") {
      this.#class();
    } else {
      const escape = /^\\(?:[pPx]\{[^}]*\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[^])/.exec(rest)?.[0];
      looks = /^(?:[\^$]|\\[bBAzZG])$/.test(escape ?? rest[0]);
      this.#at += escape?.length ?? (rest.codePointAt(0)! > 0xffff ? 2 : 1);
    }
    const [least, most] = this.#count();
    return { source: this.pattern.slice(start, this.#at), group, looks, least, most };
  }

  #class(): void {
    let depth = 0;
    for (; this.#at < this.pattern.length; this.#at++) {
      const c = this.pattern[this.#at];
      if (c === "\\") this.#at++;
      else if (c === "[") depth++;
      else if (c === "]" && --depth === 0) break;
    }
    this.#at++;
  }

  #count(): [least: number, most: number] {
    const rest = this.pattern.slice(this.#at, this.#at + 32);
    const found = /^(?:([*+?])|\{(\d*)(,?)(\d*)\})[?+]?/.exec(rest);
    if (!found || found[0] === "{}") return [1, 1];
    this.#at += found[0].length;
    const [, sign, least, comma, most] = found;
    if (sign !== undefined) return [sign === "+" ? 1 : 0, sign === "?" ? 1 : Infinity];
    return [Number(least), comma === "" ? Number(least) : most === "" ? Infinity : Number(most)];
  }
}
