// The log of `leash annotate`: whether it is of this command, and what became of its pairs.
import type { MistakeParts } from "../../core/base/mistake.ts";
import { counted } from "../terminal/counted.ts";
import { readJsonl } from "../../files/mod.ts";
import {
  countFailures,
  describeFailures,
  type FailureCount,
  requireVerdicts,
  type Verdict,
} from "../../core/mod.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { AnnotateRun } from "./annotate_run.ts";

/**
 * Why verdicts failed, all in the log.
 *
 * @throws {NoVerdict} If all of them did: an empty dataset helps nobody.
 */
export async function failuresIn(log: string): Promise<FailureCount[]> {
  const verdicts = (await readJsonl(log) as { readonly verdict: Verdict }[])
    .map(({ verdict }) => verdict);
  requireVerdicts(
    "annotate",
    verdicts,
    `. All are in ${log}; mend the cause and start anew with another --out`,
  );
  return countFailures(verdicts);
}

/** What became of the pairs, for people. */
export function countsLine(
  out: string,
  { pairs, ties, failed }: {
    readonly pairs: number;
    readonly ties: number;
    readonly failed: number;
  },
  log: string,
  failures: readonly FailureCount[],
): string {
  const why = failed === 0 ? "" : `: ${describeFailures(failures)}`;
  return `${counted(pairs, "pair")} in ${out}; left out: ${counted(ties, "tie")}, ` +
    `${failed} without a verdict${why} (all in ${log})`;
}

/** A line of the log that must be the same for a command to go on with it. */
interface LogLine {
  readonly place: string;
  readonly prompt: string;
  readonly annotator: string;
  readonly [field: string]: unknown;
}

/** The day that the template was told when the log began. */
export function dateOf({ lines: [first] }: AnnotateRun): string | undefined {
  return typeof first?.date === "string" ? first.date : undefined;
}

/** The log so far, checked line by line against what this command would have written. */
export function checkedLog(
  { log: path, lines: read }: AnnotateRun,
  expected: (line: number) => Readonly<Record<string, unknown>> | undefined,
): readonly LogLine[] {
  const lines = read as readonly LogLine[];
  const cannotGoOn = (parts: Omit<MistakeParts, "verb" | "thing">) =>
    new UsageError({ verb: "go on with", thing: path, ...parts });
  for (const [i, line] of lines.entries()) {
    const wanted = expected(i);
    if (wanted === undefined) {
      const found = `it has ${lines.length} lines`;
      throw cannotGoOn({ found, expected: `at most ${i} for this --data` });
    }
    for (const [field, value] of Object.entries(wanted)) {
      const [found, due] = [line?.[field], value].map((value) => JSON.stringify(value));
      if (found === due) continue;
      throw cannotGoOn({
        found: `line ${i + 1} has ${field} ${short(found)}`,
        expected: `${short(due)} as this command has it`,
        fix: "Start anew with another --out",
      });
    }
  }
  return lines;
}

function short(text: string | undefined): string {
  return text === undefined ? "none" : text.length > 80 ? text.slice(0, 79) + "…" : text;
}
