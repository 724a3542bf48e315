// Operators and tests of a chat template as Python has them: floors, signs of a remainder, texts and lists that repeat,
// an order of lists, kinds that do not mix.
import { formatPercent } from "./format.ts";
import { make } from "./make.ts";
import type { TemplateMeter } from "./meter.ts";
import { arithmetic, isNumber, numberOf, orderOf } from "./numbers.ts";
import { equal, isContainer, isText, itemsOf, kindOf, type TemplateValue } from "./values.ts";

/** Below, equal or above 0 as Python orders a and b. */
export function compare(a: TemplateValue, b: TemplateValue): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return orderOf(x, y);
  if (isText(a) && isText(b)) return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  if (a.type === b.type && Array.isArray(a.value)) {
    const [left, right] = [itemsOf(a), itemsOf(b)];
    const at = left.findIndex((entry, i) => i >= right.length || !equal(entry, right[i]));
    return at < 0 || at >= right.length ? left.length - right.length : compare(left[at], right[at]);
  }
  throw new Error(`it compares ${kindOf(a)} and ${kindOf(b)}`);
}

/** Whether `needle in hay`. */
export function contains(hay: TemplateValue, needle: TemplateValue, meter: TemplateMeter): boolean {
  if (hay.type === "UndefinedValue") return false;
  if (isText(hay)) {
    if (!isText(needle)) throw new Error(`it looks for ${kindOf(needle)} in text`);
    meter.chargeSearch(needle.value, hay.value);
    return hay.value.includes(needle.value);
  }
  if (!isContainer(hay)) throw new Error(`it looks for something in ${kindOf(hay)}`);
  if (hay.value instanceof Map) return isText(needle) && hay.value.has(needle.value);
  meter.charge(hay.value.length >> 2);
  return hay.value.some((entry) => equal(entry, needle));
}

/** `-value` or `+value`. */
export function signed(sign: string, value: TemplateValue): TemplateValue {
  const x = numberOf(value);
  if (x === undefined) throw new Error(`it has ${sign} before ${kindOf(value)}`);
  return arithmetic("*", sign === "-" ? -1 : 1, x, value.type === "FloatValue");
}

/** `left operator right`, but for `and`, `or` and `~`. */
export function operate(
  operator: string,
  left: TemplateValue,
  right: TemplateValue,
  meter: TemplateMeter,
): TemplateValue {
  switch (operator) {
    case "==":
    case "!=":
      return make.bool(equal(left, right) === (operator === "=="));
    case "in":
    case "not in":
      return make.bool(contains(right, left, meter) === (operator === "in"));
    case "<":
      return make.bool(compare(left, right) < 0);
    case ">":
      return make.bool(compare(left, right) > 0);
    case "<=":
      return make.bool(compare(left, right) <= 0);
    case ">=":
      return make.bool(compare(left, right) >= 0);
  }
  const [a, b] = [numberOf(left), numberOf(right)];
  if (a !== undefined && b !== undefined) {
    const isFloat = left.type === "FloatValue" || right.type === "FloatValue";
    return arithmetic(operator, a, b, isFloat);
  }
  if (operator === "+") {
    if (isText(left) && isText(right)) {
      meter.checkLength(left.value.length + right.value.length);
      return make.text(left.value + right.value);
    }
    if (left.type === right.type && isContainer(left) && Array.isArray(left.value)) {
      meter.charge((left.value.length + itemsOf(right).length) >> 2);
      const both = [...left.value, ...itemsOf(right)];
      return left.type === "TupleValue" ? make.tuple(both) : make.list(both);
    }
  }
  if (operator === "%" && isText(left)) {
    const args = right.type === "TupleValue" ? itemsOf(right) : [right];
    return make.text(formatPercent(left.value, args, mappingOf(right), meter));
  }
  if (operator === "*") {
    if (right.type === "IntegerValue") return repeated(left, Number(right.value), meter);
    if (left.type === "IntegerValue") return repeated(right, Number(left.value), meter);
  }
  const verb = operator === "+"
    ? `it adds ${kindOf(left)} and`
    : `it has ${kindOf(left)} ${operator}`;
  throw new Error(`${verb} ${kindOf(right)}`);
}

function mappingOf(value: TemplateValue): ReadonlyMap<string, TemplateValue> {
  return value.type === "ObjectValue" ? value.value as Map<string, TemplateValue> : new Map();
}

function repeated(value: TemplateValue, times: number, meter: TemplateMeter): TemplateValue {
  const count = Math.max(0, times);
  if (isText(value)) {
    meter.checkLength(value.value.length * count);
    return make.text(value.value.repeat(count));
  }
  if (!isContainer(value) || !Array.isArray(value.value)) {
    throw new Error(`it multiplies ${kindOf(value)}`);
  }
  meter.charge(value.value.length * count);
  const all = Array.from({ length: count }, () => value.value as TemplateValue[]).flat();
  return value.type === "TupleValue" ? make.tuple(all) : make.list(all);
}

type Test = (
  value: TemplateValue,
  args: readonly TemplateValue[],
  meter: TemplateMeter,
) => boolean;

const cased = (text: string) => text.toLowerCase() !== text.toUpperCase();
const remainder = (value: TemplateValue, by: TemplateValue, meter: TemplateMeter): number =>
  Number(operate("%", value, by, meter).value);
const ordered = (operator: string): Test => (value, [other], meter) =>
  operate(operator, value, other, meter).value === true;
const isKind = (...kinds: string[]): Test => ({ type }) => kinds.includes(type);

const TESTS: Readonly<Record<string, Test>> = {
  defined: ({ type }) => type !== "UndefinedValue",
  undefined: isKind("UndefinedValue"),
  none: isKind("NullValue"),
  boolean: isKind("BooleanValue"),
  true: ({ type, value }) => type === "BooleanValue" && value === true,
  false: ({ type, value }) => type === "BooleanValue" && value === false,
  integer: isKind("IntegerValue"),
  float: isKind("FloatValue"),
  number: isNumber,
  string: isText,
  mapping: isKind("ObjectValue"),
  sequence: (value) => isText(value) || isContainer(value) || value.type === "UndefinedValue",
  iterable: (value) => isText(value) || isContainer(value) || value.type === "UndefinedValue",
  callable: isKind("FunctionValue"),
  lower: (value) =>
    isText(value) && cased(value.value) && value.value === value.value.toLowerCase(),
  upper: (value) =>
    isText(value) && cased(value.value) && value.value === value.value.toUpperCase(),
  odd: (value, _, meter) => remainder(value, make.integer(2), meter) === 1,
  even: (value, _, meter) => remainder(value, make.integer(2), meter) === 0,
  divisibleby: (value, [by], meter) => remainder(value, by, meter) === 0,
  sameas: (value, [other]) =>
    value === other || !isContainer(value) && value.type === other.type && equal(value, other),
  in: (value, [hay], meter) => contains(hay, value, meter),
  ...Object.fromEntries(
    [
      [["eq", "equalto", "=="], "=="],
      [["ne", "!="], "!="],
      [["gt", "greaterthan", ">"], ">"],
      [["ge", ">="], ">="],
      [["lt", "lessthan", "<"], "<"],
      [["le", "<="], "<="],
    ].flatMap(([names, operator]) =>
      (names as string[]).map((name) => [name, ordered(operator as string)])
    ),
  ),
};

/** The tests that want something to compare with. */
export const TESTS_OF_TWO: ReadonlySet<string> = new Set(
  "divisibleby sameas in eq equalto ne gt greaterthan ge lt lessthan le".split(" "),
);

/** Whether there is a test of a name. */
export function isTest(name: string): boolean {
  return Object.hasOwn(TESTS, name) || name === "filter" || name === "test";
}

/** Whether `value is name(args)`. */
export function passes(
  value: TemplateValue,
  name: string,
  args: readonly TemplateValue[],
  meter: TemplateMeter,
): boolean {
  if (!Object.hasOwn(TESTS, name)) throw new Error(`Unknown test: ${name}`);
  const wants = TESTS_OF_TWO.has(name) || /\W/.test(name) ? 1 : 0;
  if (args.length !== wants) throw new Error(`the test ${name} is given ${args.length} values`);
  return TESTS[name](value, args, meter);
}
