// A limit on how many pairs an annotator is asked, whatever asks it.
import { type Annotator, askAnnotator, type Verdict } from "./annotator.ts";

/** Options of {@link withBudget}. */
export interface BudgetOptions {
  /** Pairs already spent, from {@link BudgetAnnotator.spent} of an earlier run. Default 0. */
  readonly spent?: number;
}

/** An annotator that stops asking after a number of pairs. */
export interface BudgetAnnotator extends Annotator {
  /** Pairs that may be asked in all. */
  readonly budget: number;
  /** Pairs asked so far, those of calls that were rejected included. */
  readonly spent: number;
  /** Pairs that may still be asked. */
  readonly remaining: number;
}

/**
 * Asks `inner` for at most `budget` pairs. Later pairs, and the end of a call that does not fit,
 * get a `failed` verdict with the reason "budget spent" and never reach `inner`. Pairs are counted
 * when they are asked: a rejected call has cost them too, and calls at the same time cannot
 * overspend.
 *
 * @example
 * ```ts
 * import { ruleAnnotator, withBudget } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const longer = withBudget(ruleAnnotator("longer", (_prompt, answer) => answer.length), 1);
 * const pair = { prompt: "Hi", a: "Hello", b: "Yo" };
 * const verdicts = await longer.annotate([pair, pair]);
 * assertEquals(verdicts.map((verdict) => verdict.outcome), ["a", "failed"]);
 * assertEquals(longer.remaining, 0);
 * ```
 *
 * @param inner Whom to ask.
 * @param budget Pairs in all, an integer of at least 0.
 * @param options `spent`: pairs already spent, for a resumed run; default 0.
 * @returns The annotator, with `spent` and `remaining`.
 * @throws {RangeError} If `budget` or `spent` is not an integer of at least 0.
 */
export function withBudget(
  inner: Annotator,
  budget: number,
  options: BudgetOptions = {},
): BudgetAnnotator {
  let { spent = 0 } = options;
  for (const [name, value] of [["budget", budget], ["spent", spent]] as const) {
    if (!Number.isInteger(value) || value < 0) {
      throw new RangeError(
        `Cannot limit annotator ${inner.name}: ${name} is ${value}, expected an integer ` +
          "of at least 0",
      );
    }
  }
  return {
    name: inner.name,
    budget,
    get spent(): number {
      return spent;
    },
    get remaining(): number {
      return Math.max(0, budget - spent);
    },
    async annotate(pairs, call = {}) {
      call.signal?.throwIfAborted();
      const asked = Math.min(pairs.length, Math.max(0, budget - spent));
      spent += asked;
      const verdicts: Verdict[] = await askAnnotator(inner, pairs.slice(0, asked), call);
      const refused = Array.from(
        { length: pairs.length - asked },
        (): Verdict => ({ outcome: "failed", reason: "budget spent" }),
      );
      return [...verdicts, ...refused];
    },
  };
}
