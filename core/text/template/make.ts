// Makes a chat template's values. @huggingface/jinja 0.5 does not export their classes, so they are taken from values
// that it made itself.
import { Environment, Interpreter } from "@huggingface/jinja";
import { ExactNumber } from "../../base/exact_number.ts";
import type { TemplateValue } from "./values.ts";

/** A function of a template: positional arguments, then arguments by name. */
export type TemplateFunction = (
  args: readonly TemplateValue[],
  named: ReadonlyMap<string, TemplateValue>,
) => TemplateValue;

type Made = new (value?: unknown) => TemplateValue;

/** A program's value as a template's: plain data, exact numbers in it, functions. */
export function templateValue(value: unknown): TemplateValue {
  if (value instanceof ExactNumber) {
    const { integer } = value;
    return integer === undefined ? make.float(value.valueOf()) : make.integer(integer);
  }
  switch (typeof value) {
    case "bigint":
      return make.integer(value);
    case "number":
      return Number.isInteger(value) ? new Integer(value + 0) : make.float(value); // no −0
    case "string":
      return make.text(value);
    case "boolean":
      return make.bool(value);
    case "undefined":
      return make.undefined;
    case "object": {
      if (value === null) return make.none;
      if (Array.isArray(value)) return make.list(value.map(templateValue));
      const entries = Object.entries(value);
      return make.mapping(new Map(entries.map(([key, entry]) => [key, templateValue(entry)])));
    }
    default:
      return new Environment().set("value", value);
  }
}

const scope = new Environment();
const classOf = (plain: unknown): Made =>
  new Environment().set("value", plain).constructor as unknown as Made;
const literal = (type: string, value: unknown): Made =>
  new Interpreter(scope).evaluate({ type, value } as never, scope).constructor as unknown as Made;

const Integer = literal("IntegerLiteral", 0);
const Float = literal("FloatLiteral", 0.5);
const Tuple = literal("TupleLiteral", []);
const Text = classOf("");
const List = classOf([]);
const Mapping = classOf({});
const Function = classOf(() => null);
const [True, False] = [new Environment().set("value", true), new Environment().set("value", false)];
const None = new Environment().set("value", null);
const Undefined = new Environment().set("value", undefined);

/** Values by kind. */
export const make = {
  none: None as TemplateValue,
  undefined: Undefined as TemplateValue,
  bool: (value: boolean): TemplateValue => value ? True : False,
  text: (value: string): TemplateValue => new Text(value),
  float: (value: number): TemplateValue => new Float(value),
  list: (value: TemplateValue[]): TemplateValue => new List(value),
  tuple: (value: TemplateValue[]): TemplateValue => new Tuple(value),
  mapping: (value: Map<string, TemplateValue>): TemplateValue => new Mapping(value),
  /** An integer that is exact: past 2⁵³, where JavaScript's numbers end, it is given as a bigint. */
  integer(value: number | bigint): TemplateValue {
    if (typeof value === "bigint") {
      const near = Number(value);
      return new Integer(Number.isSafeInteger(near) ? near : value);
    }
    if (!Number.isSafeInteger(value)) throw new Error("it makes an integer of more than 53 bits");
    return new Integer(value);
  },
  function: (body: TemplateFunction): TemplateValue =>
    new Function((args: TemplateValue[]) => {
      const last = args.at(-1);
      const named = last?.type as string === "KeywordArgumentsValue";
      return named
        ? body(args.slice(0, -1), (last as { value: unknown }).value as Map<string, TemplateValue>)
        : body(args, new Map());
    }),
};
