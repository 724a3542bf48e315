// A step that was not made because of numbers that are none, as one line for a person.
import { Mistake } from "../base/mistake.ts";

/** What a step said about itself. */
export interface StepOutcome {
  /** The step's number, as the run counts. */
  readonly step: number;
  /** Its loss, a mean over the members. */
  readonly loss: number;
  /** The norm of its gradient, a mean over the members. */
  readonly gradNorm: number;
  /** [K] `nonFinite` of the step's metrics: 0 where a member's numbers are all finite. Default: loss and norm say it. */
  readonly nonFinite?: ArrayLike<number>;
}

/** A step whose numbers are not finite: the same step would end so again. */
export class Diverged extends Mistake {
  /** What it is. */
  override readonly name = "Diverged";

  /** Says where, what and what to do about it. */
  constructor({ step, found, fix }: { step: number; found: string; fix: string }) {
    super("model", {
      ...{ verb: "go on", thing: `after step ${step}`, found, expected: "finite numbers", fix },
    });
  }
}

/**
 * The error that ends a run whose step could not be made; undefined where every member's numbers are finite.
 *
 * @example
 * ```ts
 * import { divergence } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const outcome = { step: 3, loss: 0.5, gradNorm: 2, nonFinite: [0, 1] };
 * assertEquals(
 *   divergence(outcome, "Lower the learning rate")?.message,
 *   "Cannot go on after step 3: in member 1 of 2 a parameter or a moment is not finite or would not be after the " +
 *     "update, expected finite numbers. Lower the learning rate",
 * );
 * assertEquals(divergence({ ...outcome, nonFinite: [0, 0] }, "Lower the learning rate"), undefined);
 * ```
 *
 * @param advice What to do about it: a sentence without a full stop.
 */
export function divergence(
  { step, loss, gradNorm, nonFinite = [] }: StepOutcome,
  advice: string,
): Diverged | undefined {
  const found = Array.from(nonFinite, (count, k) => count > 0 ? [k] : []).flat();
  const sound = Number.isFinite(loss) && Number.isFinite(gradNorm);
  if (found.length === 0 && sound) return undefined;
  const where = nonFinite.length === 1
    ? ""
    : `in member${found.length > 1 ? "s" : ""} ${found.join(", ")} of ${nonFinite.length} `;
  const what = sound
    ? `${where}a parameter or a moment is not finite or would not be after the update`
    : `the loss is ${loss} and the gradient norm ${gradNorm}`;
  return new Diverged({ step, found: what, fix: advice });
}
