// Offline training: a dataset's preferences as pairs of a run. The reference scores them once; nothing is generated, and
// where no annotator is named the held-out pairs are what a policy is measured by.
import type { Device } from "../backend/mod.ts";
import {
  type Adapter,
  type Annotator,
  completionLogps,
  type EncodedPreference,
  keyOf,
  type Model,
  type Outcome,
  scheduleByName,
  type Scheduled,
  type Tokenizer,
  type TokenSequence,
} from "../core/mod.ts";
import { Alignment } from "./alignment.ts";
import type { AlignmentOptions } from "./alignment_types.ts";
import { cadence } from "../scheduler/cadence.ts";
import {
  type AnswerRecord,
  type PairRecord,
  type PromptSource,
  spelledRecords,
} from "../scheduler/pairs.ts";
import { phaseVisits, type VisitOptions } from "../scheduler/prompts.ts";
import type { Policy } from "../scheduler/reference.ts";

/** A preference in tokens, and what people see of it. */
export interface OfflinePair extends EncodedPreference {
  /** The prompt, for people; default its tokens as text. */
  readonly text?: string;
  /** What it was before it became ids. */
  readonly source?: PromptSource;
  /** Turns of both answers, where they are dialogues. */
  readonly turns?: { readonly [answer in "chosen" | "rejected"]: AnswerRecord["turns"] };
}

/** Who wrote the answers of a dataset: nobody's policy that could be asked. */
export const DATASET = "data";

/** The ids of a pair. */
export type PairIds = Pick<EncodedPreference, "prompt" | "chosen" | "rejected">;

/** Log-probs of both answers, nats. */
export interface ScoredPair {
  /** Of each token of the chosen answer. */
  readonly chosen: Float32Array<ArrayBuffer>;
  /** Of each token of the other. */
  readonly rejected: Float32Array<ArrayBuffer>;
}

const TOGETHER = 16; // pairs between looks at the signal

/** Scores pairs by a policy; an abort is heard between groups of them. */
export async function scorePairs(
  device: Device,
  model: Model,
  pairs: readonly PairIds[],
  adapter: Adapter | undefined,
  signal?: AbortSignal,
): Promise<ScoredPair[]> {
  const scored: ScoredPair[] = [];
  for (let from = 0; from < pairs.length; from += TOGETHER) {
    await new Promise((resolve) => setTimeout(resolve, 0)); // lets Ctrl-C be heard
    signal?.throwIfAborted();
    const sequences = pairs.slice(from, from + TOGETHER).flatMap(({ prompt, chosen, rejected }) =>
      [chosen, rejected].map((answer): TokenSequence => ({
        ids: [...prompt, ...answer],
        promptLength: prompt.length,
      }))
    );
    const { perToken } = await completionLogps(device, model, sequences, { adapter });
    for (let i = 0; i < perToken.length; i += 2) {
      scored.push({ chosen: perToken[i], rejected: perToken[i + 1] });
    }
  }
  return scored;
}

const total = (logps: ArrayLike<number>) => Array.from(logps).reduce((a, b) => a + b, 0);

/** What offline pairs are made with. */
export interface OfflineParts {
  /** Where the model is. */
  readonly device: Device;
  /** The frozen base. */
  readonly model: Model;
  /** For the texts of the records. */
  readonly tokenizer: Tokenizer;
  /** Scores the answers. */
  readonly reference: Policy;
  /** The order in which pairs are visited. */
  readonly visits: VisitOptions;
}

/** Pairs that are there before the run, phase by phase. */
export interface RecordedPhases {
  /** Pairs of a phase, with reference log-probs. */
  phase(
    span: readonly [from: number, to: number],
    phase: number,
    signal?: AbortSignal,
  ): Promise<PairRecord[]>;
}

/** A dataset's preferences as the pairs of a run: every epoch visits them in a new order. */
export function offlinePairs(
  pairs: readonly OfflinePair[],
  { device, model, tokenizer, reference, visits }: OfflineParts,
): RecordedPhases {
  const ends = model.config.eosId ?? [];
  const answer = (
    ids: readonly number[],
    logps: Float32Array,
    turns: AnswerRecord["turns"],
  ): AnswerRecord => {
    const isEnded = ends.includes(ids[ids.length - 1]);
    return {
      text: tokenizer.decode(isEnded ? ids.slice(0, -1) : ids),
      ids,
      finish: isEnded ? "stop" : "length",
      logps: [...logps], // the reference's: the policy that wrote the answer is not known
      referenceLogp: total(logps),
      ...(turns === undefined ? {} : { turns }),
    };
  };
  return {
    async phase(_span, phase, signal): Promise<PairRecord[]> {
      const visited = phaseVisits(pairs.length, visits, phase);
      const needed = [...new Set(visited.map(({ index }) => index))];
      const wanted = needed.map((index) => pairs[index]);
      const scores = await scorePairs(device, model, wanted, reference.adapter, signal);
      const byIndex = new Map(needed.map((index, i) => [index, scores[i]]));
      const records = visited.map(({ index, step }): PairRecord => {
        const { prompt, text, source, turns, chosen, rejected, place } = pairs[index];
        const scored = byIndex.get(index)!;
        return {
          phase,
          step,
          prompt: text ?? tokenizer.decode(prompt),
          promptIds: prompt,
          ...(source === undefined ? {} : { source }),
          a: answer(chosen, scored.chosen, turns?.chosen),
          b: answer(rejected, scored.rejected, turns?.rejected),
          verdict: { outcome: "a", reason: `chosen in ${place}` },
          annotator: DATASET,
          snapshotId: DATASET,
          referenceId: reference.id,
        };
      });
      return await spelledRecords(tokenizer, records);
    },
  };
}

/**
 * Asks which answer of each held-out pair a policy has raised more against the policy that it began as.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { tinyModel } from "@leash/bpo/core";
 * import { pairRanker } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const pair = { prompt: [1, 3], chosen: [4, 5], rejected: [6] };
 * assertEquals(await pairRanker(device, model, [pair])(undefined), ["tie"]); // the start has raised nothing
 * ```
 *
 * @param base The policy that it began as, default the bare model; it has raised neither, and every pair is a tie.
 * @returns A function of the policy's adapter, undefined for the start, and a signal: "a" where the chosen answer was
 * raised more, "b" where the other was.
 */
export function pairRanker(
  device: Device,
  model: Model,
  pairs: readonly PairIds[],
  base?: Adapter,
): (adapter: Adapter | undefined, signal?: AbortSignal) => Promise<Outcome[]> {
  let start: ScoredPair[] | undefined;
  return async (adapter, signal) => {
    if (adapter === undefined) return pairs.map(() => "tie");
    start ??= await scorePairs(device, model, pairs, base, signal);
    const now = await scorePairs(device, model, pairs, adapter, signal);
    return now.map(({ chosen, rejected }, i) => {
      const margin = total(chosen) - total(start![i].chosen) -
        (total(rejected) - total(start![i].rejected));
      return margin > 0 ? "a" : margin < 0 ? "b" : "tie";
    });
  };
}

/** What an offline run is made of. */
export interface OfflineOptions extends
  Partial<
    Pick<
      AlignmentOptions,
      | "members"
      | "rank"
      | "alpha"
      | "rsLora"
      | "targetModules"
      | "adamw"
      | "gradientCheckpointing"
      | "microBatch"
      | "pairsPerStep"
      | "seed"
    >
  >,
  Pick<AlignmentOptions, "model" | "tokenizer" | "loss"> {
  /** Of each step; a number falls in a line to 0 at the end of the run. */
  readonly learningRate: Scheduled;
  /** Preferences in tokens, as `readPairs` gives them; at least one. */
  readonly pairs: readonly OfflinePair[];
  /** Steps in all; default one epoch. Each epoch visits the pairs in a new order. */
  readonly steps?: number;
  /** Ends the scoring of the pairs. */
  readonly signal?: AbortSignal;
}

/**
 * A run that learns preferences that are there: DPO, IPO or SLiC, offline. The bare model is the reference and has scored
 * all pairs when this returns; the caller calls `step` until the run is `done`.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { readPairs, tinyModel } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { offlineAlignment } from "@leash/bpo/training";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const tokenizer = {
 *   ...{ vocabSize: 16, bosId: 1, eosId: 2, padId: 0 },
 *   encode: (text: string) => Array.from(text, (c) => 3 + c.charCodeAt(0) % 13),
 *   decode: (ids: ArrayLike<number>) => Array.from(ids, (id) => String.fromCharCode(97 + id)).join(""),
 * };
 * const { pairs } = await readPairs([{ prompt: "ab", chosen: "cd", rejected: "e" }], tokenizer);
 * const how = { loss: dpo({ beta: 0.1 }), steps: 3, learningRate: 1e-2 };
 * using run = await offlineAlignment(device, { model, tokenizer, pairs, ...how });
 * const losses: number[] = [];
 * while (!run.done) losses.push((await run.step()).metrics.loss);
 * assert(losses[2] < losses[0] && Math.abs(losses[0] - Math.LN2) < 1e-6);
 * ```
 *
 * @param device Where the model is.
 * @param options `model`, `tokenizer`, `pairs`, `loss`, `learningRate`; `steps`, and of `AlignmentOptions`:
 * `pairsPerStep` (default 8), `members` (1), `rank` (8), `alpha` (16), `seed` (0).
 * @returns The run; the caller disposes it.
 * @throws {RangeError} If there is no pair, or a size is not a whole number of at least 1.
 */
export async function offlineAlignment(
  device: Device,
  { pairs, signal, ...options }: OfflineOptions,
): Promise<Alignment> {
  const { pairsPerStep = 8, seed = 0, model, tokenizer } = options;
  const { steps = Math.ceil(pairs.length / pairsPerStep) } = options;
  const rhythm = cadence({ steps: Math.max(1, steps), phases: 1 });
  const { learningRate: rate } = options;
  const learningRate = typeof rate === "number"
    ? scheduleByName("linear", { base: rate, steps: rhythm.steps })
    : rate;
  const run = Alignment.start(device, {
    ...{ members: 1, rank: 8, alpha: 16 },
    ...options,
    learningRate,
    ...{ pairsPerStep, seed, cadence: rhythm, reference: { kind: "sft" }, annotator: NOBODY },
    ...{ sampling: { temperature: 1 }, maxNew: 1 }, // nothing is sampled
    prompts: pairs.map(({ prompt, text = "" }) => ({ text, ids: prompt })),
  });
  try {
    const visits = { pairsPerStep, cadence: rhythm, key: keyOf(seed) };
    const recorded = offlinePairs(pairs, {
      ...{ device, model, tokenizer, visits },
      reference: { id: "sft" },
    });
    run.load(await recorded.phase(rhythm.span(0), 0, signal));
    return run;
  } catch (error) {
    run[Symbol.dispose]();
    throw error;
  }
}

const NOBODY: Annotator = {
  name: DATASET,
  annotate: () =>
    Promise.reject(new Error("Cannot annotate: the run is offline, expected its recorded pairs")),
};
