/**
 * The paper room: preference losses as pure mathematics. One file a loss; each gives its value, its
 * slopes in the log-ratios of chosen and rejected, and the same in WGSL.
 *
 * @example
 * ```ts
 * import { dpo, ipo } from "@leash/bpo/losses";
 * import { assert } from "@std/assert";
 *
 * const pair = { dw: 1.5, dl: -0.5, nw: 12, nl: 9, lw: -30, ll: -25 };
 * for (const loss of [dpo({ beta: 0.1 }), ipo({ tau: 0.1, reduction: "mean" })]) {
 *   assert(loss.slopes(pair).dw < 0); // both still raise the chosen
 * }
 * ```
 *
 * @module
 */

export * from "./by_name.ts";
export * from "./contract.ts";
export * from "./dpo.ts";
export * from "./ipo.ts";
export * from "./numerics.ts";
export * from "./slic.ts";
export * from "./slic_hf.ts";
