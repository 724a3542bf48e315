// Python's two ways to put values into a text: "%s" % x, and "{}".format(x).
import type { TemplateMeter } from "./meter.ts";
import { numberOf, type PythonNumber } from "./numbers.ts";
import { kindOf, pythonText, quotedText, type TemplateValue } from "./values.ts";

type Values = readonly TemplateValue[];
type Named = ReadonlyMap<string, TemplateValue>;

const PERCENT = /%(?:\((\w*)\))?([-+ 0#]*)(\d{0,7})(?:\.(\d{0,3}))?(.)?/gsu;

/** Python's `format % values`, or with `%(name)s` of `named`. */
export function formatPercent(
  format: string,
  values: Values,
  named: Named,
  meter: TemplateMeter,
): string {
  meter.charge(format.length >> 4);
  let next = 0;
  let length = format.length;
  let usesNames = false;
  const text = format.replace(PERCENT, (all, name, flags, width, precision, kind) => {
    if (all === "%%") return "%";
    usesNames ||= name !== undefined;
    const value = name === undefined ? values[next++] : named.get(name);
    if (value === undefined) throw new Error("the format wants more values than it is given");
    const part = spelt(value, kind, precision === undefined ? undefined : Number(precision), flags);
    const fill = flags.includes("0") && !flags.includes("-") && "dixXofFeE".includes(kind)
      ? "0"
      : " ";
    length += Math.max(part.length, Number(width));
    meter.checkLength(length);
    return padded(part, Number(width), flags.includes("-") ? "<" : fill === "0" ? "=" : ">", fill);
  });
  if (!usesNames && next < values.length && named.size === 0) {
    throw new Error("the format is given more values than it wants");
  }
  return text;
}

function spelt(
  value: TemplateValue,
  kind: string,
  precision: number | undefined,
  flags: string,
): string {
  if (kind === "s") return pythonText(value).slice(0, precision);
  if (kind === "r") return quotedText(value).slice(0, precision);
  const x = numberOf(value);
  if (x === undefined) throw new Error(`%${kind} of ${kindOf(value)}`);
  const sign = x < 0 ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  return sign + digits(sizeOf(x), kind, precision);
}

function sizeOf(x: PythonNumber): PythonNumber {
  return typeof x === "bigint" ? (x < 0n ? -x : x) : Math.abs(x);
}

function digits(exact: PythonNumber, kind: string, precision = 6): string {
  const x = Number(exact);
  switch (kind) {
    case "d":
    case "i":
    case "u":
      return String(typeof exact === "bigint" ? exact : BigInt(Math.trunc(x)));
    case "x":
      return whole(exact).toString(16);
    case "X":
      return whole(exact).toString(16).toUpperCase();
    case "o":
      return whole(exact).toString(8);
    case "b":
      return whole(exact).toString(2);
    case "f":
    case "F":
      if (x >= 1e21) throw new Error("the format is given a number past 1e21");
      return x.toFixed(Math.min(precision, 100));
    case "%":
      return (100 * x).toFixed(Math.min(precision, 100)) + "%";
    case "e":
    case "E": {
      const text = x.toExponential(Math.min(precision, 100)).replace(/e([+-])(\d)$/, "e$10$2");
      return kind === "E" ? text.toUpperCase() : text;
    }
    default:
      throw new Error(`the format has the kind ${kind}`);
  }
}

function whole(x: PythonNumber): PythonNumber {
  if (typeof x === "bigint" || Number.isInteger(x)) return x;
  throw new Error("the format wants an integer");
}

/** `=` puts the filling between the sign and the digits. */
function padded(text: string, width: number, align: string, fill: string): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  switch (align) {
    case "<":
      return text + fill.repeat(missing);
    case "^": {
      const left = missing >> 1;
      return fill.repeat(left) + text + fill.repeat(missing - left);
    }
    case "=": {
      const sign = /^[-+ ]/.exec(text)?.[0] ?? "";
      return sign + fill.repeat(missing) + text.slice(sign.length);
    }
    default:
      return fill.repeat(missing) + text;
  }
}

const BRACES = /\{\{|\}\}|\{(\w*)(?:!([rs]))?(?::([^{}]*))?\}|[{}]/g;
const SPEC = /^(?:(.)?([<>=^]))?([+ -])?(0)?(\d{0,7})(,)?(?:\.(\d{1,3}))?([a-zA-Z%])?$/u;

/** Python's `format.format(*values, **named)`, without attributes and nested fields. */
export function formatBraces(
  format: string,
  values: Values,
  named: Named,
  meter: TemplateMeter,
): string {
  meter.charge(format.length >> 4);
  let next = 0;
  let length = format.length;
  return format.replace(BRACES, (all, field, conversion, spec) => {
    if (all === "{{" || all === "}}") return all[0];
    if (field === undefined) {
      throw new Error("the format has a brace alone, or a field that is no plain name");
    }
    const value = /^\d*$/.test(field)
      ? values[field === "" ? next++ : Number(field)]
      : named.get(field);
    if (value === undefined) throw new Error("the format wants more values than it is given");
    const part = conversion === "r" ? quotedText(value) : specified(value, spec ?? "", meter);
    length += part.length;
    meter.checkLength(length);
    return part;
  });
}

function specified(value: TemplateValue, spec: string, meter: TemplateMeter): string {
  if (spec === "") return pythonText(value);
  const [all, fill, align, sign = "", zero, width, comma, precision, kind] = SPEC.exec(spec) ?? [];
  if (all === undefined) throw new Error(`the format has the field ${spec}`);
  meter.checkLength(Number(width));
  const x = value.type === "BooleanValue" ? undefined : numberOf(value);
  const isNumber = x !== undefined;
  let text: string;
  if (!isNumber) {
    if (kind !== undefined && kind !== "s" || comma) {
      throw new Error(`the field ${spec} of ${kindOf(value)}`);
    }
    text = Array.from(pythonText(value)).slice(0, precision && Number(precision) || undefined).join(
      "",
    );
  } else {
    const plain = kind === undefined && precision === undefined;
    if (kind === "d" && value.type !== "IntegerValue") {
      throw new Error("the format wants an integer");
    }
    if (kind === undefined && precision !== undefined || kind === "s") {
      throw new Error(`the field ${spec} of a number`);
    }
    text = plain
      ? pythonText(value).replace("-", "")
      : digits(sizeOf(x), kind!, precision === undefined ? undefined : Number(precision));
    if (comma) text = text.replace(/^\d+/, (run) => run.replace(/\B(?=(\d{3})+$)/g, ","));
    text = (x < 0 ? "-" : sign === "-" ? "" : sign) + text;
  }
  const side = align ?? (isNumber ? zero ? "=" : ">" : "<");
  return padded(text, Number(width), side, fill ?? (zero ? "0" : " "));
}
