// Every loss by name, as `--loss` and a config have it, at the one number that they all take: a line a loss.

import { show } from "./check.ts";
import type { PreferenceLoss } from "./contract.ts";
import { dpo } from "./dpo.ts";
import { ipo } from "./ipo.ts";
import { slic } from "./slic.ts";
import { slicHf } from "./slic_hf.ts";

/** Every loss at one number: what `--beta` is to it. */
export const lossesByName = {
  "dpo": (beta: number): PreferenceLoss => dpo({ beta }),
  "ipo": (beta: number): PreferenceLoss => ipo({ tau: beta, reduction: "mean" }),
  "slic": (beta: number): PreferenceLoss => slic({ beta }),
  "slic-hf": (beta: number): PreferenceLoss => slicHf({ delta: 1 / beta, lambda: 0.1 }),
};

/** The name of a loss. */
export type LossName = keyof typeof lossesByName;

/** The names that {@linkcode lossByName} knows, in the order of `--help`. */
export const lossNames: readonly LossName[] = Object.keys(lossesByName).filter(isLossName);

/** Whether a word is the name of a loss. */
function isLossName(word: string): word is LossName {
  return Object.hasOwn(lossesByName, word);
}

/**
 * Builds a loss from its name and β, as `--loss` and `--beta` give them.
 *
 * @example
 * ```ts
 * import { lossByName } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const loss = lossByName("ipo", 0.1);
 * assert(loss.name === "ipo" && loss.options.tau === 0.1);
 * ```
 *
 * @param name One of {@linkcode lossNames}.
 * @param beta Inverse temperature β of dpo and slic; ipo's τ, over the mean of tokens; slic-hf's margin is 1 / β nats,
 * as slic's is.
 * @returns The loss.
 * @throws {RangeError} If there is no loss of that name, or β is out of its range.
 * @throws {TypeError} If β is no number.
 */
export function lossByName(name: LossName, beta: number): PreferenceLoss {
  if (isLossName(name)) return lossesByName[name](beta);
  throw new RangeError(
    `Cannot choose a loss: name is ${show(name)}, expected one of ${lossNames.join(", ")}`,
  );
}
