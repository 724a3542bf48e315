// A list in which every verdict failed: the annotator is broken, or what it was asked is, and no number can be made of it.
import { Mistake, type MistakeParts } from "../base/mistake.ts";
import type { Verdict } from "./annotator.ts";
import { countFailures, describeFailures } from "./failures.ts";

/** Nobody said anything: the annotator is broken, or what it was asked is. */
export class NoVerdict extends Mistake {
  /** What it is. */
  override readonly name = "NoVerdict";

  /** Says what cannot be done without a verdict, and why there is none. */
  constructor(parts: MistakeParts, options?: ErrorOptions) {
    super("annotator", parts, options);
  }
}

/**
 * Refuses a list in which every verdict failed.
 *
 * @example
 * ```ts
 * import { NoVerdict, requireVerdicts } from "@leash/bpo/core";
 * import { assertThrows } from "@std/assert";
 * requireVerdicts("evaluate", [{ outcome: "failed" }, { outcome: "tie" }]);
 * assertThrows(() => requireVerdicts("evaluate", [{ outcome: "failed", reason: "no key" }]), NoVerdict, "no key");
 * ```
 *
 * @param doing What cannot be done without: "train phase 1".
 * @param verdicts None at all is fine.
 * @param where They stand, after the line.
 * @throws {NoVerdict} With the first reasons.
 */
export function requireVerdicts(doing: string, verdicts: readonly Verdict[], where = ""): void {
  if (verdicts.length === 0 || verdicts.some(({ outcome }) => outcome !== "failed")) return;
  throw new NoVerdict({
    verb: doing,
    found: `${verdicts.length === 1 ? "the one verdict" : `all ${verdicts.length} verdicts`} ` +
      `failed (${describeFailures(countFailures(verdicts))})`,
    expected: `some${where}`,
  });
}
