/**
 * Annotators: who says which of two answers is better, and ways to combine them.
 *
 * @module
 */
export * from "./annotator.ts";
export * from "./failures.ts";
export * from "./rule.ts";
export * from "./bias.ts";
export * from "./budget.ts";
export * from "./cache.ts";
export * from "./canaries.ts";
export * from "./order_swap.ts";
export * from "./majority.ts";
export * from "./noise.ts";
export * from "./no_verdict.ts";
