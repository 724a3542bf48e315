// What ends a run before its last step: a value that looks at what happened so far.
import type { MetricRow } from "../core/mod.ts";
import type { EvaluationAt, EvaluationNumbers } from "./evaluator.ts";

/**
 * A run after a step, its evaluation included.
 *
 * @typeParam E Numbers of its evaluations.
 */
export interface RunSoFar<E extends EvaluationNumbers = EvaluationNumbers> {
  /** Steps done. */
  readonly step: number;
  /** All evaluations, the one at the start first. */
  readonly evaluations: readonly EvaluationAt<E>[];
  /** Numbers of the step, TRL's names; empty where no pair trained. */
  readonly metrics: MetricRow;
}

/**
 * Says why a run is to end, or undefined. It has no state: a run that goes on asks it with the same.
 *
 * @typeParam E Numbers of the evaluations.
 */
export type Stop<E extends EvaluationNumbers = EvaluationNumbers> = (
  run: RunSoFar<E>,
) => string | undefined;

/** The newest evaluation, where it is of this step. */
function newest<E extends EvaluationNumbers>({ evaluations, step }: RunSoFar<E>): E | undefined {
  const last = evaluations.at(-1);
  return last?.step === step ? last.numbers : undefined;
}

/**
 * Ends a run whose policy has gone further than so many nats from where it started: more reward costs more KL, and past
 * some distance what is gained is no longer the text that people wanted.
 *
 * @example
 * ```ts
 * import { stopAtKl } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const at = (kl: number) => ({ step: 8, metrics: {}, evaluations: [{ phase: 1, step: 8, numbers: { kl } }] });
 * const stop = stopAtKl(10);
 * assertEquals([stop(at(9)), stop(at(12))], [undefined, "the KL is 12, above 10 nats"]);
 * ```
 *
 * @param nats A sequence, above 0.
 */
export function stopAtKl(nats: number): Stop {
  requireAbove("stopAtKl", nats);
  return (run) => {
    const kl = newest(run)?.kl;
    return kl !== undefined && kl > nats ? `the KL is ${kl}, above ${nats} nats` : undefined;
  };
}

/**
 * Ends a run whose policy is good enough.
 *
 * @example
 * ```ts
 * import { stopAtWinRate } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const numbers = { winRate: { value: 0.9 } };
 * const run = { step: 8, metrics: {}, evaluations: [{ phase: 1, step: 8, numbers }] };
 * assertEquals(stopAtWinRate(0.8)(run), "the win rate is 0.9, at least 0.8");
 * ```
 *
 * @param share Of comparisons that it wins, above 0 and at most 1.
 */
export function stopAtWinRate(share: number): Stop {
  requireAbove("stopAtWinRate", share, 1);
  return (run) => {
    const value = newest(run)?.winRate?.value;
    return value !== undefined && value >= share
      ? `the win rate is ${value}, at least ${share}`
      : undefined;
  };
}

/**
 * Ends a run whose win rate has not risen above its best for so many evaluations, the one at the start included among
 * those that it may have been best at.
 *
 * @example
 * ```ts
 * import { patience } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const rates = [0.5, 0.7, 0.6, 0.7];
 * const evaluations = rates.map((value, i) => ({ phase: i, step: i, numbers: { winRate: { value } } }));
 * const run = { step: 3, metrics: {}, evaluations };
 * assertEquals(patience(2)(run), "the win rate has not risen above 0.7 for 2 evaluations");
 * assertEquals(patience(3)(run), undefined);
 * ```
 *
 * @param evaluations A whole number of at least 1.
 */
export function patience(evaluations: number): Stop {
  if (!(Number.isInteger(evaluations) && evaluations >= 1)) {
    throw new RangeError(
      `Cannot stop a run: patience() has ${evaluations}, expected a whole number of at least 1`,
    );
  }
  return (run) => {
    if (newest(run) === undefined) return undefined;
    const rates = run.evaluations.flatMap(({ numbers }) => numbers.winRate?.value ?? []);
    const best = rates.indexOf(rates.reduce((a, b) => Math.max(a, b), -Infinity));
    return rates.length - 1 - best >= evaluations
      ? `the win rate has not risen above ${rates[best]} for ${evaluations} evaluations`
      : undefined;
  };
}

function requireAbove(name: string, value: number, most = Infinity): void {
  if (value > 0 && value <= most && Number.isFinite(value)) return;
  const range = most === Infinity ? "a number above 0" : `a number above 0 and at most ${most}`;
  throw new RangeError(`Cannot stop a run: ${name}() has ${value}, expected ${range}`);
}
