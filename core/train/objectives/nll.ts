// Supervised fine-tuning: L = −(1/H) Σ log p(y) over the H completion tokens of the batch.
import { range, rowBatches } from "../../batch/micro_batches.ts";
import type { PackedSequences } from "../../batch/packed_sequences.ts";
import { vocabularyHead } from "../head.ts";
import { type MetricRow, overMembers, skippedMembers } from "../metrics.ts";
import type { Objective } from "../objective.ts";

/** What a step of SFT says on the device: of each completion token [K·H] before the update, in nats. */
export type NllMetric = "logps" | "entropy";

/**
 * Mean NLL of completion tokens, as TRL's SFT trainer has it: only completion tokens count, each as much as another.
 * `microBatch` counts tokens, whole sequences.
 *
 * @example
 * ```ts
 * import { nll, packSequences } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const packed = packSequences([{ ids: [1, 6, 2], promptLength: 1 }]);
 * const metrics = { logps: [-1, -2], entropy: [1, 1], normSquares: [4] };
 * const { loss, grad_norm } = nll().summarise(metrics, packed);
 * assertEquals([loss, grad_norm], [1.5, 2]);
 * ```
 */
export function nll(): Objective<PackedSequences, NllMetric> {
  return {
    name: "nll",
    metrics: { logps: "token", entropy: "token" },
    head: vocabularyHead,
    split(packed, most = Infinity) {
      let first = 0;
      return rowBatches(packed, most).map((part) => {
        const sequences = range(first, first += part.starts.length);
        return { batch: part, packed: part, sequences, examples: sequences };
      });
    },
    slopes(arena, { batch, device, head: { logps, entropy } }) {
      const slopes = new Float32Array(device.targets.shape[0]).fill(-1 / batch.targets.length);
      return {
        slopes: arena.upload([slopes.length], slopes, "−1/H"),
        metrics: { logps, entropy },
      };
    },
    summarise({ logps, entropy, normSquares, nonFinite }, packed): MetricRow {
      const H = packed.targets.length;
      const mean = (values: ArrayLike<number>, k: number) =>
        Array.from({ length: H }, (_, i) => values[k * H + i]).reduce((a, b) => a + b, 0) / H;
      const perMember = Array.from(normSquares, (squares, k) => ({
        loss: -mean(logps, k),
        entropy: mean(entropy, k),
        grad_norm: Math.sqrt(squares),
      }));
      return {
        ...overMembers(perMember),
        step_tokens: packed.ids.length,
        ...skippedMembers(nonFinite),
      };
    },
  };
}
