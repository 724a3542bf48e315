// The objectives that there are, one a file.
export * from "./nll.ts";
export { type PairMetric, pairwise } from "./pairwise.ts";
