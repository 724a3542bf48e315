// What goes wrong before a file's own format begins: an empty download, a Git LFS pointer, a web page, text
// that is not UTF-8 or not JSON, a key that stands twice. One line each, for people.

import { withoutSecrets } from "./secrets.ts";
import { CONFIG_BOUNDS, type JsonBounds, refuseHugeJson } from "./json_bounds.ts";
import { cannotRead } from "./mistake.ts";

const LFS = "version https://git-lfs.github.com/spec/";

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

/** Throws a Mistake for an empty file, a Git LFS pointer or an HTML page. */
export function refuseWrongDownload(bytes: Uint8Array, name: string, wanted: string): void {
  if (bytes.length === 0) {
    throw cannotRead(name, {
      found: "the file is empty",
      expected: wanted,
      fix: "Fetch the file again",
    });
  }
  const start = new TextDecoder().decode(bytes.slice(0, 64));
  if (start.startsWith(LFS)) {
    throw cannotRead(name, {
      found: "the file is a Git LFS pointer",
      expected: wanted,
      fix: "Run `git lfs pull` in its folder",
    });
  }
  if (/^\s*<(!doctype\s+html|html|head|\?xml)/i.test(start)) {
    throw cannotRead(name, {
      found: "the file is a web page",
      expected: wanted,
      fix: "Check the address and whether it asks for a login",
    });
  }
}

/** A JSON object from UTF-8 bytes within `bounds`; `part` names it in errors ("the header", "the file"). */
export function parseJsonObject(
  bytes: Uint8Array,
  name: string,
  part: string,
  bounds: JsonBounds = CONFIG_BOUNDS,
): Record<string, unknown> {
  refuseHugeJson(bytes, name, part, bounds);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.slice());
  } catch {
    throw cannotRead(name, { found: `${part} is not UTF-8`, expected: "a JSON object" });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw cannotRead(name, { found: `${part} is not JSON`, expected: "a JSON object" });
  }
  if (!isObject(value)) {
    throw cannotRead(name, { found: `${part} is ${show(value)}`, expected: "a JSON object" });
  }
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw cannotRead(name, {
      found: `${part} has the key ${quote(twice)} twice`,
      expected: "each key once",
    });
  }
  return value;
}

/** Whether a JSON value is an object (not null, not an array). */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first key that stands twice in one object of valid JSON text, which `JSON.parse` hides. */
export function duplicateKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // a set of keys for an object, undefined for an array
  let atKey = false; // whether the next string, in an object, is a key
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '"') {
      let end = i + 1;
      while (json[end] !== '"') end += json[end] === "\\" ? 2 : 1;
      const keys = open[open.length - 1];
      if (atKey && keys) {
        const key: string = JSON.parse(json.slice(i, end + 1));
        if (keys.has(key)) return key;
        keys.add(key);
        atKey = false;
      }
      i = end;
    } else if (c === "{" || c === "[") {
      open.push(c === "{" ? new Set() : undefined);
      atKey = true;
    } else if (c === "}" || c === "]") {
      open.pop();
    } else if (c === ",") {
      atKey = true;
    }
  }
  return undefined;
}
