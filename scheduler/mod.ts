/**
 * The clock of BPO: when to refresh the behaviour snapshot, which prompts a phase visits, what a pair is.
 *
 * @module
 */
export * from "./cadence.ts";
export * from "./pairs.ts";
export * from "./prompts.ts";
export * from "./reference.ts";
export * from "./snapshot.ts";
