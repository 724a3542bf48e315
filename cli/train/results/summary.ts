// summary.json: a run in one object.
import type { DeviceInfo } from "../../../backend/mod.ts";
import { type Interval, type Outcome, pairedGain } from "../../../core/mod.ts";
import { NO_ANNOTATOR } from "../../judge/annotators.ts";
import type { Evaluation } from "../../../training/mod.ts";
import type { RunConfig } from "../../flags/run_config.ts";
import { cadenceOf, methodName } from "../../flags/cadence.ts";
import type { RunTotals } from "../totals.ts";

/** A rate and its 95% interval. */
export interface Rate {
  /** In [0, 1]. */
  readonly value: number;
  /** Lower end. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
}

/** A rate before and after training. */
export interface RateChange {
  /** Of the SFT model. */
  readonly before: Rate;
  /** Of the trained policy. */
  readonly after: Rate;
  /** Comparisons that count. */
  readonly n: number;
  /** After less before on the same prompts, with its paired interval; absent where no prompt has both verdicts. */
  readonly gain?: Rate;
}

/** A number before and after training. */
export interface Change {
  /** Of the SFT model. */
  readonly before: number;
  /** Of the trained policy. */
  readonly after: number;
}

/** What `summary.json` holds. */
export interface Summary {
  /** "cpu" or "webgpu". */
  readonly device: string;
  /** What it is. */
  readonly adapterInfo: Pick<DeviceInfo, "name" | "detail" | "software">;
  /** "bpo (dpo)", "offline dpo" …. */
  readonly method: string;
  /** Loss. */
  readonly loss: string;
  /** Reference. */
  readonly reference: string;
  /** Phases that the run had. */
  readonly phases: number;
  /** Steps between refreshes. */
  readonly refreshEvery: number;
  /** K. */
  readonly members: number;
  /** T. */
  readonly steps: number;
  /** A user's number. */
  readonly seed: number;
  /** Wall clock. */
  readonly seconds: number;
  /** Generated and trained tokens by the wall clock of both. */
  readonly tokensPerSecond: number;
  /** Collected. */
  readonly pairs: number;
  /** Neither won. */
  readonly ties: number;
  /** The annotator failed. */
  readonly failed: number;
  /** To the SFT model, nats a sequence: the mean log-ratio of the evaluation's samples. */
  readonly kl: number;
  /** The same of samples at temperature 1 with the whole vocabulary: the KL divergence itself. */
  readonly klAtOne?: number;
  /** By the training annotator; where the annotator is "none", how often held-out pairs are ranked as they are. */
  readonly winRate: RateChange;
  /** By the judge that did not train, where there is one. */
  readonly heldOutWinRate?: RateChange;
  /** By the training annotator, decoded greedily. */
  readonly greedyWinRate?: RateChange;
  /** Of both judges' score differences after training. */
  readonly judgeCorrelation: number | null;
  /** Mean over the answers. */
  readonly text: {
    readonly repetition: Change;
    /** Share of all answers' three-word sequences that are different. */
    readonly distinct3: Change;
    readonly misspelt?: Change;
    readonly words: Change;
  };
  /** Share of answers that ended by themselves. */
  readonly stopped: Change;
  /** Kernels that ran. */
  readonly dispatches: number;
  /** Command lists submitted. */
  readonly submits: number;
  /** Copies to the host. */
  readonly readbacks: number;
  /** Most bytes on the device at once. */
  readonly bytesPeak: number;
  /** SHA-256 of adapter_model.safetensors. */
  readonly adapterSha256: string;
  /** Annotator that trained. */
  readonly annotator: string;
  /** Model. */
  readonly model: string;
  /** Whether the reference texts were the committed ones. */
  readonly committedReferences: boolean;
}

/** The summary of a run that one of the embedded rules annotates: the other is held out. */
export type StoriesSummary = Summary & { readonly heldOutWinRate: RateChange };

/** What a summary is made of. */
export interface SummaryParts {
  /** The flags. */
  readonly config: RunConfig;
  /** The device. */
  readonly info: DeviceInfo;
  /** What was done. */
  readonly totals: RunTotals;
  /** SHA-256 of the adapter's weights. */
  readonly adapterSha256: string;
  /** Name of the model. */
  readonly model: string;
  /** Whether the reference texts were the committed ones. */
  readonly committedReferences: boolean;
}

/** The summary of a run that is done. */
export function summarise(parts: SummaryParts): Summary {
  const { config, info, totals } = parts;
  const { method } = config;
  const cadence = cadenceOf(method);
  const before = totals.evaluations[0].numbers, after = totals.evaluations.at(-1)!.numbers;
  const { greedyBefore, greedyAfter } = totals;
  const over = (of: (evaluation: Evaluation) => number): Change => ({
    before: of(before),
    after: of(after),
  });
  return {
    device: info.kind,
    adapterInfo: { name: info.name, detail: info.detail, software: info.software },
    method: methodName(method, cadence),
    loss: method.loss,
    reference: method.reference,
    phases: cadence.phases,
    refreshEvery: cadence.refreshEvery,
    members: config.adapter.members,
    steps: method.steps,
    seed: config.sampling.seed,
    seconds: totals.seconds,
    tokensPerSecond: (totals.generated + totals.trained) / Math.max(totals.workSeconds, 1e-9),
    pairs: totals.pairs,
    ties: totals.ties,
    failed: totals.failed,
    kl: after.kl,
    ...(totals.klAtOne === undefined ? {} : { klAtOne: totals.klAtOne }),
    winRate: change(before, after, "winRate"),
    ...(before.heldOut && after.heldOut
      ? { heldOutWinRate: change(before, after, "heldOut") }
      : {}),
    ...(method.annotator === NO_ANNOTATOR
      ? {}
      : { greedyWinRate: change(greedyBefore!, greedyAfter!, "winRate") }),
    judgeCorrelation: after.judgeCorrelation,
    text: {
      repetition: over((e) => e.text.repetition),
      distinct3: over((e) => e.text.distinct3),
      ...(after.text.misspelt === undefined ? {} : { misspelt: over((e) => e.text.misspelt!) }),
      words: over((e) => e.text.words),
    },
    stopped: over((e) => e.stopped),
    dispatches: totals.dispatches,
    submits: totals.submits,
    readbacks: totals.readbacks,
    bytesPeak: totals.bytesPeak,
    adapterSha256: parts.adapterSha256,
    annotator: method.annotator,
    model: parts.model,
    committedReferences: parts.committedReferences,
  };
}

function change(before: Evaluation, after: Evaluation, which: "winRate" | "heldOut"): RateChange {
  const rate = ({ value, low, high }: Interval): Rate => ({ value, low, high });
  const [first, last] = [before, after].map(({ outcomes }) => verdictsOf(outcomes[which]!));
  const isCompared = first.some((verdict, i) => verdict !== "failed" && last[i] !== "failed");
  return {
    before: rate(before[which]!),
    after: rate(after[which]!),
    n: after[which]!.n,
    ...(isCompared ? { gain: rate(pairedGain(first, last)) } : {}),
  };
}

const OUTCOMES: Readonly<Record<string, Outcome>> = { a: "a", b: "b", t: "tie", f: "failed" };

const verdictsOf = (letters: string): Outcome[] => Array.from(letters, (c) => OUTCOMES[c]);
