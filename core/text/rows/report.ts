// What became of the rows: a row that is not used has a reason and a place, so that nothing is dropped in silence.
import type { DatasetRow } from "./rows.ts";
import { Mistake } from "../../base/mistake.ts";

/** How often a reason held, and where first. */
export interface SkipCount {
  /** Rows. */
  readonly count: number;
  /** The first of them: `file:line`, or `file row n`. */
  readonly first: string;
}

/** Counts of rows: read = used + all skipped. */
export interface RowReport {
  /** Rows that were looked at. */
  readonly read: number;
  /** Rows that came out as examples. */
  readonly used: number;
  /** Rows that did not, by reason. */
  readonly skipped: ReadonlyMap<string, SkipCount>;
}

/** Why a row cannot be used; caught where rows are counted. */
export class UnusableRow extends Mistake {
  override readonly name = "UnusableRow";

  /** @param found What is wrong with it. */
  constructor(found: string, options?: ErrorOptions) {
    super("data", { verb: "use", thing: "the row", found }, options);
  }
}

/** The counter behind a {@link RowReport}. */
export class RowCounter implements RowReport {
  read = 0;
  used = 0;
  readonly skipped: Map<string, SkipCount> = new Map();
  readonly #strict: boolean;

  /** `strict`: the first row that cannot be used ends it. */
  constructor({ strict = false }: { readonly strict?: boolean } = {}) {
    this.#strict = strict;
  }

  /**
   * Runs `use` on one row: counts it as used, or as skipped if it throws {@link UnusableRow}.
   *
   * @throws {Mistake} Where it would be skipped, if the counter is strict.
   */
  take<T>(place: string, use: () => T): T | undefined {
    this.read++;
    try {
      const result = use();
      this.used++;
      return result;
    } catch (error) {
      if (!(error instanceof UnusableRow)) throw error;
      if (this.#strict) {
        throw new Mistake("data", {
          verb: "use",
          thing: place,
          found: error.found,
          fix: "Correct the row, or leave --strict out to skip it",
        }, { cause: error });
      }
      const before = this.skipped.get(error.found);
      this.skipped.set(error.found, {
        count: (before?.count ?? 0) + 1,
        first: before?.first ?? place,
      });
      return undefined;
    }
  }
}

/** "3 of 5 rows used". */
export function usedRows({ used, read }: Pick<RowReport, "used" | "read">): string {
  return `${used} of ${read} ${read === 1 ? "row" : "rows"} used`;
}

/**
 * A report as lines for people: how many rows were used, then a line a reason.
 *
 * @example
 * ```ts
 * import { describeRows } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const skipped = new Map([["chosen is empty", { count: 2, first: "pairs.csv:7" }]]);
 * assertEquals(describeRows({ read: 5, used: 3, skipped }), [
 *   "3 of 5 rows used",
 *   "2 skipped: chosen is empty (first pairs.csv:7)",
 * ]);
 * ```
 *
 * @param report The counts.
 * @returns At least one line.
 */
export function describeRows(report: RowReport): string[] {
  return [
    usedRows(report),
    ...[...report.skipped].map(([reason, { count, first }]) =>
      `${count} skipped: ${reason} (first ${first})`
    ),
  ];
}

/** Where a row stands, for people. */
export function placeOf({ file, unit, number }: DatasetRow): string {
  return unit === "line" ? `${file}:${number}` : `${file} row ${number}`;
}
