// What a template finds without being told: Jinja's constants and functions, and those that transformers adds.
import { make, type TemplateFunction } from "./make.ts";
import { pairsOf } from "./methods.ts";
import { TemplateBudgetError } from "./meter.ts";
import { Refusal } from "./render_mistake.ts";
import { formatTime } from "./strftime.ts";
import { itemsOf, pythonText, type TemplateValue } from "./values.ts";

const LONGEST_RANGE = 65_536;

/** Variables that every template has; `now` is what `strftime_now` tells. */
export function templateGlobals(now: () => Date): Record<string, unknown> {
  return {
    true: true,
    True: true,
    false: false,
    False: false,
    none: null,
    None: null,
    raise_exception: (message: unknown) => {
      throw new Refusal(String(message));
    },
    strftime_now: (format: unknown) => formatTime(now(), String(format)),
    range: (a: unknown, b?: unknown, c?: unknown) => range(a, b, c),
  };
}

/** Python's dict: of a mapping or of pairs, and of names. */
const dict: TemplateFunction = ([from], named) => {
  const entries = new Map<string, TemplateValue>();
  const mapping = from?.value instanceof Map ? from.value as Map<string, TemplateValue> : undefined;
  for (const pair of mapping ? pairsOf(mapping) : itemsOf(from ?? make.list([]))) {
    const [key, value, ...more] = itemsOf(pair);
    if (!key || !value || more.length > 0) throw new Error("dict() takes a mapping or pairs");
    entries.set(pythonText(key), value);
  }
  return make.mapping(new Map([...entries, ...named]));
};

/** Jinja's joiner: nothing at first, then what stands between. */
const joiner: TemplateFunction = ([between = make.text(", ")]) => {
  let first = true;
  return make.function(() => {
    const text = first ? make.text("") : between;
    first = false;
    return text;
  });
};

/** Python's range, of bounded length. */
function range(a: unknown, b: unknown, c: unknown): number[] {
  const [start, stop, step] = b === undefined ? [0, a, 1] : [a, b, c ?? 1];
  if (![start, stop, step].every(Number.isInteger) || step === 0) {
    throw new Error("range() takes integers and a step that is not 0");
  }
  const length = Math.max(0, Math.ceil((Number(stop) - Number(start)) / Number(step)));
  if (length > LONGEST_RANGE) {
    throw new TemplateBudgetError(`it makes a range of ${length}, more than ${LONGEST_RANGE}`);
  }
  return Array.from({ length }, (_, i) => Number(start) + i * Number(step));
}

/** Functions that take and give template values, by the name that a template calls them by. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = { dict, joiner };
