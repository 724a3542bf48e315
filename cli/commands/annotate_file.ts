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
import { checkedLog, countsLine, failuresIn } from "./annotate_log.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import type { AnnotateRun } from "./annotate_run.ts";
import { readJsonl, shownOrder } from "../../files/mod.ts";
import { UsageError } from "../terminal/mistake.ts";
import { counted } from "../terminal/counted.ts";
import { openChained } from "../folder/chained_log.ts";
import { promptWords } from "../data/dialogues.ts";
import { takeExamples } from "../data/usable_rows.ts";

/** Prompts between two writes to the log. */
export const AT_ONCE = 16;

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
  const done = checkedLog(run, (i) => pairs[i] && { ...pairs[i], annotator: judge.name });
  if (done.length > 0) terminal.error(`Going on after ${counted(done.length, "pair")}`);
  {
    using lines = await openChained(run.log);
    for (let from = done.length; from < pairs.length; from += AT_ONCE) {
      signal?.throwIfAborted();
      terminal.status(`pair ${from} of ${pairs.length}`);
      const part = pairs.slice(from, from + AT_ONCE);
      const verdicts = await askAnnotator(judge, part, { signal });
      part.forEach((pair, i) =>
        lines.append({ ...pair, annotator: judge.name, verdict: verdicts[i] })
      );
      await lines.sync();
    }
    terminal.status("");
  }
  const failures = await failuresIn(run.log);
  const lines = await readJsonl(run.log) as JudgedLine[];
  const labelled = lines.flatMap((line, i) => textPair(line, rows[i]));
  const count = (outcome: Outcome) =>
    lines.filter(({ verdict }) => verdict.outcome === outcome).length;
  await writeTextPairs(flags.out, pairsFormat("annotate", flags.out), labelled);
  const counts = { pairs: labelled.length, ties: count("tie"), failed: count("failed") };
  terminal.line(countsLine(flags.out, counts, run.log, failures));
  return 0;
}

interface JudgedLine {
  readonly place: string;
  readonly prompt: string;
  readonly a: string;
  readonly b: string;
  readonly annotator: string;
  readonly verdict: Verdict;
}

const PAIR =
  "a pair: chosen and rejected. Map other names with --columns, or answer its prompts with --data";

function candidateOf(
  { place, prompt, chosen, rejected }: PreferenceRow,
): Omit<JudgedLine, "annotator" | "verdict"> {
  return { place, prompt: promptWords(prompt), a: promptWords(chosen), b: promptWords(rejected) };
}

function textPair(
  { verdict, annotator, place }: JudgedLine,
  pair: PreferenceRow,
): TextPair[] {
  const { outcome, reason = null, scores, order } = verdict;
  if (outcome !== "a" && outcome !== "b") return [];
  const [won, lost] = outcome === "a" ? [0, 1] : [1, 0];
  return [{
    row: outcome === "a" ? pair : exchanged(pair),
    ...{ annotator, verdict: outcome, reason },
    order: shownOrder(outcome, order),
    ...{ chosen_score: scores?.[won] ?? null, rejected_score: scores?.[lost] ?? null, place },
  }];
}
