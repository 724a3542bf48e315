// Lines that end between words: of a text that is whole, and of one that comes piece by piece.
import { unicodeWidth } from "@std/cli";

/**
 * Breaks lines that are longer than a terminal's at spaces; what follows stands under the line's own beginning.
 *
 * @param width Places of a line; a longer word has lines of its own.
 */
export function wrapText(text: string, width: number): string {
  if (text.length <= width && !text.includes("\n") && /^[ -~]*$/.test(text)) return text;
  return text.split("\n").map((line) => unicodeWidth(line) <= width ? line : wrapLine(line, width))
    .join("\n");
}

function wrapLine(line: string, width: number): string {
  const own = /^ */.exec(line)![0];
  const indent = own.length < width / 2 ? own : "  "; // far in there is no room for words
  let [out, at] = [indent, indent.length];
  let isFirst = true;
  for (const [, blanks, word] of line.slice(own.length).matchAll(/( *)([^ ]+|$)/g)) {
    const wide = unicodeWidth(word);
    if (isFirst || at + blanks.length + wide <= width) {
      out += blanks + word;
      at += blanks.length + wide;
    } else if (word !== "") {
      out += `\n${indent}${word}`;
      at = indent.length + wide;
    }
    isFirst = false;
  }
  return out;
}

/** A text that comes piece by piece: a word is shown once it is whole, on a line that has room for it. */
export class WordFlow {
  #word = "";
  #at = 0;

  /** @param columns Places of a line, as they are now. */
  constructor(readonly columns: () => number) {}

  /** Takes a piece; returns what can be shown. */
  push(piece: string): string {
    const columns = this.columns();
    let out = "";
    for (const c of piece) {
      if (c === "\n") {
        out += `${this.#shown(columns)}\n`;
        this.#at = 0;
      } else if (c === " " || c === "\t") {
        out += this.#shown(columns);
        const wide = c === " " ? 1 : 8 - this.#at % 8;
        const fits = this.#at + wide < columns; // where it does not, the line's end is the space
        out += fits ? c : "\n";
        this.#at = fits ? this.#at + wide : 0;
      } else {
        const isWide = unicodeWidth(c) === 2; // between such a line may end anywhere
        if (isWide) out += this.#shown(columns);
        this.#word += c;
        if (isWide || this.#word.length >= 4 * columns) out += this.#shown(columns);
      }
    }
    return out;
  }

  /** Whatever is left; the next piece begins a line. */
  end(): string {
    const out = this.#shown(this.columns());
    this.#at = 0;
    return out;
  }

  #shown(columns: number): string {
    const word = this.#word;
    if (word === "") return "";
    this.#word = "";
    const wide = unicodeWidth(word);
    const breaks = this.#at > 0 && this.#at + wide > columns;
    this.#at = (breaks ? 0 : this.#at) + wide;
    if (this.#at > columns) this.#at %= columns;
    return breaks ? `\n${word}` : word;
  }
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word has its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((word) => word !== "")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  if (line !== "" || lines.length === 0) lines.push(line);
  return lines;
}
