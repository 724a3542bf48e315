// Verdicts that failed reach the person: the first reasons on the terminal and in the error, all of them in a file.
import {
  type Annotator,
  countFailures,
  describeFailures,
  type FailureCount,
} from "../../core/mod.ts";
import { openJsonl } from "../../files/mod.ts";
import type { Annotators } from "./annotators.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Where a run keeps them; there where a verdict has failed. */
const FAILURES_FILE = "failures.jsonl";

/** Failed verdicts of one call of an annotator. */
export interface Failures {
  /** Who failed. */
  readonly annotator: string;
  /** How many verdicts. */
  readonly failed: number;
  /** Of how many. */
  readonly of: number;
  /** Why, the most frequent first. */
  readonly reasons: readonly FailureCount[];
}

/** The failures of one call for people: "3 of 32 verdicts of judge failed: …". */
export function failuresLine({ annotator, failed, of, reasons }: Failures): string {
  return `${failed} of ${of} verdict${of === 1 ? "" : "s"} of ${annotator} failed: ${
    describeFailures(reasons)
  }`;
}

/** The annotator, with somebody who hears of failed verdicts before anybody has the others. */
export function hearingFailures(
  inner: Annotator,
  hear: (failures: Failures) => Promise<void> | void,
): Annotator {
  return {
    name: inner.name,
    async annotate(pairs, options) {
      const verdicts = await inner.annotate(pairs, options);
      const failed = verdicts.filter(({ outcome }) => outcome === "failed").length;
      if (failed > 0) {
        const reasons = countFailures(verdicts);
        await hear({ annotator: inner.name, failed, of: verdicts.length, reasons });
      }
      return verdicts;
    },
  };
}

/** All annotators of a run with the same listener. */
export function heard(
  { training, evaluation, heldOut }: Annotators,
  hear: (failures: Failures) => Promise<void>,
): Annotators {
  return {
    training: hearingFailures(training, hear),
    ...(evaluation && { evaluation: hearingFailures(evaluation, hear) }),
    ...(heldOut && { heldOut: hearingFailures(heldOut, hear) }),
  };
}

/** Prints the first reasons, and adds all of them to the failures in a run's folder. */
export async function tellFailures(
  { terminal, folder }: {
    readonly terminal: Pick<Terminal, "line">;
    readonly folder: { readonly dir: string };
  },
  at: { readonly phase: number; readonly step: number },
  failures: Failures,
): Promise<void> {
  terminal.line(`${failuresLine(failures)} (all in ${FAILURES_FILE})`);
  using log = await openJsonl(`${folder.dir}/${FAILURES_FILE}`);
  log.append({ ...at, ...failures });
  await log.sync();
}
