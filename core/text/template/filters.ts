// Jinja's filters as Python's Jinja has them, over the values of @huggingface/jinja, charged for before they are applied.
import { formatPercent } from "./format.ts";
import { jsonText } from "./json.ts";
import { make } from "./make.ts";
import { pairsOf } from "./methods.ts";
import { capitalized, joined, linesOf, replaced } from "./text_methods.ts";
import { LIST_FILTERS } from "./list_filters.ts";
import { type Filter, type FilterArguments, flag, integer, truthy } from "./filter_arguments.ts";
import type { TemplateMeter } from "./meter.ts";
import { numberOf } from "./numbers.ts";
import {
  isContainer,
  isText,
  itemsOf,
  kindOf,
  pythonText,
  stripText,
  type TemplateValue,
} from "./values.ts";

const ofText = (change: (text: string) => string): Filter => (value) =>
  make.text(change(pythonText(value)));

/** Parts after blanks, hyphens and opening brackets begin large. */
function titled(text: string): string {
  return text.split(/([-\s({[<]+)/).map(capitalized).join("");
}

const ESCAPED: Record<string, string> = {
  ...{ "&": "&amp;", "<": "&lt;", ">": "&gt;" },
  ...{ "'": "&#39;", '"': "&#34;" },
};

const escaped = ofText((text) => text.replace(/[&<>'"]/g, (c) => ESCAPED[c]));

function reversed(value: TemplateValue): TemplateValue {
  if (isText(value)) return make.text(Array.from(value.value).reverse().join(""));
  return make.list(itemsOf(value).toReversed());
}

const length: Filter = (value) => {
  if (isText(value)) return make.integer(Array.from(value.value).length);
  if (value.type === "UndefinedValue") return make.integer(0);
  if (!isContainer(value)) throw new Error(`it wants the length of ${kindOf(value)}`);
  return make.integer(value.value instanceof Map ? value.value.size : value.value.length);
};

const otherwise: Filter = (value, { at }) => {
  const [fallback, boolean] = at("default_value", "boolean");
  const gone = value.type === "UndefinedValue" || (flag(boolean) && !truthy(value));
  return gone ? fallback ?? make.text("") : value;
};

/** Python's `int(text, base)`, then `int(float(text))`. */
function parsedInteger(text: string, base: number): number | undefined {
  const clean = stripText(text, "strip").toLowerCase().replace(/(?<=[0-9a-z])_(?=[0-9a-z])/g, "");
  const [, sign, prefix, digits] = /^([+-]?)(0[xob])?([0-9a-z]+)$/.exec(clean) ?? [];
  const bases: Record<string, number> = { "0x": 16, "0o": 8, "0b": 2 };
  if (digits !== undefined && (prefix === undefined || bases[prefix] === base)) {
    const allowed = "0123456789abcdefghijklmnopqrstuvwxyz".slice(0, base);
    if ([...digits].every((c) => allowed.includes(c))) {
      return (sign === "-" ? -1 : 1) * parseInt(digits, base);
    }
  }
  const float = parsedFloat(text);
  return float === undefined || !Number.isFinite(float) ? undefined : Math.trunc(float);
}

function parsedFloat(text: string): number | undefined {
  const clean = stripText(text, "strip");
  if (/^[+-]?inf(inity)?$/i.test(clean)) return clean.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(clean)) return NaN;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean) ? Number(clean) : undefined;
}

const toInteger: Filter = (value, { at }) => {
  const [fallback = make.integer(0), base] = at("default", "base");
  if (isText(value)) {
    const parsed = parsedInteger(value.value, integer(base, 10));
    return parsed === undefined ? fallback : make.integer(parsed);
  }
  if (value.type === "IntegerValue") return value;
  const number = Number(value.value);
  if (value.type === "FloatValue" && Math.abs(number) === Infinity) {
    throw new Error("it makes an integer of a number without end");
  }
  const fits = ["number", "boolean"].includes(typeof value.value) && Number.isFinite(number);
  return fits ? make.integer(BigInt(Math.trunc(number))) : fallback;
};

const toFloat: Filter = (value, { at }) => {
  const [fallback = make.float(0)] = at("default");
  if (isText(value)) {
    const parsed = parsedFloat(value.value);
    return parsed === undefined ? fallback : make.float(parsed);
  }
  const number = numberOf(value);
  return number === undefined ? fallback : make.float(Number(number));
};

const rounded: Filter = (value, { at }) => {
  const [places, how] = at("precision", "method");
  const number = value.type === "BooleanValue" ? undefined : numberOf(value);
  if (number === undefined) throw new Error(`it rounds ${kindOf(value)}`);
  const [x, n] = [Number(number), integer(places, 0)];
  const by = 10 ** n;
  const method = how === undefined ? "common" : pythonText(how);
  if (method === "ceil") return make.float(Math.ceil(x * by) / by);
  if (method === "floor") return make.float(Math.floor(x * by) / by);
  if (method !== "common") throw new Error(`it rounds by the method ${method}`);
  if (value.type === "IntegerValue" && n >= 0) return value;
  if (n < 0 || n > 15) throw new Error(`it rounds to ${n} places`);
  const below = Math.floor(x * by);
  const tie = x * by - below === 0.5 && Number.isInteger(x * 2 ** 20); // exactly between, to the even one
  return make.float(tie ? (below + (below % 2 === 0 ? 0 : 1)) / by : Number(x.toFixed(n)));
};

const indented: Filter = (value, { at, meter }) => {
  const [width, first, blank] = at("width", "first", "blank");
  const by = width && isText(width) ? width.value : indentOf(integer(width, 4), meter);
  const lines = linesOf(pythonText(value) + "\n");
  meter.checkLength(lines.length * by.length);
  const text = lines
    .map((line, i) => i > 0 && (flag(blank) || line !== "") ? by + line : line)
    .join("\n");
  return make.text(flag(first) ? by + text : text);
};

function indentOf(width: number, meter: TemplateMeter): string {
  meter.checkLength(width);
  return " ".repeat(Math.max(0, width));
}

const truncated: Filter = (value, { at }) => {
  const [most, killWords, mark, slack] = at("length", "killwords", "end", "leeway");
  const text = Array.from(pythonText(value));
  const [n, end] = [integer(most, 255), mark === undefined ? "..." : pythonText(mark)];
  const room = n - Array.from(end).length;
  if (room < 0) throw new Error(`it truncates to ${n} characters with an end of more`);
  if (text.length <= n + integer(slack, 5)) return make.text(text.join(""));
  const cut = text.slice(0, room).join("");
  const space = cut.lastIndexOf(" ");
  return make.text((flag(killWords) || space < 0 ? cut : cut.slice(0, space)) + end);
};

const centred: Filter = (value, { at, meter }) => {
  const text = pythonText(value);
  const width = integer(at("width")[0], 80);
  meter.checkLength(width);
  const missing = Math.max(0, width - Array.from(text).length);
  const left = (missing >> 1) + (missing & width & 1);
  return make.text(" ".repeat(left) + text + " ".repeat(missing - left));
};

const FILTERS: Readonly<Record<string, Filter>> = {
  ...LIST_FILTERS,
  abs(value) {
    const x = value.type === "BooleanValue" ? undefined : numberOf(value);
    if (x === undefined) throw new Error(`it wants the size of ${kindOf(value)}`);
    if (typeof x === "bigint") return make.integer(x < 0n ? -x : x);
    return value.type === "FloatValue" ? make.float(Math.abs(x)) : make.integer(Math.abs(x));
  },
  capitalize: ofText(capitalized),
  center: centred,
  count: length,
  d: otherwise,
  default: otherwise,
  e: escaped,
  escape: escaped,
  float: toFloat,
  forceescape: escaped,
  format: (value, { args, named, meter }) =>
    make.text(formatPercent(pythonText(value), args, named, meter)),
  indent: indented,
  int: toInteger,
  items(value) {
    if (value.type === "UndefinedValue") return make.list([]);
    if (value.type !== "ObjectValue") throw new Error(`it wants the items of ${kindOf(value)}`);
    return make.list(pairsOf(value.value as Map<string, TemplateValue>));
  },
  join(value, { at, meter, attributeOf }) {
    const [between, attribute] = at("d", "attribute");
    const parts = itemsOf(value).map((item) => pythonText(attributeOf(item, attribute)));
    return make.text(joined(parts, between === undefined ? "" : pythonText(between), meter));
  },
  length,
  lower: ofText((text) => text.toLowerCase()),
  replace(value, { at, meter }) {
    const [from, to, count] = at("old", "new", "count");
    if (from === undefined || to === undefined) throw new Error("replace wants two texts");
    const most = count === undefined || count.type === "NullValue" ? -1 : integer(count, -1);
    const texts = [value, from, to].map(pythonText) as [string, string, string];
    return make.text(replaced(...texts, most, meter));
  },
  reverse: reversed,
  round: rounded,
  safe: (value) => value,
  string: ofText((text) => text),
  title: ofText(titled),
  tojson: (value, args) => make.text(jsonText(value, args)),
  trim: (value, { at }) => {
    const [characters] = at("chars");
    return make.text(stripText(pythonText(value), "strip", characters?.value));
  },
  truncate: truncated,
  upper: ofText((text) => text.toUpperCase()),
  urlencode: ofText((text) =>
    encodeURIComponent(text).replace(/[!'()*]|%2F/g, (c) => {
      return c === "%2F" ? "/" : "%" + c.charCodeAt(0).toString(16).toUpperCase();
    })
  ),
  wordcount: (value) => make.integer(pythonText(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
};

/** Whether there is a filter of a name. */
export function isFilter(name: string): boolean {
  return Object.hasOwn(FILTERS, name);
}

/** `value | name(args)`. */
export function applyFilter(
  value: TemplateValue,
  name: string,
  args: FilterArguments,
): TemplateValue {
  if (!isFilter(name)) throw new Error(`Unknown filter: ${name}`);
  const size = isContainer(value)
    ? value.value instanceof Map ? value.value.size : value.value.length
    : isText(value)
    ? value.value.length >> 4
    : 0;
  args.meter.charge(CHEAP.has(name) ? 0 : size * (SORTS.has(name) ? 16 : 1));
  return FILTERS[name](value, args);
}

const CHEAP = new Set("length count default d safe".split(" ")); // do not go through what they are given
const SORTS = new Set("sort dictsort groupby unique".split(" "));
