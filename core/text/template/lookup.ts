// What stands at a key, a place, a dotted path or a slice of a value, as Python looks it up.
import { make } from "./make.ts";
import type { TemplateMeter } from "./meter.ts";
import { isContainer, isText, pythonText, type TemplateValue } from "./values.ts";

/** What is at a key of a mapping or a place of a list or text; undefined (the template's) where nothing is. */
export function entryOf(
  object: TemplateValue,
  key: TemplateValue,
  meter: TemplateMeter,
): TemplateValue {
  if (isContainer(object) && object.value instanceof Map) {
    return (isText(key) && object.value.get(key.value)) || make.undefined;
  }
  if (key.type !== "IntegerValue") return make.undefined;
  const at = Number(key.value);
  if (isText(object)) {
    meter.charge(object.value.length >> 6);
    const character = Array.from(object.value).at(at);
    return character === undefined ? make.undefined : make.text(character);
  }
  return (isContainer(object) && Array.isArray(object.value) && object.value.at(at)) ||
    make.undefined;
}

/** What is at a dotted path, by keys and places. */
export function attributeOf(
  item: TemplateValue,
  path: TemplateValue | undefined,
  meter: TemplateMeter,
): TemplateValue {
  if (path === undefined || path.type === "NullValue") return item;
  if (path.type === "IntegerValue") return entryOf(item, path, meter);
  let found = item;
  for (const part of pythonText(path).split(".")) {
    meter.charge(1);
    const key = /^\d+$/.test(part) ? make.integer(Number(part)) : make.text(part);
    found = entryOf(found, key, meter);
  }
  return found;
}

/** Python's `items[start:stop:step]`. */
export function sliced<T>(
  items: readonly T[],
  start: number | undefined,
  stop: number | undefined,
  step: number,
): T[] {
  if (step === 0) throw new Error("it takes a part in steps of 0");
  const n = items.length;
  const [least, most] = step > 0 ? [0, n] : [-1, n - 1];
  const at = (value: number | undefined, otherwise: number) =>
    value === undefined
      ? otherwise
      : Math.max(least, Math.min(most, value < 0 ? value + n : value));
  const [from, to] = [at(start, step > 0 ? 0 : n - 1), at(stop, step > 0 ? n : -1)];
  const out: T[] = [];
  for (let i = from; step > 0 ? i < to : i > to; i += step) out.push(items[i]);
  return out;
}
