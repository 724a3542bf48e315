// Names and values of strangers in a line for people: quoted, short, and without secrets.
import { withoutSecrets } from "./secrets.ts";

const LONGEST = 80;
/** Characters of a name that are looked at; what a message shows is among them. */
const FAR = 10_000;

/** A name from a file, quoted for a one-line message: control characters escaped, at most 80 characters. */
export function quote(text: string): string {
  const said = withoutSecrets(text.length > FAR ? text.slice(0, FAR) : text);
  return escape(said.length > LONGEST ? said.slice(0, LONGEST - 1) + "…" : said);
}

/** A name from a file as it stands, without quotes: control characters escaped, at most 80 characters. */
export function bare(text: string): string {
  return quote(text).slice(1, -1);
}

/** Any JSON value on one line, at most 80 characters; strings are quoted. Values of any size and depth are fine. */
export function show(value: unknown): string {
  if (typeof value === "string") return quote(value);
  const text = start(value);
  return text.length > LONGEST ? text.slice(0, LONGEST - 1) + "…" : text;
}

/** As `JSON.stringify`, but it stops once the text is longer than a message shows: so deep it goes, and no deeper. */
function start(value: unknown): string {
  let text = "";
  const isLong = () => text.length > LONGEST;
  const write = (part: unknown): void => {
    if (typeof part === "string") {
      text += escape(withoutSecrets(part.slice(0, FAR)).slice(0, LONGEST + 1));
    } else if (Array.isArray(part)) {
      text += "[";
      for (let i = 0; i < part.length && !isLong(); i++) {
        if (i > 0) text += ",";
        write(part[i]);
      }
      text += "]";
    } else if (isObject(part)) {
      text += "{";
      let isFirst = true;
      for (const key in part) {
        if (isLong()) break;
        if (part[key] === undefined) continue;
        text += `${isFirst ? "" : ","}${escape(key.slice(0, LONGEST + 1))}:`;
        isFirst = false;
        write(part[key]);
      }
      text += "}";
    } else text += String(part);
  };
  write(value);
  return text;
}

function escape(text: string): string {
  return escapeControls(JSON.stringify(text));
}

/** JSON text with those control characters escaped that JSON may have as they are: a terminal obeys them. */
export function escapeControls(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
  );
}

/** A shape as it is read: `[2, 3]`. */
export function showShape(shape: readonly number[]): string {
  const text = `[${shape.join(", ")}]`;
  return text.length > 80 ? text.slice(0, 79) + "…" : text;
}

/** Whether a JSON value is an object (not null, not an array). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
