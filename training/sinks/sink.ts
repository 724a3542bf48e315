// Where what a run says goes: rows of named streams as they happen, states to go on from, and the word that it is over.
import type { RunCheckpoint } from "../checkpoint.ts";

/** The streams of a run. */
export const STREAMS = ["metrics", "pairs", "answers", "timing"] as const;

/**
 * Which rows these are. `metrics`: numbers of steps, phases and evaluations, TRL's names; nothing in it depends on the
 * clock. `pairs`: what was trained on. `answers`: the texts of evaluations. `timing`: seconds and tokens of phases.
 */
export type Stream = typeof STREAMS[number];

/** A row: plain data that JSON can say. Those of `metrics` have `step`, steps done, and numbers. */
export type SinkRow = object;

/** How a run ended. */
export interface RunEnd {
  /** Steps done. */
  readonly steps: number;
  /** Why it ended before its last step; absent where it did not. */
  readonly stopped?: string;
}

/** Takes rows. */
export interface RowSink {
  /** A row of a stream. */
  append(stream: Stream, row: SinkRow): void | Promise<void>;
}

/**
 * Takes what a run says, in the order in which it happens; the run awaits each call. What a sink throws ends the run.
 *
 * @example
 * ```ts
 * import { memorySink, type Sink } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const memory = memorySink();
 * const losses: number[] = [];
 * const mine: Sink = {
 *   append(stream, row) {
 *     if (stream === "metrics" && "loss" in row) losses.push(row.loss as number);
 *     memory.append(stream, row);
 *   },
 * };
 * await mine.append("metrics", { step: 1, loss: 0.5 });
 * assertEquals([losses, memory.rows.metrics], [[0.5], [{ step: 1, loss: 0.5 }]]);
 * ```
 *
 * @typeParam Checkpoint The run's state; `SftCheckpoint` where the run is an `SftRun`.
 */
export interface Sink<Checkpoint = RunCheckpoint> extends RowSink {
  /** The run's state at a moment at which it may be left; a sink without it costs no copy from the device. */
  checkpoint?(state: Checkpoint): void | Promise<void>;
  /** The run is over: its last row was appended. Not called where it fails or is aborted. */
  finish?(end: RunEnd): void | Promise<void>;
}
