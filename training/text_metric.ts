// A number of a policy's texts, such as how often they repeat themselves: given from outside, since tasks differ.

/** A number of texts. */
export interface TextMetric {
  /** In camel case: `distinct3` is `eval_distinct_3` in metrics. */
  readonly name: string;
  /** The number of all answers together, finite. */
  measure(answers: readonly string[]): number;
}

/**
 * All of them, by name, in order.
 *
 * @example
 * ```ts
 * import { measureTexts } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const empty = { name: "empty", measure: (texts: readonly string[]) => texts.filter((t) => t === "").length };
 * assertEquals(measureTexts(["", "a"], [empty]), { empty: 1 });
 * ```
 */
export function measureTexts(
  answers: readonly string[],
  metrics: readonly TextMetric[],
): Record<string, number> {
  return Object.fromEntries(metrics.map((metric) => [metric.name, metric.measure(answers)]));
}
