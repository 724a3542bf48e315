// Methods of texts as Python has them, charged to the meter before they are done.
import { make } from "./make.ts";
import type { TemplateMeter } from "./meter.ts";
import {
  isText,
  itemsOf,
  kindOf,
  replaceText,
  splitText,
  stripText,
  type TemplateValue,
} from "./values.ts";

type Args = readonly TemplateValue[];

type Method = (text: string, args: Args, meter: TemplateMeter) => TemplateValue;

function textArg(args: Args, i: number): string {
  const value = args[i];
  if (value !== undefined && isText(value)) return value.value;
  throw new Error(`a method of text is given ${value ? kindOf(value) : "nothing"}, expected text`);
}

function integerArg(value: TemplateValue | undefined): number | undefined {
  if (value === undefined || value.type === "NullValue") return undefined;
  if (value.type === "IntegerValue") return Number(value.value);
  throw new Error(`a method is given ${kindOf(value)}, expected an integer`);
}

/** Texts as values of a template. */
export const texts = (list: readonly string[]) => list.map((text) => make.text(text));

const points = (text: string): number => Array.from(text).length;

/** A part of a text between two indices, and where it starts in UTF-16 units; undefined where it starts past the end. */
function between(text: string, from?: TemplateValue, to?: TemplateValue) {
  const characters = Array.from(text);
  const n = characters.length;
  const at = (value: number | undefined, otherwise: number) =>
    value === undefined ? otherwise : Math.max(0, Math.min(n, value < 0 ? value + n : value));
  const start = integerArg(from) ?? 0;
  const [first, last] = [at(start, 0), at(integerArg(to), n)];
  if (start > n) return undefined;
  return { offset: first, text: characters.slice(first, Math.max(first, last)).join("") };
}

function search(last: boolean, fails: boolean): Method {
  return (text, args, meter) => {
    const wanted = textArg(args, 0);
    meter.chargeSearch(wanted, text);
    const part = between(text, args[1], args[2]);
    const at = part === undefined
      ? -1
      : last
      ? part.text.lastIndexOf(wanted)
      : part.text.indexOf(wanted);
    if (at < 0 && fails) throw new Error("it looks for the index of text that is not there");
    return make.integer(at < 0 ? -1 : part!.offset + points(part!.text.slice(0, at)));
  };
}

function edge(method: "startsWith" | "endsWith"): Method {
  return (text, args) => {
    const part = between(text, args[1], args[2]);
    const [wanted] = args;
    const all = wanted?.type === "TupleValue" ? itemsOf(wanted) : [wanted];
    return make.bool(all.some((_, i) => part?.text[method](textArg(all, i)) === true));
  };
}

/** Whether a text is not empty and all of it is of a kind. */
const every = (pattern: RegExp): Method => (text) => make.bool(pattern.test(text));

/** Whether some letter has a case, and every such the one that is asked for. */
const inCase = (other: RegExp): Method => (text) =>
  make.bool(/[\p{Lu}\p{Ll}\p{Lt}]/u.test(text) && !other.test(text));

function titled(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => {
    const [first, ...rest] = word;
    return first.toUpperCase() + rest.join("").toLowerCase();
  });
}

function parted(text: string, args: Args, at: (mark: string) => number): TemplateValue | undefined {
  const mark = textArg(args, 0);
  if (mark === "") throw new Error("it parts a text at nothing");
  const i = at(mark);
  return i < 0
    ? undefined
    : make.tuple(texts([text.slice(0, i), mark, text.slice(i + mark.length)]));
}

function justified(side: "left" | "right" | "center"): Method {
  return (text, args, meter) => {
    const width = integerArg(args[0]) ?? 0;
    const fill = args[1] === undefined ? " " : textArg(args, 1);
    if (points(fill) !== 1) throw new Error("it fills up with more than one character");
    meter.checkLength(width * fill.length);
    const missing = Math.max(0, width - points(text));
    // as Python does it: an odd one goes left where the width is odd
    const left = side === "right"
      ? missing
      : side === "left"
      ? 0
      : (missing >> 1) + (missing & width & 1);
    return make.text(fill.repeat(left) + text + fill.repeat(missing - left));
  };
}

// deno-lint-ignore no-control-regex
const ENDS = /\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/;

/** Python's `splitlines`: no empty line after the last end. */
export function linesOf(text: string): string[] {
  const lines = text.split(ENDS);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function splitBackwards(text: string, separator: string | undefined, limit: number): string[] {
  const parts = splitText(text, separator, -1);
  if (limit < 0 || parts.length <= limit) return parts; // Python keeps blanks before the rest
  const last = parts.slice(parts.length - limit);
  if (separator !== undefined) {
    return [parts.slice(0, -limit || undefined).join(separator), ...last];
  }
  let rest = stripText(text, "rstrip");
  for (const part of last.toReversed()) rest = stripText(rest.slice(0, -part.length), "rstrip");
  return [rest, ...last];
}

const optional = (args: Args, i: number): string | undefined =>
  args[i] === undefined || args[i].type === "NullValue" ? undefined : textArg(args, i);

const strips = (side: "strip" | "lstrip" | "rstrip"): Method => (text, args) =>
  make.text(stripText(text, side, optional(args, 0)));

const plain = (change: (text: string) => string): Method => (text) => make.text(change(text));

/** First letter large, the rest small. */
export function capitalized(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** Every method of a text, by its name. */
export const TEXT_METHODS: Readonly<Record<string, Method>> = {
  upper: plain((text) => text.toUpperCase()),
  lower: plain((text) => text.toLowerCase()),
  casefold: plain((text) => text.replaceAll("ß", "ss").toLowerCase()),
  capitalize: plain(capitalized),
  title: plain(titled),
  swapcase: plain((text) =>
    text.replace(/\p{L}/gu, (c) => c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())
  ),
  strip: strips("strip"),
  lstrip: strips("lstrip"),
  rstrip: strips("rstrip"),
  split(text, args, meter) {
    const separator = optional(args, 0);
    if (separator !== undefined) meter.chargeSearch(separator, text);
    return make.list(texts(splitText(text, separator, integerArg(args[1]) ?? -1)));
  },
  rsplit(text, args, meter) {
    const separator = optional(args, 0);
    if (separator !== undefined) meter.chargeSearch(separator, text);
    return make.list(texts(splitBackwards(text, separator, integerArg(args[1]) ?? -1)));
  },
  splitlines: (text) => make.list(texts(linesOf(text))),
  partition: (text, args, meter) => {
    meter.chargeSearch(textArg(args, 0), text);
    return parted(text, args, (mark) => text.indexOf(mark)) ?? make.tuple(texts([text, "", ""]));
  },
  rpartition: (text, args, meter) => {
    meter.chargeSearch(textArg(args, 0), text);
    return parted(text, args, (mark) => text.lastIndexOf(mark)) ??
      make.tuple(texts(["", "", text]));
  },
  replace: (text, args, meter) =>
    make.text(replaced(text, textArg(args, 0), textArg(args, 1), integerArg(args[2]) ?? -1, meter)),
  startswith: edge("startsWith"),
  endswith: edge("endsWith"),
  find: search(false, false),
  rfind: search(true, false),
  index: search(false, true),
  rindex: search(true, true),
  count(text, args, meter) {
    const wanted = textArg(args, 0);
    meter.chargeSearch(wanted, text);
    const part = between(text, args[1], args[2])?.text;
    if (part === undefined) return make.integer(0);
    return make.integer(wanted === "" ? points(part) + 1 : part.split(wanted).length - 1);
  },
  join(text, args, meter) {
    const parts = itemsOf(args[0] ?? make.none);
    return make.text(joined(parts.map((_, i) => textArg(parts, i)), text, meter));
  },
  isdigit: every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u),
  isdecimal: every(/^\p{Nd}+$/u),
  isnumeric: every(/^\p{N}+$/u),
  isalpha: every(/^\p{L}+$/u),
  isalnum: every(/^[\p{L}\p{N}]+$/u),
  isspace: (text) => make.bool(text !== "" && stripText(text, "strip") === ""),
  isupper: inCase(/[\p{Ll}\p{Lt}]/u),
  islower: inCase(/[\p{Lu}\p{Lt}]/u),
  istitle: (text) => make.bool(/\p{L}/u.test(text) && titled(text) === text),
  removeprefix(text, args) {
    const prefix = textArg(args, 0);
    return make.text(text.startsWith(prefix) ? text.slice(prefix.length) : text);
  },
  removesuffix(text, args) {
    const suffix = textArg(args, 0);
    const ends = suffix !== "" && text.endsWith(suffix);
    return make.text(ends ? text.slice(0, -suffix.length) : text);
  },
  ljust: justified("left"),
  rjust: justified("right"),
  center: justified("center"),
  zfill(text, args, meter) {
    const width = integerArg(args[0]) ?? 0;
    meter.checkLength(width);
    const sign = /^[+-]/.exec(text)?.[0] ?? "";
    return make.text(sign + text.slice(sign.length).padStart(width - sign.length, "0"));
  },
};

/** Python's `replace`, charged for before it is done; `count` below 0 means all. */
export function replaced(
  text: string,
  from: string,
  to: string,
  count: number,
  meter: TemplateMeter,
): string {
  meter.chargeSearch(from, text);
  meter.checkLength((text.length / Math.max(from.length, 1)) * (to.length - from.length));
  return replaceText(text, from, to, count);
}

/** Texts with another between them. */
export function joined(parts: readonly string[], between: string, meter: TemplateMeter): string {
  meter.checkLength(parts.reduce((n, part) => n + part.length + between.length, 0));
  return parts.join(between);
}
