// What goes wrong before a file's own format begins: an empty download, a Git LFS pointer, a web page, text
// that is not UTF-8 or not JSON, a key that stands twice. One line each, for people.
import { CONFIG_BOUNDS, type JsonBounds, refuseHugeJson } from "./json_bounds.ts";
import { cannotRead } from "./mistake.ts";
import { isObject, quote, show } from "./quote.ts";

const LFS = "version https://git-lfs.github.com/spec/";

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
