/** Reads the counts off what `deno test` prints, and writes the one line that ends a run. */
import { stripVTControlCharacters } from "node:util";

/** Tests that passed and failed. */
export interface Counts {
  passed: number;
  failed: number;
}

const SUMMARY = /^(ok|FAILED) \| (\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed/gm;

/** How a process ended. */
export interface End {
  code: number;
  /** The signal that killed it, or null. */
  signal: string | null;
}

/**
 * The counts of a run of `deno test`. A run that broke off before its summary counts as one failure.
 * A run that a signal killed after its summary does not: the exit handlers of Vulkan's software
 * drivers race with their own threads now and then, when all tests are long over.
 *
 * @param output All that it printed to stdout.
 * @param end How it ended.
 */
export function countTests(output: string, end: End): Counts {
  const last = [...stripVTControlCharacters(output).matchAll(SUMMARY)].at(-1);
  const counts = { passed: Number(last?.[2] ?? 0), failed: Number(last?.[3] ?? 0) };
  const diedLater = end.signal !== null && last?.[1] === "ok";
  if (end.code !== 0 && counts.failed === 0 && !diedLater) counts.failed = 1;
  return counts;
}

/** The sum of some counts. */
export function total(all: Counts[]): Counts {
  const sum = (of: (counts: Counts) => number) => all.reduce((n, counts) => n + of(counts), 0);
  return { passed: sum((c) => c.passed), failed: sum((c) => c.failed) };
}

/** `N passed, N failed`. */
export function closingLine({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`;
}
