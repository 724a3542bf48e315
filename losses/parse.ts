// From a name and options, as they stand in a config or on a command line, to a loss.

import { show } from "./check.ts";
import type { PreferenceLoss } from "./contract.ts";
import { dpo, type DpoOptions } from "./dpo.ts";
import { ipo, type IpoOptions } from "./ipo.ts";
import { slic, type SlicOptions } from "./slic.ts";
import { slicHf, type SlicHfOptions } from "./slic_hf.ts";
import { didYouMean } from "./nearest.ts";

/** Options as they come out of a config: values are checked by the loss that gets them. */
export type LossOptions = Readonly<Record<string, number | string | undefined>>;

interface Entry {
  readonly options: readonly string[];
  build(options: LossOptions): PreferenceLoss;
}

// The casts are safe: every loss checks the kind and range of each of its options.
const table: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["dpo", {
    options: ["beta", "labelSmoothing"],
    build: (options) => dpo(options as unknown as DpoOptions),
  }],
  ["ipo", {
    options: ["tau", "reduction"],
    build: (options) => ipo(options as unknown as IpoOptions),
  }],
  ["slic", {
    options: ["beta"],
    build: (options) => slic(options as unknown as SlicOptions),
  }],
  ["slic-hf", {
    options: ["delta", "lambda"],
    build: (options) => slicHf(options as unknown as SlicHfOptions),
  }],
]);

/** The names that {@linkcode lossByName} knows. */
export const lossNames: readonly string[] = [...table.keys()];

/**
 * Builds a loss from its name, as `--loss` gives it.
 *
 * @example
 * ```ts
 * import { lossByName } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const loss = lossByName("ipo", { tau: 0.1, reduction: "mean" });
 * assert(loss.name === "ipo" && loss.options.tau === 0.1);
 * ```
 *
 * @param name One of {@linkcode lossNames}.
 * @param options That loss's options; one that is `undefined` counts as not given.
 * @returns The loss.
 * @throws {RangeError} If the name or an option's name is unknown (the message names the nearest one),
 * or a value is out of its range.
 * @throws {TypeError} If an option is missing or of the wrong kind.
 */
export function lossByName(name: string, options: LossOptions): PreferenceLoss {
  const entry = table.get(name);
  if (entry === undefined) throw unknown("Cannot choose a loss: name", name, lossNames);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [option] of given) {
    if (!entry.options.includes(option)) {
      throw unknown(`Cannot build the ${name} loss: option name`, option, entry.options);
    }
  }
  return entry.build(Object.fromEntries(given));
}

function unknown(what: string, found: string, wanted: readonly string[]): RangeError {
  return new RangeError(
    `${what} is ${show(found)}, expected one of ${wanted.join(", ")}.` +
      didYouMean(found, wanted, show),
  );
}
