// What both ways of `leash annotate` do: go on where the log ends, a few at a time, and in the end write what the log says.
import type { Verdict } from "../../core/mod.ts";
import { openChained } from "../folder/chained_log.ts";
import type { CommandOptions } from "../terminal/command_options.ts";
import { counted } from "../terminal/counted.ts";
import { type LoggedPair, swayLine } from "../judge/sway.ts";
import { checkedLog, countsLine, type PairCounts, verdictsIn } from "./annotate_log.ts";
import type { AnnotateRun } from "./annotate_run.ts";
import { readJsonl } from "../../files/mod.ts";

/** Between two writes to the log. */
const AT_ONCE = 16;

/** What is annotated, in the order of the log. */
export interface Annotation<T> {
  /** All of it. */
  readonly items: readonly T[];
  /** What people call one: "pair". */
  readonly noun: string;
  /** What the line of one must have for the log to be gone on with. */
  readonly fixed: (item: T) => Readonly<Record<string, unknown>>;
  /** The lines of a few with their verdicts; the first of them is the item `from`. */
  readonly annotate: (part: readonly T[], from: number) => Promise<readonly object[]>;
}

/**
 * Annotates what the log does not have yet; every few are in the log before the next begin.
 *
 * @throws {UsageError} If the log is not this command's.
 */
export async function annotateInParts<T>(
  run: AnnotateRun,
  { items, noun, fixed, annotate }: Annotation<T>,
  { terminal, signal }: CommandOptions,
): Promise<void> {
  const done = checkedLog(run, items.map(fixed));
  if (done > 0) terminal.error(`Going on after ${counted(done, noun)}`);
  using log = await openChained(run.log);
  for (let from = done; from < items.length; from += AT_ONCE) {
    signal?.throwIfAborted();
    terminal.status(`${noun} ${from} of ${items.length}`);
    const lines = await annotate(items.slice(from, from + AT_ONCE), from);
    for (const line of lines) log.append(line);
    await log.sync();
  }
  terminal.status("");
}

/**
 * Writes the dataset of a log that is whole, and says what became of its pairs.
 *
 * @param write Writes it to `out` and counts.
 * @returns What `write` does.
 * @throws {NoVerdict} If every verdict failed.
 */
export async function writeAnnotated<Counts extends PairCounts>(
  out: string,
  { log }: AnnotateRun,
  write: (verdicts: readonly Verdict[]) => Promise<Counts>,
  { terminal }: CommandOptions,
): Promise<Counts> {
  const lines = await readJsonl(log) as LoggedPair[];
  const verdicts = verdictsIn(log, lines);
  const counts = await write(verdicts);
  terminal.line(countsLine(out, counts, log, verdicts));
  const sway = swayLine(lines);
  if (sway !== undefined) terminal.line(sway);
  return counts;
}
