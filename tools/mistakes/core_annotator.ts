/** Mistakes in core/annotator: verdicts and who gives them. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const CORE_ANNOTATOR: readonly MistakeRow[] = [
  ["askAnnotator", "verdicts.length !== pairs.length", "verdicts.length < pairs.length"],
  ["askAnnotator", "!OUTCOMES.includes(verdicts[i]?.outcome)", "false"],
  ["swapCandidate", "a: pair.b, b: pair.a", "a: pair.a, b: pair.b"],
  [
    "swapVerdict",
    "[verdict.scores[1], verdict.scores[0]]",
    "[verdict.scores[0], verdict.scores[1]]",
  ],
  [
    "swapVerdict",
    'verdict.outcome === "b" ? "a" : verdict.outcome',
    'verdict.outcome === "b" ? "b" : verdict.outcome',
  ],
  ["withOrderSwap", "swapVerdict(verdicts[pairs.length + i])", "verdicts[pairs.length + i]"],
  ["agree", "(s[0] + t[0]) / 2", "s[0] + t[0]"],
  ["agree", 'outcome: "tie", reason', "outcome: straight.outcome, reason"],
  ["majority", "Math.floor(n / 2) + 1", "Math.floor(n / 2)"],
  ["count", "votes.length - tally.failed < quorum", "votes.length < quorum"],
  ["count", 'leaders.length === 1 ? leaders[0] : "tie"', "leaders[0]"],
  ["withNoise", "uniformOf(seed, pairs[i]) >= p", "uniformOf(seed, pairs[i]) < p"],
  ["withNoise", 'verdict.outcome === "a" || verdict.outcome === "b"', 'verdict.outcome === "a"'],
  ["withBudget", "spent += asked", "spent += 1"],
  ["withBudget", "Math.max(0, budget - spent));", "Math.max(0, budget));"],
  ["withCache", "memory.size > maxEntries", "memory.size >= maxEntries"],
  ["withCache", 'if (verdict.outcome === "failed") return;', ""],
  ["withCache", "hits += pairs.length - unknown.size", "hits += pairs.length"],
  [
    "ruleAnnotator",
    "scoreVerdict(name, [first, second], tieMargin)",
    "scoreVerdict(name, [second, first], tieMargin)",
  ],
  ["countFailures", "y.count - x.count", "x.count - y.count"],
  ["callRule", "Number.isFinite(value)", "true"],
  ["requireVerdicts", "verdicts.some(", "verdicts.every("],
];
