// Log-probs of pairs that are there, by any policy.
import type { Device } from "../../backend/mod.ts";
import {
  type Adapter,
  completionLogps,
  type EncodedPreference,
  type Model,
  sequenceOf,
} from "../../core/mod.ts";
import { turn } from "../../core/base/pause.ts";

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
    await turn(); // lets Ctrl-C be heard
    signal?.throwIfAborted();
    const sequences = pairs.slice(from, from + TOGETHER).flatMap(({ prompt, chosen, rejected }) =>
      [chosen, rejected].map((answer) => sequenceOf(prompt, answer))
    );
    const { perToken } = await completionLogps(device, model, sequences, { adapter });
    for (let i = 0; i < perToken.length; i += 2) {
      scored.push({ chosen: perToken[i], rejected: perToken[i + 1] });
    }
  }
  return scored;
}

/** The sum of log-probs, nats, in f64. */
export function total(logps: ArrayLike<number>): number {
  return Array.from(logps).reduce((a, b) => a + b, 0);
}
