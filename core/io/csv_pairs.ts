// Offline preference pairs from a CSV file: a header line, then prompt, chosen, rejected. A row that cannot be
// learnt from is refused with its line, because a pair that is dropped in silence is a wrong experiment.
import { parse } from "@std/csv";
import { quote } from "./mistakes.ts";

/** A preference between two completions of one prompt, as text. */
export interface TextPair {
  /** What both completions continue. */
  readonly prompt: string;
  /** The preferred completion. */
  readonly chosen: string;
  /** The other. */
  readonly rejected: string;
  /** Line of the file at which the row begins, from 1. */
  readonly line: number;
}

const COLUMNS = ["prompt", "chosen", "rejected"] as const;

/**
 * Reads preference pairs from CSV text with the columns prompt, chosen and rejected, in any order; others are
 * passed over. Fields in double quotes may hold commas, quotes ("") and line breaks.
 *
 * @example
 * ```ts
 * import { parseCsvPairs } from "@leash/bpo/io";
 * import { assertEquals } from "@std/assert";
 * const pairs = parseCsvPairs('prompt,chosen,rejected\n"Hi, you",hello,go away\n', "pairs.csv");
 * assertEquals(pairs, [{ prompt: "Hi, you", chosen: "hello", rejected: "go away", line: 2 }]);
 * ```
 *
 * @param text The file's text.
 * @param name What to call the file in errors.
 * @returns One pair a row.
 * @throws {TypeError} If the text is not CSV, a column is missing or twice, or a row has too few or too many
 * fields, an empty one, or the same text as chosen and rejected; the message has the line.
 */
export function parseCsvPairs(text: string, name: string): TextPair[] {
  const body = text.startsWith("\ufeff") ? text.slice(1) : text;
  let rows: string[][];
  try {
    rows = parse(body);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/\s*\n\s*/g, ", ") : String(cause);
    throw new TypeError(`Cannot read ${name}: it is not CSV (${why}), expected CSV with a header`, {
      cause,
    });
  }
  if (rows.length === 0) {
    throw new TypeError(
      `Cannot read ${name}: it is empty, expected the columns ${COLUMNS.join(", ")}`,
    );
  }
  const lines = recordLines(body);
  const header = rows[0].map((column) => column.trim());
  const places = COLUMNS.map((column) => {
    const place = header.indexOf(column);
    if (place < 0 || header.indexOf(column, place + 1) >= 0) {
      throw new TypeError(
        `Cannot read ${name}: column ${quote(column)} is ${
          place < 0 ? "missing" : "there twice"
        } ` +
          `in ${quote(header.join(","))}, expected ${COLUMNS.join(", ")} once each`,
      );
    }
    return place;
  });
  return rows.slice(1).map((row, i) => {
    const line = lines[i + 1];
    if (row.length !== header.length) {
      throw new TypeError(
        `Cannot read ${name}: line ${line} has ${row.length} fields, expected ${header.length}`,
      );
    }
    const [prompt, chosen, rejected] = places.map((place) => row[place]);
    COLUMNS.forEach((column, c) => {
      if (row[places[c]].trim() === "") {
        throw new TypeError(`Cannot read ${name}: line ${line} ${column} is empty, expected text`);
      }
    });
    if (chosen === rejected) {
      throw new TypeError(
        `Cannot read ${name}: line ${line} chosen is the same as rejected, expected a preference`,
      );
    }
    return { prompt, chosen, rejected, line };
  });
}

/**
 * Reads preference pairs from a CSV file.
 *
 * @example
 * ```ts
 * import { readCsvPairs } from "@leash/bpo/io";
 * import { assertEquals } from "@std/assert";
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "prompt,chosen,rejected\nHi,hello,go away\n");
 * assertEquals((await readCsvPairs(path)).length, 1);
 * await Deno.remove(path);
 * ```
 *
 * @param path The file.
 * @returns One pair a row.
 * @throws {TypeError} As `parseCsvPairs`, or if there is no such file.
 */
export async function readCsvPairs(path: string): Promise<TextPair[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new TypeError(`Cannot read ${path}: there is no such file, expected a CSV file`);
  }
  return parseCsvPairs(text, path);
}

/** The line at which each record of valid CSV begins; empty lines hold none. */
function recordLines(text: string): number[] {
  const begins: number[] = [];
  let inQuotes = false;
  text.split(/\r?\n/).forEach((line, i) => {
    if (!inQuotes && line !== "") begins.push(i + 1);
    for (const character of line) if (character === '"') inQuotes = !inQuotes;
  });
  return begins;
}
