// Values of a chat template as JSON, as Python's json.dumps writes it under transformers: no HTML escapes, `2.0` stays.
import { type FilterArguments, flag, integer } from "./filter_arguments.ts";
import {
  floatText,
  isContainer,
  isText,
  kindOf,
  pythonText,
  type TemplateValue,
} from "./values.ts";

const WIDEST = 8; // blanks of an indent

/** The text of `value | tojson(ensure_ascii, indent, separators, sort_keys)`. */
export function jsonText(value: TemplateValue, { at, meter }: FilterArguments): string {
  const [ascii, width, separators, sorted] = at(
    "ensure_ascii",
    "indent",
    "separators",
    "sort_keys",
  );
  const indent = width === undefined || width.type === "NullValue" ? undefined : integer(width, 0);
  if (indent !== undefined && (indent < 0 || indent > WIDEST)) {
    throw new Error(`tojson takes indent up to ${WIDEST}`);
  }
  const [comma, colon] = separatorsOf(separators) ?? [indent === undefined ? ", " : ",", ": "];
  const quote = (text: string): string => {
    const quoted = JSON.stringify(text);
    return flag(ascii)
      ? quoted.replace(
        /[\u007f-\uffff]/g,
        (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"),
      )
      : quoted;
  };
  let length = 0;
  const written = (text: string): string => {
    length += text.length;
    meter.checkLength(length);
    return text;
  };
  const within = (parts: string[], brackets: string, depth: number): string => {
    if (parts.length === 0) return written(brackets);
    const line = indent === undefined ? "" : "\n" + " ".repeat(indent * (depth + 1));
    const last = indent === undefined ? "" : "\n" + " ".repeat(indent * depth);
    length += parts.length * (line.length + comma.length) + last.length + 2;
    meter.checkLength(length);
    return brackets[0] + line + parts.join(comma + line) + last + brackets[1];
  };
  const json = (value: TemplateValue, depth: number): string => {
    if (isText(value)) return written(quote(value.value));
    if (isContainer(value) && value.type !== "NamespaceValue") {
      if (Array.isArray(value.value)) {
        return within(value.value.map((entry) => json(entry, depth + 1)), "[]", depth);
      }
      const entries = [...value.value as Map<string, TemplateValue>];
      if (flag(sorted)) entries.sort(([a], [b]) => a < b ? -1 : 1);
      const parts = entries.map(([key, entry]) => {
        return written(quote(key) + colon) + json(entry, depth + 1);
      });
      return within(parts, "{}", depth);
    }
    switch (value.type) {
      case "NullValue":
        return written("null");
      case "BooleanValue":
        return written(String(value.value));
      case "IntegerValue":
        return written(pythonText(value));
      case "FloatValue":
        return written(floatOf(Number(value.value)));
      default:
        throw new Error(`it wants JSON of ${kindOf(value)}`);
    }
  };
  return json(value, 0);
}

function floatOf(x: number): string {
  return Number.isFinite(x)
    ? floatText(x)
    : Number.isNaN(x)
    ? "NaN"
    : x < 0
    ? "-Infinity"
    : "Infinity";
}

function separatorsOf(value: TemplateValue | undefined): [string, string] | undefined {
  if (value === undefined || value.type === "NullValue") return undefined;
  const [item, key, ...more] = Array.isArray(value.value) ? value.value as TemplateValue[] : [];
  if (!item || !key || more.length > 0 || !isText(item) || !isText(key)) {
    throw new Error("tojson takes two texts as separators");
  }
  if (item.value.length + key.value.length > 64) throw new Error("tojson takes short separators");
  return [item.value, key.value];
}
