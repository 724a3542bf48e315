// One line a phase, and the numbers in it, written the same everywhere.
import type { Interval } from "../../core/mod.ts";
import { counted, decimals } from "../terminal/counted.ts";
import type { Evaluation } from "../../training/mod.ts";

/** What a phase's line says. */
export interface PhaseNumbers {
  /** From 1. */
  readonly phase: number;
  /** How many there are. */
  readonly phases: number;
  /** Steps done. */
  readonly step: number;
  /** At the end of the phase, where one was due. */
  readonly evaluation?: Evaluation;
  /** Mean implicit reward margin over the phase's steps; absent where none trained. */
  readonly margin?: number;
  /** Mean share of pairs on the right side. */
  readonly accuracy?: number;
  /** Collected pairs. */
  readonly pairs: number;
  /** Of them ties. */
  readonly ties: number;
  /** Of them failures. */
  readonly failed: number;
  /** Generated and trained tokens by the wall clock of both. */
  readonly tokensPerSecond: number;
}

/** `0.583 [0.523, 0.642]`. */
function showInterval({ value, low, high }: Interval): string {
  return `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
}

/** The line of a phase. */
export function phaseLine(n: PhaseNumbers): string {
  const left = [
    n.ties > 0 ? counted(n.ties, "tie") : "",
    n.failed > 0 ? `${n.failed} failed` : "",
  ].filter((part) => part !== "");
  return [
    `Phase ${n.phase}/${n.phases}, step ${n.step}`,
    ...(n.evaluation
      ? [
        `${n.evaluation.isRanked ? RANKED : "win rate"} ${showInterval(n.evaluation.winRate)} on ` +
        counted(n.evaluation.winRate.n, n.evaluation.isRanked ? "pair" : "prompt"),
        `KL to SFT ${decimals(n.evaluation.kl, 2)} nats`,
      ]
      : []),
    ...(n.margin === undefined ? ["no pair to train on"] : [`margin ${decimals(n.margin, 3)}`]),
    ...(n.accuracy === undefined ? [] : [`accuracy ${n.accuracy.toFixed(2)}`]),
    ...(left.length > 0 ? [`${left.join(" and ")} of ${counted(n.pairs, "pair")}`] : []),
    `${Math.round(n.tokensPerSecond).toLocaleString("en")} tokens/s`,
  ].join(" · ");
}

/** What a win rate is where nobody compares: the share of held-out pairs that are ranked as they are. */
export const RANKED = "held-out pairs ranked right";

/** The line of the evaluation before training. */
export function beforeLine({ winRate, heldOut, isRanked }: Evaluation): string {
  return [
    "Before training",
    `${isRanked ? RANKED : "win rate"} ${showInterval(winRate)}`,
    ...(heldOut ? [`held-out judge ${showInterval(heldOut)}`] : []),
    counted(winRate.n, isRanked ? "pair" : "prompt"),
  ].join(" · ");
}
