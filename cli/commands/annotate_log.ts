// The log of `leash annotate`: whether it is of this command, and what became of its pairs.
import type { MistakeParts } from "../../core/base/mistake.ts";
import type { ExportedPairs } from "../../files/mod.ts";
import { countFailures, describeFailures, requireVerdicts, type Verdict } from "../../core/mod.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { AnnotateRun } from "./annotate_run.ts";
import { pairsLine } from "../data/pair_files.ts";

/**
 * All verdicts of a log, in its order.
 *
 * @param lines What the log has.
 * @throws {NoVerdict} If all of them failed: an empty dataset helps nobody.
 */
export function verdictsIn(
  log: string,
  lines: readonly { readonly verdict: Verdict }[],
): readonly Verdict[] {
  const verdicts = lines.map(({ verdict }) => verdict);
  requireVerdicts(
    "annotate",
    verdicts,
    `. All are in ${log}; mend the cause and start anew with another --out`,
  );
  return verdicts;
}

/** How many pairs somebody named the better answer of, and how many not. */
export type PairCounts = Omit<ExportedPairs, "trlIds">;

/** What became of the pairs, for people. */
export function countsLine(
  out: string,
  counts: PairCounts,
  log: string,
  verdicts: readonly Verdict[],
): string {
  const why = counts.failed === 0 ? "" : `: ${describeFailures(countFailures(verdicts))}`;
  return `${pairsLine(out, counts)}${why} (all in ${log})`;
}

/** The day that the template was told when the log began. */
export function dateOf({ lines: [first] }: AnnotateRun): string | undefined {
  return typeof first?.date === "string" ? first.date : undefined;
}

/**
 * Holds the log so far to what this command would have written.
 *
 * @param expected What every line must have, in the order of the log.
 * @returns How many lines there are.
 * @throws {UsageError} If a line has something else, or there are too many.
 */
export function checkedLog(
  { log: path, lines }: AnnotateRun,
  expected: readonly Readonly<Record<string, unknown>>[],
): number {
  const cannotGoOn = (parts: Omit<MistakeParts, "verb" | "thing">) =>
    new UsageError({ verb: "go on with", thing: path, ...parts });
  for (const [i, line] of lines.entries()) {
    if (i === expected.length) {
      const found = `it has ${lines.length} lines`;
      throw cannotGoOn({ found, expected: `at most ${i} for this --data` });
    }
    for (const [field, value] of Object.entries(expected[i])) {
      const [found, due] = [line[field], value].map((value) => JSON.stringify(value));
      if (found === due) continue;
      throw cannotGoOn({
        found: `line ${i + 1} has ${field} ${short(found)}`,
        expected: `${short(due)} as this command has it`,
        fix: "Start anew with another --out",
      });
    }
  }
  return lines.length;
}

function short(text: string | undefined): string {
  return text === undefined ? "none" : text.length > 80 ? text.slice(0, 79) + "…" : text;
}
