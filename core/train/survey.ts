// Log-probs that have to be known before any slope is: scored first, under every member, without gradients.
import type { Arena, Tensor } from "../../backend/mod.ts";
import { checkIds, uploadBatch } from "../batch/device_batch.ts";
import { rowBatches } from "../batch/micro_batches.ts";
import type { PackedSequences } from "../batch/packed_sequences.ts";
import { scoreBatch } from "../policy/logps.ts";
import { type AdapterRun, tensorsOf } from "./adapter_pass.ts";

/** What is scored. */
export interface SurveyOptions {
  /** The sequences; undefined for none. */
  readonly sequences?: PackedSequences;
  /** Most tokens that go through the model at once, whole sequences: what the pass with gradients takes. */
  readonly rows: number;
}

/**
 * Scores sequences under every member; a submit and a readback for each part.
 *
 * @param params [K, P]; borrowed.
 * @returns [K·S] sums over completion tokens, nats, a member's after another's; undefined if there is nothing to score.
 */
export async function survey(
  arena: Arena,
  { model, layout }: AdapterRun,
  params: Tensor,
  { sequences, rows }: SurveyOptions,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  if (sequences === undefined) return undefined;
  checkIds(sequences.ids, model.config.vocabSize, {
    verb: "train",
    thing: "on the texts",
    holder: "the batch",
  });
  const members = params.shape[0], S = sequences.starts.length;
  const all = new Float32Array(members * S);
  let first = 0;
  for (const part of rowBatches(sequences, rows)) {
    const device = uploadBatch(arena, part, members), s = part.starts.length;
    const scores = scoreBatch(arena, model, device, { layout, params });
    const sums = await arena.read(scores.sums);
    for (let k = 0; k < members; k++) all.set(sums.subarray(k * s, (k + 1) * s), k * S + first);
    first += s;
    for (const tensor of [...tensorsOf(device), ...Object.values(scores)]) arena.release(tensor);
    arena.flush();
  }
  return all;
}
