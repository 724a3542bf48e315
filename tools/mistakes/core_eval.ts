/** Mistakes in core/eval: statistics. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const CORE_EVAL: readonly MistakeRow[] = [
  ["wilsonInterval", "value + square / 2", "value + square"],
  ["wilsonInterval", "square / (4 * n)", "square / (2 * n)"],
  ["wilsonInterval", "(1 + level) / 2", "level"],
  ["winRate", 'verdict === "tie"', 'verdict === "b"'],
  ["score", "tie: 0.5", "tie: 1"],
  ["winRate", "failed++;", "failed++;\n      n++;"],
  [
    "pairedGain",
    "both.map(([, y]) => y), both.map(([x]) => x)",
    "both.map(([x]) => x), both.map(([, y]) => y)",
  ],
  ["pairedGain", 'outcome === "failed" || after[i] === "failed"', 'outcome === "failed"'],
  ["stratifiedBootstrap", "(1 - level) / 2", "1 - level"],
  ["stratifiedBootstrap", "values[below(values.length)]", "values[i]"],
  ["pairedDifference", "value - b[i]", "value + b[i]"],
];
