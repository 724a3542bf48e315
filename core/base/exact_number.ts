// Numbers of JSON as Python reads them: 1.0 is a float and stays one, an integer has no end. JavaScript's numbers lose
// both, so where a template may print them they are kept as they are written.

/** Digits that Python's int() takes from text. */
const MOST_DIGITS = 4300;

/**
 * A JSON number that JavaScript's would print otherwise than Python: a float without a fraction, or an integer past 2⁵³. In
 * arithmetic it is the nearest number; JSON writes it as it was read.
 */
export class ExactNumber extends Number {
  readonly #text: string;

  /**
   * Keeps a number as it is written.
   *
   * @param text As JSON has it: `1.0`, `9007199254740993`.
   */
  constructor(text: string) {
    super(text);
    this.#text = text;
  }

  /** As it was written. */
  get text(): string {
    return this.#text;
  }

  /** As an integer; undefined for a float. */
  get integer(): bigint | undefined {
    return isInteger(this.#text) ? BigInt(this.#text) : undefined;
  }

  /** For `JSON.stringify`, which then writes the text. */
  toJSON(): unknown {
    return rawJson(this.#text) ?? this.valueOf();
  }
}

/** The second argument of `JSON.parse`. */
export type Reviver = (key: string, value: unknown) => unknown;

const isInteger = (text: string) => /^-?\d+$/.test(text);

const { rawJSON } = JSON as unknown as { rawJSON?: (text: string) => unknown };

function rawJson(text: string): unknown {
  return rawJSON?.(text);
}

/** A number of JSON: JavaScript's where it prints as Python's would, else exact. */
function readNumber(value: number, text: string): number | ExactNumber {
  if (isInteger(text)) {
    if (Number.isSafeInteger(value) || text.length > MOST_DIGITS) return value === 0 ? 0 : value;
    return new ExactNumber(text);
  }
  return Number.isInteger(value) ? new ExactNumber(text) : value;
}

/**
 * What may be a number that needs care, within text or outside: a whole one with a fraction or an exponent, one whose
 * fraction f64 may round away, one of many digits, −0. Plain fractions (log-probs!) are not among them: JSON.parse
 * reads those twice as fast.
 */
const SUSPECT =
  /\d(?:\.(?:0+(?!\d)|0{12}|9{12})|(?:\.\d+)?[eE])|\d{4}\.|(?<![.\d])\d{16}|-0(?![.\d])/;

/**
 * As `JSON.parse`, but numbers that Python would print otherwise are {@linkcode ExactNumber}s.
 *
 * @example
 * ```ts
 * import { chatTemplate, parseExact } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tools = parseExact('[{"most": 1.0, "id": 9007199254740993}]') as unknown[];
 * const text = chatTemplate("{{ tools | tojson }}").render([], { tools });
 * assertEquals(text, '[{"most": 1.0, "id": 9007199254740993}]');
 * ```
 *
 * @param text JSON.
 * @param revive As `JSON.parse` takes it, for all but numbers.
 * @throws {SyntaxError} If it is not JSON.
 */
export function parseExact(text: string, revive?: Reviver): unknown {
  if (!SUSPECT.test(text)) return JSON.parse(text, revive);
  const exact = (key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === "number" && context?.source !== undefined
      ? readNumber(value, context.source)
      : revive
      ? revive(key, value)
      : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}

/**
 * JSON that holds rows: numbers are exact in columns of objects, such as messages and tools, which a template prints;
 * elsewhere, as in a column of scores, they are plain.
 *
 * @param text One row, or many in `rows`.
 * @param rows The rows in what was parsed; each is changed in place.
 * @throws {SyntaxError} If it is not JSON.
 */
export function parseRows(
  text: string,
  rows: (parsed: unknown) => readonly unknown[],
  revive?: Reviver,
): unknown {
  const nested = text.includes("{", text.indexOf("{") + 1);
  const parsed = nested ? parseExact(text, revive) : JSON.parse(text, revive);
  if (!nested || !SUSPECT.test(text)) return parsed;
  for (const row of rows(parsed)) if (typeof row === "object" && row !== null) settleRow(row);
  return parsed;
}

/** A float without a fraction, as Python writes it. */
export function exactFloat(value: number): ExactNumber {
  const text = Object.is(value, -0) ? "-0" : String(value);
  return new ExactNumber(/[.e]/.test(text) ? text : `${text}.0`);
}

/** Makes numbers plain in the columns of a row that hold no objects. */
export function settleRow(row: object): void {
  const columns = row as Record<string, unknown>;
  for (const [key, value] of Object.entries(columns)) {
    if (hasObjects(value)) continue;
    const settled = plain(value);
    if (settled !== value) columns[key] = settled; // of lists too, which are copied
  }
}

/** Whether a column's value is an object or a list with some, to any depth of lists. */
function hasObjects(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasObjects);
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}

function plain(value: unknown): unknown {
  if (value instanceof ExactNumber) return value.valueOf();
  return Array.isArray(value) ? value.map(plain) : value;
}
