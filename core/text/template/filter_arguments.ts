// What a filter is given beside its value.
import type { TemplateMeter } from "./meter.ts";
import { isContainer, kindOf, type TemplateValue } from "./values.ts";

/** Arguments of a filter, and what it may use. */
export interface FilterArguments {
  /** Those without a name. */
  readonly args: readonly TemplateValue[];
  /** Those with one. */
  readonly named: ReadonlyMap<string, TemplateValue>;
  /** What is charged. */
  readonly meter: TemplateMeter;
  /** Arguments in the order of their names, undefined where they are not given. */
  at(...names: string[]): (TemplateValue | undefined)[];
  /** What an item has at a dotted path, or the item itself without a path; undefined's value where there is nothing. */
  attributeOf(item: TemplateValue, path: TemplateValue | undefined): TemplateValue;
  /** Another filter, for `map`. */
  apply(value: TemplateValue, name: string, args: readonly TemplateValue[]): TemplateValue;
}

/** A filter: the value, then its arguments. */
export type Filter = (value: TemplateValue, args: FilterArguments) => TemplateValue;

/** An integer argument. */
export function integer(value: TemplateValue | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (value.type === "IntegerValue") return Number(value.value);
  throw new Error(`a filter is given ${kindOf(value)}, expected an integer`);
}

/** Whether a value counts as true in Python. */
export function truthy(value: TemplateValue): boolean {
  if (!isContainer(value)) return value.type === "FunctionValue" || Boolean(value.value);
  return value.value instanceof Map
    ? value.value.size > 0 || value.type === "NamespaceValue"
    : value.value.length > 0;
}

/** An argument that is a switch, off where it is not given. */
export function flag(value: TemplateValue | undefined): boolean {
  return value !== undefined && truthy(value);
}
