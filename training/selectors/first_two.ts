// The pair of those who sample two answers.
import type { PairSelector } from "./selector.ts";

/**
 * The first two answers, whatever they are.
 *
 * @example
 * ```ts
 * import { firstTwo } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * assertEquals(firstTwo().name, "first-two");
 * ```
 */
export function firstTwo(): PairSelector {
  return {
    name: "first-two",
    select: (groups) => Promise.resolve(groups.map(() => [{ a: 0, b: 1 }])),
  };
}
