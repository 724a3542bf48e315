// What reads the last hidden states of a step's forward pass. The vocabulary's head is one; an objective may bring its own.
import { scaleRows, type Tensor, type TokenLogps, tokenLogps } from "../../backend/mod.ts";
import type { DeviceBatch } from "../batch/device_batch.ts";
import { bindModel } from "../model/bind.ts";
import type { Pass } from "../model/bound_model.ts";
import type { Tape } from "../ops/tape.ts";

/** A reading, and the way back from it. */
export interface HeadPass<Out> {
  /** What was read; in the step's arena. */
  readonly reading: Out;
  /** Its tensors, to be released once the gradient is known: all that neither the tape nor `back` releases. */
  readonly tensors: readonly Tensor[];
  /** Of which a member's numbers have to be finite, or the member is not updated. */
  readonly watched: Tensor;
  /**
   * Hands ∂loss/∂reading to the tape, for what the head read.
   *
   * @param slopes [K·H], one a head row: of a log-prob, or of whatever number the head reads there.
   */
  back(slopes: Tensor): void;
}

/**
 * Reads hidden states [K·H, D] at the batch's head rows.
 *
 * `rewardHead` (`objectives/reward.ts`) is one of another kind: one number a sequence, w·h at its last row, with the w of
 * each member behind its matrices in `pass.adapter`, where `lora/adapter.ts` has room for it. So AdamW, the gradient's
 * norm, checkpoints and merges take it as they take the rest.
 */
export type Head<Out> = (tape: Tape, pass: Pass, h: Tensor, batch: DeviceBatch) => HeadPass<Out>;

/** Log-probs of the completion tokens with their unscaled gradients; logits never exist whole. */
export function vocabularyHead(
  tape: Tape,
  pass: Pass,
  h: Tensor,
  { targets }: DeviceBatch,
): HeadPass<TokenLogps> {
  const { arena } = tape, { config, head } = bindModel(pass);
  const { gradient, ...reading } = tokenLogps(arena, { h, w: head.matrix, targets }, {
    gradient: true,
    softcap: config.logitSoftcap,
  });
  return {
    reading,
    tensors: Object.values(reading),
    watched: reading.logps,
    back(slopes) {
      tape.accumulate(h, () => scaleRows(arena, gradient!, slopes));
      arena.release(gradient!);
    },
  };
}
