// JSON that gives back what was written: NaN and the infinities as the strings of those names, −0 as −0. A text that
// spells one of the names is written with an escape in it, so that no reader takes it for the number.

const NAMES: ReadonlyMap<string, number> = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/** The names as raw JSON text, for a first look at a whole line. */
const NAMED = /"(?:NaN|-?Infinity)"/;

/**
 * JSON text of a value, like `JSON.stringify`, that {@link exactParse} reads back to the same numbers.
 *
 * @example
 * ```ts
 * import { exactParse, exactStringify } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * assertEquals(exactStringify([NaN, -0, "NaN"]), '["NaN",-0,"\\u004eaN"]');
 * assertEquals(exactParse('["NaN",-0,"\\u004eaN"]'), [NaN, -0, "NaN"]);
 * ```
 *
 * @param value What JSON has a text for; what `JSON.stringify` leaves out, this leaves out.
 * @param indent Blanks a level; default none: one line.
 * @returns The text; undefined for what JSON has no text for.
 */
export function exactStringify(value: unknown, indent?: number): string | undefined {
  if (isPlain(value)) return JSON.stringify(value, null, indent);
  const marks: string[] = [];
  const mark = crypto.randomUUID(); // a text that the value cannot hold
  const text = JSON.stringify(value, (_, item) => {
    const raw = rawOf(item);
    return raw === undefined ? item : `${mark}${marks.push(raw) - 1}`;
  }, indent);
  return text?.replaceAll(new RegExp(`"${mark}(\\d+)"`, "g"), (_, i) => marks[Number(i)]);
}

/** What must stand in the text for a value that `JSON.stringify` would change; undefined for all others. */
function rawOf(value: unknown): string | undefined {
  if (typeof value === "number") {
    if (Object.is(value, -0)) return "-0";
    return Number.isFinite(value) ? undefined : `"${value}"`;
  }
  if (typeof value !== "string" || !NAMES.has(value)) return undefined;
  const [first] = value;
  return `"\\u${first.charCodeAt(0).toString(16).padStart(4, "0")}${value.slice(1)}"`;
}

/** Whether `JSON.stringify` keeps every number and no text needs an escape. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "string") return rawOf(value) === undefined;
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) return value.every(isPlain);
  if ("toJSON" in value) return false;
  return Object.values(value).every(isPlain);
}

/**
 * The value of a text that {@link exactStringify} wrote; any other JSON is read as `JSON.parse` does.
 *
 * @example
 * ```ts
 * import { exactParse } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * assertEquals(exactParse('{"loss":"NaN"}'), { loss: NaN });
 * ```
 *
 * @param text One JSON value.
 * @returns The value, with its numbers.
 * @throws {SyntaxError} If it is not JSON.
 */
export function exactParse(text: string): unknown {
  if (!NAMED.test(text)) return JSON.parse(text);
  const revive = (_: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "string" && context?.source === `"${value}"` && NAMES.has(value)
      ? NAMES.get(value)
      : value;
  return JSON.parse(text, revive);
}
