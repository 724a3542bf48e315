// Offline training: a dataset's preferences as the pairs of a run. The reference scores them; nothing is generated.
import type { EncodedPreference } from "../../core/mod.ts";
import {
  type AnswerRecord,
  type PairRecord,
  type PromptSource,
  spelledRecords,
} from "../../scheduler/pairs.ts";
import { phaseVisits } from "../../scheduler/prompts.ts";
import { scorePairs, total } from "./score_pairs.ts";
import type { PairSource } from "./source.ts";

/** A preference in tokens, and what people see of it. */
export interface OfflinePair extends Pick<EncodedPreference, "prompt" | "chosen" | "rejected"> {
  /** Where it stands, for people. */
  readonly place?: string;
  /** The prompt, for people; default its tokens as text. */
  readonly text?: string;
  /** What it was before it became ids. */
  readonly source?: PromptSource;
  /** Turns of both answers, where they are dialogues. */
  readonly turns?: { readonly [answer in "chosen" | "rejected"]: AnswerRecord["turns"] };
}

/** Who wrote the answers of a dataset: nobody's policy that could be asked. */
export const DATASET = "data";

/**
 * A dataset's preferences as the pairs of a run: every epoch visits them in a new order. Where the run does not say what
 * the loss holds the learner to, it is the bare model: who wrote the answers cannot be asked.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { readPairs, tinyModel } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { offline, Run } from "@leash/bpo/training";
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
 * const how = { loss: dpo({ beta: 0.1 }), epochs: 3, learningRate: 1e-2 };
 * using run = Run.start(device, { model, tokenizer, source: offline(pairs), pairsPerStep: 1, ...how });
 * const losses: number[] = [];
 * await run.finish({ on: { step: ({ metrics }) => void losses.push(metrics.loss) } });
 * assert(losses[2] < losses[0] && Math.abs(losses[0] - Math.LN2) < 1e-6);
 * ```
 *
 * @param pairs Preferences in tokens, as `readPairs` gives them.
 * @throws {RangeError} If there is none.
 */
export function offline(pairs: readonly OfflinePair[]): PairSource {
  if (pairs.length === 0) {
    throw new RangeError("Cannot learn offline: pairs is empty, expected at least 1");
  }
  return {
    entries: pairs.length,
    reference: { kind: "sft" },
    async phase(request) {
      const { device, model, tokenizer, phase, reference, signal } = request;
      const visited = phaseVisits(pairs.length, request, phase);
      const needed = [...new Set(visited.map(({ index }) => index))];
      const wanted = needed.map((index) => pairs[index]);
      const scores = await scorePairs(device, model, wanted, reference.adapter, signal);
      const byIndex = new Map(needed.map((index, i) => [index, scores[i]]));
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
          verdict: {
            outcome: "a",
            ...(place === undefined ? {} : { reason: `chosen in ${place}` }),
          },
          annotator: DATASET,
          snapshotId: DATASET,
          referenceId: reference.id,
        };
      });
      return { records: await spelledRecords(tokenizer, records), generated: 0 };
    },
  };
}
