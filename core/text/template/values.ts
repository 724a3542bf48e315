// Values of a chat template as Python prints, compares and cuts them; @huggingface/jinja 0.5 does it as JavaScript.
import type { Interpreter } from "@huggingface/jinja";
import { make } from "./make.ts";
import { numberOf, orderOf } from "./numbers.ts";

/** A value at run time: its kind in `type`, the JavaScript value (entries are values again) in `value`. */
export type TemplateValue = ReturnType<Interpreter["evaluate"]>;

/** A list, tuple, mapping or namespace. */
export type TemplateContainer = TemplateValue & {
  readonly value: TemplateValue[] | Map<string, TemplateValue>;
};

/** Whether a value has entries. */
export function isContainer(value: TemplateValue): value is TemplateContainer {
  return Array.isArray(value.value) || value.value instanceof Map;
}

/** Whether a value is a string. */
export function isText(value: TemplateValue): value is TemplateValue & { readonly value: string } {
  return value.type === "StringValue";
}

/** What to call a value in an error. */
export function kindOf(value: TemplateValue): string {
  return value.type.replace(/Value$/, "").toLowerCase();
}

/** What a loop goes through: entries, keys, characters; nothing in undefined. */
export function itemsOf(value: TemplateValue): TemplateValue[] {
  if (value.type === "UndefinedValue") return [];
  if (isText(value)) return Array.from(value.value, (c) => make.text(c));
  if (!isContainer(value)) throw new Error(`it goes through ${kindOf(value)}`);
  return value.value instanceof Map
    ? Array.from(value.value.keys(), (key) => make.text(key))
    : value.value;
}

/** What `{{ value }}` prints in Python: `True`, `None`, `['a']`; undefined prints nothing. */
export function pythonText(value: TemplateValue): string {
  return isText(value) ? value.value : value.type === "UndefinedValue" ? "" : quotedText(value);
}

/** Python's `repr`: text in quotes. */
export function quotedText(value: TemplateValue): string {
  if (isText(value)) return quoted(value.value);
  if (isContainer(value)) {
    if (value.value instanceof Map) {
      const entries = [...value.value].map(([key, entry]) => {
        return `${quoted(key)}: ${quotedText(entry)}`;
      });
      return `{${entries.join(", ")}}`;
    }
    const entries = value.value.map(quotedText);
    if (value.type !== "TupleValue") return `[${entries.join(", ")}]`;
    return entries.length === 1 ? `(${entries[0]},)` : `(${entries.join(", ")})`;
  }
  switch (value.type) {
    case "NullValue":
      return "None";
    case "UndefinedValue":
      return "Undefined";
    case "BooleanValue":
      return value.value ? "True" : "False";
    case "FunctionValue":
      throw new Error("it prints a function, expected a value: are the brackets of a call missing");
    case "FloatValue":
      return floatText(Number(value.value));
    case "IntegerValue":
      return Math.abs(Number(value.value)) < 1e21
        ? value.toString()
        : String(BigInt(numberOf(value)!));
    default:
      return value.toString();
  }
}

/** A float as Python prints it: `2.0`, `1e-07`, `1e+16`. */
export function floatText(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf";
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) {
    return x.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  const text = Object.is(x, -0) ? "-0" : String(x);
  return text.includes(".") ? text : text + ".0";
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inner = text.replace(/\\|[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu, (c) => {
    const code = c.codePointAt(0)!;
    const [mark, width] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return ESCAPES[c] ?? `\\${mark}${code.toString(16).padStart(width as number, "0")}`;
  });
  return quote + (quote === "'" ? inner.replaceAll("'", "\\'") : inner) + quote;
}

/** Python's `==`: numbers and booleans by value, lists and mappings by their entries, else one kind only. */
export function equal(a: TemplateValue, b: TemplateValue): boolean {
  if (a === b) return true;
  const [m, n] = [numberOf(a), numberOf(b)];
  if (m !== undefined && n !== undefined) return orderOf(m, n) === 0;
  if (isContainer(a) && isContainer(b)) {
    const [x, y] = [a.value, b.value];
    if (Array.isArray(x) && Array.isArray(y)) {
      return a.type === b.type && x.length === y.length &&
        x.every((entry, i) => equal(entry, y[i]));
    }
    if (x instanceof Map && y instanceof Map) {
      return x.size === y.size && [...x].every(([key, entry]) => {
        const other = y.get(key);
        return other !== undefined && equal(entry, other);
      });
    }
    return false;
  }
  return a.type === b.type && a.value === b.value;
}

// What Python's str.strip() takes for white space: unlike JavaScript's trim, U+001C–1F and U+0085, not U+FEFF.
// deno-lint-ignore no-control-regex
const SPACE = /[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** Python's `strip`, `lstrip`, `rstrip`; `characters` is the set to take away, default white space. */
export function stripText(
  text: string,
  side: "strip" | "lstrip" | "rstrip",
  characters?: unknown,
): string {
  const set = typeof characters === "string" ? new Set(characters) : undefined;
  const goes = (c: string) => set ? set.has(c) : SPACE.test(c);
  let start = 0;
  let end = text.length;
  if (side !== "rstrip") { while (start < end && goes(text[start])) start++; }
  if (side !== "lstrip") { while (end > start && goes(text[end - 1])) end--; }
  return text.slice(start, end);
}

/** Python's `split`; without a separator, at white space. */
export function splitText(text: string, separator: unknown, limit: unknown): string[] {
  if (separator !== undefined && separator !== null && typeof separator !== "string") {
    throw new Error("split() takes a string");
  }
  if (separator === "") throw new Error("split() is given an empty separator");
  const most = typeof limit === "number" && limit >= 0 ? limit : Infinity;
  const parts: string[] = [];
  let rest = separator ? text : stripText(text, "lstrip");
  while (parts.length < most && rest !== "") {
    const at = separator ? rest.indexOf(separator) : rest.search(SPACE);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + (separator ? separator.length : 0));
    if (!separator) rest = stripText(rest, "lstrip");
  }
  if (separator || rest !== "") parts.push(rest);
  return parts;
}

/** Python's `replace`; `count` below 0 means all. */
export function replaceText(text: string, from: string, to: string, count: number): string {
  if (count < 0) {
    return from === ""
      ? to + [...text].map((c) => c + to).join("")
      : text.replaceAll(from, () => to);
  }
  let left = count;
  if (from === "") {
    const inner = [...text].map((c) => c + (--left > 0 ? to : "")).join("");
    return count > 0 ? to + inner : text;
  }
  return text.replaceAll(from, () => left-- > 0 ? to : from);
}
