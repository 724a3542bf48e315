// Schedules: a hyperparameter as a pure function of the step, so that another course of it is another value.

/** A number for each step, from 0. */
export type Schedule = (step: number) => number;

/** A number that stays, or one for each step. */
export type Scheduled = number | Schedule;

/** The words for a schedule. */
export const scheduleNames = ["linear", "cosine", "constant"] as const;

/** A word for a schedule. */
export type ScheduleName = typeof scheduleNames[number];

/** What a schedule by name goes through. */
export interface ScheduleOptions {
  /** The number that it begins with, after the warm-up. */
  readonly base: number;
  /** T: the step that has `end`, one after the last. */
  readonly steps: number;
  /** What it falls (or rises) to at step T; default 0. */
  readonly end?: number;
  /** Steps of a linear warm-up from 0 before it; default 0. */
  readonly warmup?: number;
}

/**
 * A schedule from its word, as `--schedule` gives it: a linear warm-up from 0 to `base`, then constant, or a line or half
 * a cosine to `end` at step T.
 *
 * @example A learning rate that falls to 0, and a temperature that falls to a half
 * ```ts
 * import { scheduleByName } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const learningRate = scheduleByName("linear", { base: 1e-3, steps: 10 });
 * const temperature = scheduleByName("cosine", { base: 1, end: 0.5, steps: 10 });
 * assertEquals([learningRate(5), temperature(5)], [0.5e-3, 0.75]);
 * ```
 *
 * @param name One of {@linkcode scheduleNames}.
 * @returns A pure function of the step; past T it stays at `end`.
 * @throws {RangeError} If the name is none of them.
 * @see Loshchilov & Hutter 2017 (the cosine), https://arxiv.org/abs/1608.03983
 */
export function scheduleByName(
  name: ScheduleName,
  { base, steps, end = 0, warmup = 0 }: ScheduleOptions,
): Schedule {
  if (!scheduleNames.includes(name)) {
    throw new RangeError(
      `Cannot make a schedule: its name is ${name}, expected one of ${scheduleNames.join(", ")}`,
    );
  }
  return (step) => {
    if (step < warmup) return base * (step + 1) / (warmup + 1);
    if (name === "constant") return base;
    const left = Math.max(0, 1 - (step - warmup) / Math.max(1, steps - warmup));
    return end + (base - end) * (name === "linear" ? left : (1 - Math.cos(Math.PI * left)) / 2);
  };
}

/**
 * What a number that may be scheduled is at a step.
 *
 * @example
 * ```ts
 * import { valueAt } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * assertEquals([valueAt(0.1, 7), valueAt((step) => 1 / (1 + step), 4)], [0.1, 0.2]);
 * ```
 *
 * @param step From 0.
 * @throws {RangeError} If a schedule's number is not finite.
 */
export function valueAt(value: Scheduled, step: number): number {
  if (typeof value === "number") return value;
  const found = value(step);
  if (Number.isFinite(found)) return found;
  throw new RangeError(
    `Cannot follow a schedule: its value at step ${step} is ${found}, expected a finite number`,
  );
}
