// What goes wrong while a template renders, as one line: its budget, its own refusal, or what it asks of Jinja.
import { quote } from "../../base/quote.ts";
import { Mistake, type MistakeParts } from "../../base/mistake.ts";
import { TemplateBudgetError } from "./meter.ts";

/** What `raise_exception` throws. */
export class Refusal extends Error {}

/** A dialogue that a template cannot render. */
export function cannotRender(
  name: string,
  parts: Omit<MistakeParts, "verb" | "thing">,
  options?: ErrorOptions,
): Mistake {
  return new Mistake("model", { verb: "render", thing: name, ...parts }, options);
}

/** The same of whatever the interpreter threw. */
export function renderMistake(name: string, cause: unknown): Mistake {
  if (cause instanceof TemplateBudgetError) {
    return cannotRender(name, {
      found: cause.found,
      fix: "Raise the budget if you trust the template",
    }, { cause });
  }
  if (cause instanceof Refusal) {
    return cannotRender(name, {
      found: `the template says ${quote(cause.message)}`,
    }, {
      cause,
    });
  }
  if (cause instanceof RangeError) { // the stack, or the longest string of the engine
    return cannotRender(name, {
      found: "it is nested too deep",
      expected: "a template that ends",
    }, { cause });
  }
  return cannotRender(name, {
    found: oneLine(cause),
    expected: "what @huggingface/jinja knows of Jinja",
  }, { cause });
}

/** What an error of Jinja says, on one line without its full stop. */
export function oneLine(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return quote(text.replace(/\.$/, "")).slice(1, -1).replaceAll('\\"', '"');
}
