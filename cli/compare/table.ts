// From runs to a table: every cell's mean over seeds and prompts, with an interval that other seeds and other prompts
// would leave it in.
import { type Interval, mean, stratifiedBootstrap } from "../../core/mod.ts";
import { type Evidence, meanOfKnown } from "./evidence.ts";
import type { PlannedRun } from "./plan.ts";
import type { Rate, Summary } from "../train/results/summary.ts";

/** A run that is done. */
export interface DoneRun extends Pick<PlannedRun, "method" | "members" | "seed"> {
  /** What it shows. */
  readonly evidence: Evidence;
}

/** One method at one number of members. */
export interface Row {
  /** Folder name of the method. */
  readonly id: string;
  /** Its name. */
  readonly method: string;
  /** F. */
  readonly phases: number;
  /** K. */
  readonly members: number;
  /** By the training annotator. */
  readonly winRate: Interval;
  /** By the judge that did not train. */
  readonly heldOutWinRate: Interval;
  /** To the SFT model, nats a sequence: mean, lowest and highest seed. */
  readonly kl: Interval;
  /** Share of misspelt words, where the word list is the model's. */
  readonly misspelt?: Interval;
  /** Share of repeated three-word sequences. */
  readonly repetition: Interval;
  /** Wall clock of a run, mean over the seeds. */
  readonly seconds: number;
  /** Pairs that were annotated in each run. */
  readonly pairs: number;
  /** What each seed gave. */
  readonly seeds: readonly {
    readonly seed: number;
    readonly winRate: number;
    readonly heldOutWinRate: number;
    readonly kl: number;
  }[];
}

/** All of a comparison, as compare.json holds it. */
export interface Comparison {
  /** How the intervals were made. */
  readonly intervals: string;
  /** T. */
  readonly steps: number;
  /** Pairs a step. */
  readonly pairs: number;
  /** Prompts that each run was evaluated on. */
  readonly prompts: number;
  /** Seeds of every cell. */
  readonly seeds: readonly number[];
  /** What it ran on. */
  readonly devices: readonly string[];
  /** The SFT model, which all runs begin with. */
  readonly before: {
    readonly winRate: Rate;
    readonly heldOutWinRate: Rate;
    readonly misspelt?: number;
    readonly repetition: number;
  };
  /** In the order of the plan. */
  readonly rows: readonly Row[];
}

const INTERVALS = "95% bootstrap intervals that draw seeds and prompts with replacement; " +
  "of KL the lowest and the highest seed";

/**
 * A [seeds, prompts] table's mean with its bootstrap interval: seeds and prompts are drawn independently, and what was
 * drawn is crossed, since all seeds answer the same prompts. NaN is left out.
 */
export function crossedInterval(table: readonly (readonly number[])[]): Interval {
  const indices = (n: number) => Array.from({ length: n }, (_, i) => i);
  const seeds = table.length, prompts = table[0].length;
  const cells = new Float64Array(seeds * prompts);
  return stratifiedBootstrap([indices(seeds), indices(prompts)], {
    seed: 0,
    statistic: (drawn) => {
      for (let s = 0; s < seeds; s++) {
        for (let p = 0; p < prompts; p++) {
          cells[s * prompts + p] = table[drawn[s]][drawn[seeds + p]];
        }
      }
      return meanOfKnown(cells);
    },
  });
}

/** Puts the runs of a comparison together. */
export function tabulate(steps: number, pairs: number, runs: readonly DoneRun[]): Comparison {
  const cells = Map.groupBy(runs, ({ method, members }) => `${method.id} ${members}`);
  const [first] = runs, { summary } = first.evidence;
  const inOneWord = ({ device, adapterInfo }: Summary) =>
    `${device === "cpu" ? "CPU" : "WebGPU"}, ${adapterInfo.name}`;
  return {
    intervals: INTERVALS,
    steps,
    pairs,
    prompts: first.evidence.wins.length,
    seeds: [...new Set(runs.map(({ seed }) => seed))],
    devices: [...new Set(runs.map(({ evidence }) => inOneWord(evidence.summary)))],
    before: {
      winRate: summary.winRate.before,
      heldOutWinRate: summary.heldOutWinRate.before,
      ...(summary.text.misspelt ? { misspelt: summary.text.misspelt.before } : {}),
      repetition: summary.text.repetition.before,
    },
    rows: [...cells.values()].map(rowOf),
  };
}

function rowOf(runs: readonly DoneRun[]): Row {
  const [{ method, members, evidence: { summary } }] = runs;
  const interval = (of: (evidence: Evidence) => readonly number[]) =>
    crossedInterval(runs.map(({ evidence }) => of(evidence)));
  const summaries = runs.map(({ evidence }) => evidence.summary);
  const kls = summaries.map(({ kl }) => kl);
  return {
    id: method.id,
    method: method.title,
    phases: summary.phases,
    members,
    winRate: interval(({ wins }) => wins),
    heldOutWinRate: interval(({ heldOut }) => heldOut),
    kl: { value: mean(kls), low: Math.min(...kls), high: Math.max(...kls) },
    ...(summary.text.misspelt ? { misspelt: interval(({ misspelt }) => misspelt!) } : {}),
    repetition: interval(({ repetition }) => repetition),
    seconds: mean(summaries.map(({ seconds }) => seconds)),
    pairs: summary.pairs,
    seeds: runs.map(({ seed }, i) => ({
      seed,
      winRate: summaries[i].winRate.after.value,
      heldOutWinRate: summaries[i].heldOutWinRate.after.value,
      kl: kls[i],
    })),
  };
}
