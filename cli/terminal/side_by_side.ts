// Several answers to one question as columns of a terminal, or one below the other where there is no room.
import { unicodeWidth } from "@std/cli";
import { wrap } from "./word_wrap.ts";

/** Fewest places of a column. */
const NARROW = 28;

/**
 * Lays texts out beside each other under their labels.
 *
 * @param width Places of a line.
 */
export function sideBySide(
  labels: readonly string[],
  texts: readonly string[],
  width: number,
): string[] {
  const gap = " │ ";
  const column = Math.floor((width - gap.length * (texts.length - 1)) / texts.length);
  if (texts.length === 1) return texts[0].split("\n");
  if (column < NARROW) {
    return texts.flatMap((text, i) => [`[${labels[i]}]`, ...text.split("\n"), ""]).slice(0, -1);
  }
  const columns = texts.map((text, i) => [
    `[${cut(labels[i], column - 2)}]`,
    ...text.split("\n").flatMap((line) => wrapWide(line, column)),
  ]);
  const rows = Math.max(...columns.map(({ length }) => length));
  return Array.from(
    { length: rows },
    (_, row) => columns.map((lines) => padded(lines[row] ?? "", column)).join(gap).trimEnd(),
  );
}

/** Breaks at spaces, and words that are too long wherever they must; `width` counts places, of which 中 takes two. */
export function wrapWide(line: string, width: number): string[] {
  return wrap(line, width).flatMap((part) => {
    const pieces: string[] = [];
    let piece = "";
    for (const char of part) {
      if (unicodeWidth(piece + char) > width) {
        pieces.push(piece);
        piece = "";
      }
      piece += char;
    }
    return [...pieces, piece];
  });
}

/** The end of a label, where a path says most. */
function cut(label: string, width: number): string {
  return label.length <= width ? label : `…${label.slice(1 - width)}`;
}

/** A text that fills so many places of a terminal. */
export function padded(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - unicodeWidth(text)));
}
