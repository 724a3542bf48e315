// `leash annotate --pairs`: the pairs of a dataset annotated anew.
import {
  type Annotator,
  askAnnotator,
  type Example,
  type Outcome,
  type PreferenceRow,
  type Verdict,
} from "../../core/mod.ts";
import { exchanged, pairsFormat, type TextPair, writeTextPairs } from "../data/pair_files.ts";
import { type DataFlags, preferenceOf } from "../data/rows.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import type { AnnotateRun } from "./annotate_run.ts";
import { shownOrder } from "../../files/mod.ts";
import { UsageError } from "../terminal/mistake.ts";
import { promptWords } from "../data/dialogues.ts";
import { takeExamples } from "../data/usable_rows.ts";
import { annotateInParts, writeAnnotated } from "./annotate_in_parts.ts";

/** Annotates the pairs of a dataset anew. */
export async function annotateFile(
  flags: DataFlags & { readonly out: string },
  judge: Annotator,
  run: AnnotateRun,
  options: CommandOptions,
): Promise<number> {
  const { terminal, signal } = options;
  const take = (example: Example) => preferenceOf(example, PAIR);
  const { taken: rows, used, skipped } = await takeExamples(flags, undefined, take, options);
  const report = [used, ...skipped].join("; ");
  const pairs = rows.map(candidateOf);
  if (pairs.length === 0) {
    const found = `${flags.data} has no pair`;
    throw new UsageError({ verb: "annotate", found, expected: `at least one (${report})` });
  }
  terminal.error(`${flags.data}: ${report}`);
  await run.begin({ kernelPath: "none", model: "none" });
  await annotateInParts(run, {
    items: pairs,
    noun: "pair",
    fixed: (pair) => ({ ...pair, annotator: judge.name }),
    async annotate(part) {
      const verdicts = await askAnnotator(judge, part, { signal });
      return part.map((pair, i) => ({ ...pair, annotator: judge.name, verdict: verdicts[i] }));
    },
  }, options);
  await writeAnnotated(flags.out, run, async (verdicts) => {
    const labelled = verdicts.flatMap((verdict, i) => textPair(verdict, rows[i], judge.name));
    await writeTextPairs(flags.out, pairsFormat("annotate", flags.out), labelled);
    const count = (wanted: Outcome) => verdicts.filter(({ outcome }) => outcome === wanted).length;
    return { pairs: labelled.length, ties: count("tie"), failed: count("failed") };
  }, options);
  return 0;
}

const PAIR =
  "a pair: chosen and rejected. Map other names with --columns, or answer its prompts with --data";

function candidateOf({ place, prompt, chosen, rejected }: PreferenceRow) {
  return { place, prompt: promptWords(prompt), a: promptWords(chosen), b: promptWords(rejected) };
}

/** A pair as the annotator has it; none where it named no better answer. */
function textPair(
  verdict: Verdict,
  pair: PreferenceRow,
  annotator: string,
): TextPair[] {
  const { outcome, reason = null, scores, order } = verdict;
  if (outcome !== "a" && outcome !== "b") return [];
  const [won, lost] = outcome === "a" ? [0, 1] : [1, 0];
  return [{
    row: outcome === "a" ? pair : exchanged(pair),
    ...{ annotator, verdict: outcome, reason },
    order: shownOrder(outcome, order),
    ...{ chosen_score: scores?.[won] ?? null, rejected_score: scores?.[lost] ?? null },
    place: pair.place,
  }];
}
