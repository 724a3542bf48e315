// Offline training: a dataset's preferences as pairs of a run. The reference scores them once; nothing is generated, and
// where no annotator is named the held-out pairs are what a policy is measured by.
import type { Device } from "../backend/mod.ts";
import {
  type Adapter,
  completionLogps,
  type Model,
  type Outcome,
  type Tokenizer,
  type TokenSequence,
} from "../core/mod.ts";
import {
  type AnswerRecord,
  type PairRecord,
  phaseVisits,
  type Policy,
  spelledRecords,
  type VisitOptions,
} from "../scheduler/mod.ts";
import type { DataPair } from "./training_data.ts";
import type { RecordedPairs } from "./recorded_pairs.ts";

/** Who wrote the answers of a dataset: nobody's policy that could be asked. */
export const DATASET = "data";

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
  pairs: readonly DataPair[],
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

/** A dataset's preferences as the pairs of a run: every epoch visits them in a new order. */
export function offlinePairs(
  pairs: readonly DataPair[],
  { device, model, tokenizer, reference, visits }: OfflineParts,
): RecordedPairs {
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
          prompt: text,
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
 * @param base The policy that it began as; it has raised neither, and every pair is a tie.
 * @returns A function of the policy's adapter; undefined is the start.
 */
export function pairRanker(
  device: Device,
  model: Model,
  pairs: readonly DataPair[],
  base: Adapter | undefined,
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
