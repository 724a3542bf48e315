// Learning-rate schedules: pure functions of the step, as multiples of the base rate.

/** How the learning rate changes over a run. */
export type Schedule = "linear" | "cosine" | "constant";

/**
 * The rate of step `step` (from 0) of `steps`: a linear warm-up over `warmup` steps, then constant, linear or
 * half-cosine decay to 0 at the end of the run.
 *
 * @example
 * ```ts
 * import { learningRate } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * assert(learningRate({ base: 1, schedule: "linear", steps: 10 }, 5) === 0.5);
 * ```
 */
export function learningRate(
  { base, schedule, steps, warmup = 0 }: {
    base: number;
    schedule: Schedule;
    steps: number;
    warmup?: number;
  },
  step: number,
): number {
  if (step < warmup) return base * (step + 1) / (warmup + 1);
  if (schedule === "constant") return base;
  const left = Math.max(0, 1 - (step - warmup) / Math.max(1, steps - warmup));
  return base * (schedule === "linear" ? left : (1 - Math.cos(Math.PI * left)) / 2);
}
