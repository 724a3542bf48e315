// When the behaviour snapshot is refreshed: a pure function of the step.

/** The rhythm of a run. */
export interface Cadence {
  /** T. */
  readonly steps: number;
  /** Steps between refreshes; the span between two is a phase. */
  readonly refreshEvery: number;
  /** Phases that the run really has: ceil(T / refreshEvery) where it was never extended. */
  readonly phases: number;
  /** Whether a phase starts at this step (step 0 starts the first). */
  isDue(step: number): boolean;
  /** The phase that a step belongs to, from 0. */
  phaseOf(step: number): number;
  /** First step and the step after the last of a phase. */
  span(phase: number): readonly [from: number, to: number];
}

/**
 * A cadence from F (1 = offline, T = on-policy; refresh every ceil(T/F) steps) or from `refreshEvery`.
 *
 * @example
 * ```ts
 * import { cadence } from "@leash/bpo/scheduler";
 * import { assert } from "@std/assert";
 * const c = cadence({ steps: 10, phases: 4 }); // every ceil(10/4) = 3 steps
 * assert(c.refreshEvery === 3 && c.phases === 4 && c.isDue(9));
 * ```
 *
 * @param options `steps`: T; `phases`: F, or `refreshEvery`; `breaks`: steps in rising order at which a phase begins
 * whatever the rhythm says, and the rhythm anew: where a run was extended.
 * @throws {RangeError} If a number is not whole, F is not in 1 … T, or breaks do not rise within the run.
 * @see Xu et al. 2024, section 4, https://arxiv.org/abs/2406.12168
 */
export function cadence(
  { steps, phases, refreshEvery, breaks = [] }: {
    steps: number;
    phases?: number;
    refreshEvery?: number;
    breaks?: readonly number[];
  },
): Cadence {
  const whole = (name: string, value: number, most: number) => {
    if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
      throw new RangeError(
        `Cannot plan the phases: ${name} is ${value}, expected a whole number from 1 to ${most}`,
      );
    }
  };
  whole("steps", steps, Number.MAX_SAFE_INTEGER);
  if (phases !== undefined && refreshEvery !== undefined) {
    throw new RangeError(
      "Cannot plan the phases: phases and refreshEvery are both given, expected one of them",
    );
  }
  if (phases !== undefined) whole("phases", phases, steps);
  if (refreshEvery !== undefined) whole("refreshEvery", refreshEvery, Number.MAX_SAFE_INTEGER);
  const every = refreshEvery ?? Math.ceil(steps / (phases ?? 1));
  const parts: { from: number; to: number; first: number }[] = [];
  for (const to of [...breaks, steps]) {
    const { to: from = 0, first = 0, from: before = 0 } = parts.at(-1) ?? {};
    if (!(Number.isInteger(to) && to > from && to <= steps)) {
      throw new RangeError(
        `Cannot plan the phases: breaks has ${to} after ${from}, expected rising steps below ${steps}`,
      );
    }
    parts.push({ from, to, first: first + Math.ceil((from - before) / every) });
  }
  const partOf = (step: number) => parts.findLast(({ from }) => from <= step)!;
  const last = parts[parts.length - 1];
  return {
    steps,
    refreshEvery: every,
    phases: last.first + Math.ceil((steps - last.from) / every),
    isDue: (step) => (step - partOf(step).from) % every === 0,
    phaseOf(step) {
      const { from, first } = partOf(step);
      return first + Math.floor((step - from) / every);
    },
    span(phase) {
      const { from, to, first } = parts.findLast(({ first }) => first <= phase)!;
      const begin = from + (phase - first) * every;
      return [begin, Math.min(to, begin + every)];
    },
  };
}
