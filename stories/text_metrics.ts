// How readable a policy's answers are, as numbers of an evaluation.
import type { TextMetric } from "../training/mod.ts";
import { distinctShare, meanQuality, type TextQuality } from "./text_quality.ts";

/**
 * Repetition, misspelling, how different the answers are, their words.
 *
 * @param known Words that are spelt right; without them nothing is called misspelt, and no figure says so.
 */
export function textMetrics(known?: ReadonlySet<string>): readonly TextMetric[] {
  const quality = (name: keyof TextQuality): TextMetric => ({
    name,
    measure: (answers) => meanQuality(answers, known ?? new Set())[name],
  });
  return [
    quality("repetition"),
    ...(known === undefined ? [] : [quality("misspelt")]),
    { name: "distinct3", measure: (answers) => distinctShare(answers, 3) },
    quality("words"),
  ];
}
