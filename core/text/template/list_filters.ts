// Jinja's filters that go through a list: pick, order, group and add up its items.
import { type Filter, flag, integer, truthy } from "./filter_arguments.ts";
import { make } from "./make.ts";
import { pairsOf } from "./methods.ts";
import { numberOf } from "./numbers.ts";
import { compare, operate, passes } from "./operators.ts";
import {
  equal,
  isText,
  itemsOf,
  kindOf,
  pythonText,
  quotedText,
  type TemplateValue,
} from "./values.ts";

type Key = (item: TemplateValue) => TemplateValue;

/** What items are ordered and told apart by: text in small letters, unless case counts. */
function keyBy(caseSensitive: TemplateValue | undefined): Key {
  return (value) =>
    isText(value) && !flag(caseSensitive) ? make.text(value.value.toLowerCase()) : value;
}

/** Sorted by several keys, stable either way round. */
function sortedBy<T>(
  items: readonly T[],
  keys: ((item: T) => TemplateValue)[],
  back: boolean,
): T[] {
  const order = (a: T, b: T): number => {
    for (const key of keys) {
      const n = compare(key(a), key(b));
      if (n !== 0) return back ? -n : n;
    }
    return 0;
  };
  return items.toSorted(order);
}

const sort: Filter = (value, { at, attributeOf }) => {
  const [reverse, caseSensitive, attribute] = at("reverse", "case_sensitive", "attribute");
  const lower = keyBy(caseSensitive);
  const paths = attribute !== undefined && isText(attribute)
    ? attribute.value.split(",").map((path) => make.text(path))
    : [attribute];
  const keys = paths.map((path) => (item: TemplateValue) => lower(attributeOf(item, path)));
  return make.list(sortedBy(itemsOf(value), keys, flag(reverse)));
};

const dictsort: Filter = (value, { at }) => {
  const [caseSensitive, by, reverse] = at("case_sensitive", "by", "reverse");
  if (value.type !== "ObjectValue") throw new Error(`it sorts the keys of ${kindOf(value)}`);
  const place = by !== undefined && pythonText(by) === "value" ? 1 : 0;
  const lower = keyBy(caseSensitive);
  const pairs = pairsOf(value.value as Map<string, TemplateValue>);
  return make.list(sortedBy(pairs, [(pair) => lower(itemsOf(pair)[place])], flag(reverse)));
};

const extreme = (sign: 1 | -1): Filter => (value, { at, attributeOf }) => {
  const [caseSensitive, attribute] = at("case_sensitive", "attribute");
  const lower = keyBy(caseSensitive);
  const key = (item: TemplateValue) => lower(attributeOf(item, attribute));
  const items = itemsOf(value);
  if (items.length === 0) return make.undefined;
  return items.reduce((best, item) => sign * compare(key(item), key(best)) > 0 ? item : best);
};

/** Equal values have one text, as Python hashes them. */
function identity(value: TemplateValue): string {
  const number = numberOf(value);
  return number === undefined ? quotedText(value) : String(number);
}

const unique: Filter = (value, { at, attributeOf }) => {
  const [caseSensitive, attribute] = at("case_sensitive", "attribute");
  const lower = keyBy(caseSensitive);
  const seen = new Map<string, TemplateValue>();
  for (const item of itemsOf(value)) {
    const key = identity(lower(attributeOf(item, attribute)));
    if (!seen.has(key)) seen.set(key, item);
  }
  return make.list([...seen.values()]);
};

const groupby: Filter = (value, { at, attributeOf }) => {
  const [attribute, otherwise, caseSensitive] = at("attribute", "default", "case_sensitive");
  const lower = keyBy(caseSensitive);
  const keyed = itemsOf(value).map((item) => {
    const found = attributeOf(item, attribute);
    return { item, key: found.type === "UndefinedValue" && otherwise ? otherwise : found };
  });
  const groups: { key: TemplateValue; items: TemplateValue[] }[] = [];
  for (const { item, key } of sortedBy(keyed, [({ key }) => lower(key)], false)) {
    const last = groups.at(-1);
    if (last && equal(lower(last.key), lower(key))) last.items.push(item);
    else groups.push({ key, items: [item] });
  }
  return make.list(groups.map(({ key, items }) => {
    const group = make.tuple([key, make.list(items)]);
    GROUPS.add(group);
    return group;
  }));
};

/** Tuples that `groupby` made: `grouper` and `list` name their entries. */
export const GROUPS: WeakSet<object> = new WeakSet();

const batch: Filter = (value, { at, meter }) => {
  const [count, fill] = at("linecount", "fill_with");
  const size = integer(count, 0);
  if (size < 1) throw new Error(`it batches by ${size}`);
  const items = itemsOf(value);
  const rows: TemplateValue[][] = [];
  for (let i = 0; i < items.length; i += size) rows.push(items.slice(i, i + size));
  const last = rows.at(-1);
  if (last && fill !== undefined && fill.type !== "NullValue") {
    meter.charge(size - last.length);
    while (last.length < size) last.push(fill);
  }
  return make.list(rows.map((row) => make.list(row)));
};

const slice: Filter = (value, { at, meter }) => {
  const [count, fill] = at("slices", "fill_with");
  const slices = integer(count, 0);
  if (slices < 1) throw new Error(`it slices into ${slices}`);
  meter.charge(slices);
  const items = itemsOf(value);
  const size = Math.floor(items.length / slices);
  const longer = items.length % slices;
  let start = 0;
  return make.list(Array.from({ length: slices }, (_, i) => {
    const end = start + size + (i < longer ? 1 : 0);
    const row = items.slice(start, end);
    start = end;
    if (i >= longer && fill !== undefined && fill.type !== "NullValue") row.push(fill);
    return make.list(row);
  }));
};

/** Of nothing, nothing: Python goes through these only where there is something. */
const some = (value: TemplateValue) => value.type === "NullValue" ? [] : itemsOf(value);

/** Items that pass a test, or do not; with `byAttribute` what is tested is an attribute of theirs. */
const picks =
  (wanted: boolean, byAttribute: boolean): Filter => (value, { args, meter, attributeOf }) => {
    const [path, rest] = byAttribute ? [args[0], args.slice(1)] : [undefined, args];
    if (byAttribute && path === undefined) throw new Error("it picks by no attribute");
    const [test, ...others] = rest;
    return make.list(
      some(value).filter((item) => {
        const tested = attributeOf(item, path);
        meter.charge(1);
        const passed = test === undefined
          ? truthy(tested)
          : passes(tested, pythonText(test), others, meter);
        return passed === wanted;
      }),
    );
  };

const map: Filter = (value, { args, named, attributeOf, apply, meter }) => {
  const items = some(value);
  const [name, ...rest] = args;
  if (name !== undefined) {
    return make.list(items.map((item) => {
      meter.charge(1);
      return meter.weighed(apply(item, pythonText(name), rest));
    }));
  }
  const attribute = named.get("attribute");
  if (attribute === undefined) throw new Error("map wants a filter or an attribute");
  const otherwise = named.get("default") ?? make.undefined;
  return make.list(items.map((item) => {
    const found = attributeOf(item, attribute);
    return found.type === "UndefinedValue" ? otherwise : found;
  }));
};

/** The filters by name. */
export const LIST_FILTERS: Readonly<Record<string, Filter>> = {
  batch,
  dictsort,
  first: (value) => itemsOf(value)[0] ?? make.undefined,
  groupby,
  last: (value) => itemsOf(value).at(-1) ?? make.undefined,
  list: (value) => make.list([...itemsOf(value)]),
  map,
  max: extreme(1),
  min: extreme(-1),
  reject: picks(false, false),
  rejectattr: picks(false, true),
  select: picks(true, false),
  selectattr: picks(true, true),
  slice,
  sort,
  sum(value, { at, attributeOf, meter }) {
    const [attribute, start = make.integer(0)] = at("attribute", "start");
    return itemsOf(value).reduce(
      (sum, item) => operate("+", sum, attributeOf(item, attribute), meter),
      start,
    );
  },
  unique,
};
