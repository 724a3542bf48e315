// Why verdicts failed, for people: equal reasons once, with their counts, the most frequent first.
import type { Verdict } from "./annotator.ts";

/** A reason and how often it was given. */
export interface FailureCount {
  /** Why. */
  readonly reason: string;
  /** How many verdicts failed for it. */
  readonly count: number;
}

const UNSAID = "no reason given";

/**
 * Counts the reasons of failed verdicts.
 *
 * @example
 * ```ts
 * import { countFailures } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const failed = (reason: string) => ({ outcome: "failed" as const, reason });
 * assertEquals(countFailures([failed("x"), failed("y"), { outcome: "a" }, failed("y")]), [
 *   { reason: "y", count: 2 },
 *   { reason: "x", count: 1 },
 * ]);
 * ```
 *
 * @param verdicts Of any outcome; those that did not fail are passed over.
 * @returns Distinct reasons, the most frequent first; of equally frequent ones the first that was given.
 */
export function countFailures(verdicts: Iterable<Verdict>): FailureCount[] {
  const counts = new Map<string, number>();
  for (const { outcome, reason = UNSAID } of verdicts) {
    if (outcome === "failed") counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count }))
    .sort((x, y) => y.count - x.count);
}

/** How many reasons stand in a line. */
const SHOWN = 3;
/** Characters of a reason in a line. */
const LONGEST = 160;

/**
 * The first reasons in one line, such as `judge threw: no key (60 times); judge returned NaN (once)`.
 *
 * @example
 * ```ts
 * import { describeFailures } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const counts = [{ reason: "no key", count: 60 }, { reason: "timed out", count: 1 }];
 * assertEquals(describeFailures(counts), "no key (60 times); timed out (once)");
 * ```
 *
 * @param counts As {@linkcode countFailures} gives them.
 * @returns "" where there are none.
 */
export function describeFailures(counts: readonly FailureCount[]): string {
  const shown = counts.slice(0, SHOWN).map(({ reason, count }) => {
    const line = reason.replace(/\s*\n\s*/g, " ");
    const short = line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
    return `${short} (${count === 1 ? "once" : `${count} times`})`;
  });
  const more = counts.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} other reason${more === 1 ? "" : "s"}`] : [])]
    .join("; ");
}
