// Log-probs of completions under a policy: sums over completion tokens, in nats.
import {
  Arena,
  type Device,
  leaves,
  segmentSum,
  type Tensor,
  tokenLogps,
} from "../../backend/mod.ts";
import type { Adapter } from "../lora/adapter.ts";
import { checkIds, type DeviceBatch, uploadBatch } from "../batch/device_batch.ts";
import { bindModel } from "../model/bind.ts";
import { forward } from "../model/decoder.ts";
import type { Model } from "../model/load.ts";
import { Tape } from "../ops/tape.ts";
import { packSequences, type TokenSequence } from "../batch/packed_sequences.ts";
import { rowsWithin } from "./limits.ts";

/** Per-token results of a scoring pass, on the device. */
export interface TokenScores {
  /** [G·H] log-prob of each completion token, nats. */
  readonly logps: Tensor;
  /** [G·H] entropy of the next-token distribution, nats. */
  readonly entropy: Tensor;
  /** [G·S] sums of `logps` over each completion, nats. */
  readonly sums: Tensor;
}

/**
 * Record a forward pass without gradients: log-probs of every completion under model + adapter.
 *
 * @example
 * ```ts
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * import { packSequences, scoreBatch, tinyModel, uploadBatch } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * using arena = new Arena(device, "example");
 * const batch = uploadBatch(arena, packSequences([{ ids: [1, 2, 3], promptLength: 1 }]));
 * const { entropy, sums } = await arena.readAll({ ...scoreBatch(arena, model, batch) });
 * assert(sums[0] < 0 && entropy.every((h) => h <= Math.log(16)));
 * ```
 */
export function scoreBatch(
  arena: Arena,
  model: Model,
  batch: DeviceBatch,
  adapter?: Adapter,
): TokenScores {
  const tape = new Tape(arena, false);
  const pass = { config: model.config, weights: model.weights.borrow(), adapter };
  const h = forward(tape, pass, batch);
  const { logps, entropy, ...others } = tokenLogps(arena, {
    h,
    w: bindModel(pass).head.matrix,
    targets: batch.targets,
  }, { gradient: false, softcap: model.config.logitSoftcap });
  tape.free(h, ...leaves(others));
  return { logps, entropy, sums: segmentSum(arena, logps, batch.headStarts, batch.headCounts) };
}

/** Log-probs of sequences on the host. */
export interface SequenceLogps {
  /** One sum a sequence, nats. */
  readonly sums: Float32Array<ArrayBuffer>;
  /** Per completion token, in sequence order, nats. */
  readonly perToken: Float32Array<ArrayBuffer>[];
}

/**
 * Log π(completion | prompt) of token sequences, in nats.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { completionLogps, tinyModel } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * const sequence = { ids: [1, 2, 3, 4], promptLength: 2 };
 * const { sums, perToken } = await completionLogps(device, model, [sequence]);
 * assert(Math.abs(sums[0] - (perToken[0][0] + perToken[0][1])) < 1e-5); // log π(3, 4 | 1, 2)
 * ```
 *
 * @param sequences Prompt then completion tokens.
 * @param options `adapter`: borrowed, one member; absent for the bare model. `rowsPerPass` bounds memory: 8192, or
 * fewer where the device binds or holds less.
 * @returns Sums and per-token values, in the order given.
 */
export async function completionLogps(
  device: Device,
  model: Model,
  sequences: readonly TokenSequence[],
  { adapter, rowsPerPass = 8192 }: { adapter?: Adapter; rowsPerPass?: number } = {},
): Promise<SequenceLogps> {
  const most = Math.min(rowsPerPass, rowsWithin(device, model.config, adapter?.layout.rank));
  const sums: number[] = [];
  const perToken: Float32Array<ArrayBuffer>[] = [];
  for (let from = 0; from < sequences.length;) {
    let to = from, rows = 0;
    while (
      to < sequences.length && (to === from || rows + sequences[to].ids.length <= most)
    ) {
      rows += sequences[to++].ids.length;
    }
    const packed = packSequences(sequences.slice(from, to));
    checkIds(packed.ids, model.config.vocabSize, {
      verb: "score",
      thing: "the texts",
      holder: "the batch",
    });
    using arena = new Arena(device, "completion log-probs");
    const scores = scoreBatch(arena, model, uploadBatch(arena, packed), adapter);
    const read = await arena.readAll({ sums: scores.sums, logps: scores.logps });
    sums.push(...read.sums);
    packed.headStarts.forEach((start, s) =>
      perToken.push(
        (read.logps as Float32Array<ArrayBuffer>).slice(start, start + packed.headCounts[s]),
      )
    );
    from = to;
  }
  return { sums: new Float32Array(sums), perToken };
}
