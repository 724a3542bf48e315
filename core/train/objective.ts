// What a step optimises: how a batch goes through the model, how slopes come from what the head read, what is logged.
// Axes: K members; of a batch S sequences, H completion tokens, N examples (pairs, completions); small letters: a part's.
import type { Arena, Tensor, TokenLogps } from "../../backend/mod.ts";
import type { DeviceBatch } from "../batch/device_batch.ts";
import type { PackedSequences } from "../batch/packed_sequences.ts";
import type { Part } from "../batch/micro_batches.ts";
import type { Head } from "./head.ts";
import type { MetricRow } from "./metrics.ts";

/** What a metric has one number of, for each member. */
export type Per = "token" | "sequence" | "example" | "member";

/** A part of a batch that is through the model, as an objective sees it. */
export interface PartPass<Batch, Out = TokenLogps> {
  /** The whole batch. */
  readonly batch: Batch;
  /** What of it is through. */
  readonly part: Part<Batch>;
  /** N of the whole batch: what a mean over examples divides by. */
  readonly examples: number;
  /** K. */
  readonly members: number;
  /** The part on the device, repeated once a member. */
  readonly device: DeviceBatch;
  /** What the head read: of the vocabulary's, log-probs of completion tokens [K·h] and what goes with them. */
  readonly head: Out;
  /** [K·S] log-probs of the sequences of `survey`, nats, a member's after another's; undefined where there was none. */
  readonly surveyed?: Float32Array;
}

/** What an objective says of a part; all tensors in the step's arena. */
export interface PartSlopes<Metric extends string> {
  /** [K·h] ∂L/∂(what the head read at a row), with L the mean over the whole batch. */
  readonly slopes: Tensor;
  /** The part's metrics, f32. */
  readonly metrics: Readonly<Record<Metric, Tensor>>;
  /** Tensors [K, …] that have to be finite, besides the head's and the slopes: else the member is not updated. */
  readonly watched?: readonly Tensor[];
  /** What else was allocated and nobody needs any more: the next part has its memory. */
  readonly left?: readonly Tensor[];
}

/** A step's metrics on the host. */
export type HostMetrics<Metric extends string> =
  & { readonly [name in Metric]: ArrayLike<number> }
  & {
    /** [K] squared gradient norms before clipping. */
    readonly normSquares: ArrayLike<number>;
    /** [K] blocks of numbers that are not finite: a member with any was not updated. Default: none. */
    readonly nonFinite?: ArrayLike<number>;
  };

/**
 * What `trainStep` is driven by. `pairwise(loss)` and `nll()` are two; one of your own is an object of this type, with
 * its own kind of batch, its own inputs on the device (`slopes` records in the step's arena and may `await` a
 * readback) and, if it wants, its own head.
 *
 * @example Maximum likelihood, a sequence as much as another, computed on the host
 * ```ts
 * import { nll, type Objective, type PackedSequences } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * const perSequence: Objective<PackedSequences, "logps"> = {
 *   ...nll(),
 *   name: "nll-per-sequence",
 *   metrics: { logps: "token" },
 *   slopes(arena, { part: { packed }, examples, members, head: { logps } }) {
 *     const one = [...packed.headCounts].flatMap((n) => Array(n).fill(-1 / (n * examples)));
 *     const all = new Float32Array(Array(members).fill(one).flat());
 *     return { slopes: arena.upload([all.length], all, "slopes"), metrics: { logps } };
 *   },
 *   summarise: ({ normSquares }) => ({ grad_norm: Math.sqrt(normSquares[0]) }),
 * };
 * assert(perSequence.name !== nll().name);
 * ```
 */
export interface Objective<Batch, Metric extends string = string, Out = TokenLogps> {
  /** Name in logs and messages: `"dpo"`, `"nll"`. */
  readonly name: string;
  /** What it says of a step on the device, and of what each has one number. */
  readonly metrics: Readonly<Record<Metric, Per>>;
  /** What reads the last hidden states: `vocabularyHead`, or one of its own. */
  readonly head: Head<Out>;
  /**
   * Checks the batch and packs it in parts, in order.
   *
   * @param most The most that goes through the model at once, in the objective's unit (pairs, tokens, completions);
   * absent: all of it, as one part.
   * @throws {RangeError} If the batch cannot be trained on, or `most` is no such size.
   */
  split(batch: Batch, most?: number): Part<Batch>[];
  /**
   * Sequences whose log-probs under the members have to be known before any slope is: those of the whole batch where it
   * goes through in several parts and slopes depend on all, or others that are never learnt. They are scored first,
   * without gradients.
   *
   * @param parts In how many parts the batch goes through the model.
   * @returns What is to be scored; undefined if nothing. Absent: nothing.
   */
  survey?(batch: Batch, parts: number): PackedSequences | undefined;
  /** The slopes of a part, and what it says of itself. */
  slopes(
    arena: Arena,
    pass: PartPass<Batch, Out>,
  ): PartSlopes<Metric> | Promise<PartSlopes<Metric>>;
  /** A step as one row of numbers, by the names that TRL logs them under. */
  summarise(metrics: HostMetrics<Metric>, batch: Batch): MetricRow;
}
