// The variable `loop`: where in its list a round stands, what stands beside it, and whether something changed.
import { make } from "./make.ts";
import { equal, type TemplateValue } from "./values.ts";

/** The variable `loop` of round i. */
export function loopVariable(
  items: readonly TemplateValue[],
  i: number,
  changed: { last?: readonly TemplateValue[] },
): TemplateValue {
  const n = items.length;
  const numbers = {
    ...{ index: i + 1, index0: i, revindex: n - i, revindex0: n - i - 1, length: n },
    ...{ depth: 1, depth0: 0 }, // of recursion
  };
  const fields = new Map(
    Object.entries(numbers).map(([key, number]) => [key, make.integer(number)]),
  );
  fields.set("first", make.bool(i === 0)).set("last", make.bool(i === n - 1));
  fields.set("previtem", items[i - 1] ?? make.undefined);
  fields.set("nextitem", items[i + 1] ?? make.undefined);
  fields.set("cycle", make.function((args) => args[i % args.length] ?? make.undefined));
  const differs = (args: readonly TemplateValue[]) => {
    const { last } = changed;
    changed.last = args;
    return last === undefined || !equal(make.list([...last]), make.list([...args]));
  };
  return make.mapping(fields.set("changed", make.function((args) => make.bool(differs(args)))));
}
