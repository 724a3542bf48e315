// Methods that templates call on texts, lists and mappings, as Python has them; what changes a value is not there, as in
// Jinja's immutable sandbox.
import { formatBraces } from "./format.ts";
import { make, type TemplateFunction } from "./make.ts";
import type { TemplateMeter } from "./meter.ts";
import { equal, isContainer, isText, pythonText, type TemplateValue } from "./values.ts";
import { TEXT_METHODS, texts } from "./text_methods.ts";

/** The method `name` of a value, undefined where it has none. */
export function methodOf(
  value: TemplateValue,
  name: string,
  meter: TemplateMeter,
): TemplateValue | undefined {
  const body = bodyOf(value, name, meter);
  return body === undefined ? undefined : make.function(body);
}

function bodyOf(
  value: TemplateValue,
  name: string,
  meter: TemplateMeter,
): TemplateFunction | undefined {
  if (isText(value)) {
    const text = value.value;
    if (name === "format") {
      return (args, named) => make.text(formatBraces(text, args, named, meter));
    }
    if (!Object.hasOwn(TEXT_METHODS, name)) return undefined;
    return (args, named) => {
      const more = [...named].map(([key, entry]) => {
        const known = ["maxsplit", "count", "sep"].includes(key);
        if (!known) throw new Error(`${name}() takes no argument called ${key}`);
        return key === "sep" ? [entry] : [...(args.length === 0 ? [make.none] : []), entry];
      }).flat();
      meter.charge(text.length >> 6);
      return TEXT_METHODS[name](text, [...args, ...more], meter);
    };
  }
  if (!isContainer(value) || value.type === "NamespaceValue") return undefined;
  const entries = value.value;
  return entries instanceof Map ? ofMapping(entries, name, meter) : ofList(entries, name, meter);
}

function ofMapping(
  map: ReadonlyMap<string, TemplateValue>,
  name: string,
  meter: TemplateMeter,
): TemplateFunction | undefined {
  const charged = (body: () => TemplateValue) => () => {
    meter.charge(map.size);
    return body();
  };
  switch (name) {
    case "get":
      return ([key, otherwise = make.none]) =>
        (key && isText(key) && map.get(key.value)) || otherwise;
    case "items":
      return charged(() => make.list(pairsOf(map)));
    case "keys":
      return charged(() => make.list(texts([...map.keys()])));
    case "values":
      return charged(() => make.list([...map.values()]));
    case "copy":
      return charged(() => make.mapping(new Map(map)));
  }
}

/** Keys and values, as tuples. */
export function pairsOf(map: ReadonlyMap<string, TemplateValue>): TemplateValue[] {
  return Array.from(map, ([key, entry]) => make.tuple([make.text(key), entry]));
}

function ofList(
  list: TemplateValue[],
  name: string,
  meter: TemplateMeter,
): TemplateFunction | undefined {
  switch (name) {
    case "index":
      return ([wanted = make.none]) => {
        meter.charge(list.length);
        const at = list.findIndex((entry) => equal(entry, wanted));
        if (at < 0) {
          throw new Error(`it looks for the index of ${pythonText(wanted)}, which is not there`);
        }
        return make.integer(at);
      };
    case "count":
      return ([wanted = make.none]) => {
        meter.charge(list.length);
        return make.integer(list.filter((entry) => equal(entry, wanted)).length);
      };
    case "copy":
      return () => make.list([...list]);
  }
}
