// A sink that keeps everything: for tests, examples and pages.
import type { RunCheckpoint } from "../checkpoint.ts";
import type { RunEnd, Sink, SinkRow, Stream } from "./sink.ts";

/**
 * A sink whose rows can be looked at.
 *
 * @typeParam Checkpoint The run's state.
 */
export interface MemorySink<Checkpoint = RunCheckpoint> extends Required<Sink<Checkpoint>> {
  /** All rows of each stream, in order. */
  readonly rows: Readonly<Record<Stream, readonly SinkRow[]>>;
  /** The newest state; absent before the first. */
  readonly state?: Checkpoint;
  /** How the run ended; absent where it has not. */
  readonly end?: RunEnd;
}

/**
 * A sink that keeps the rows, the newest state and the end.
 *
 * @example
 * ```ts
 * import { memorySink } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const sink = memorySink();
 * sink.append("metrics", { step: 1, loss: 0.69 });
 * sink.finish({ steps: 1 });
 * assertEquals([sink.rows.metrics, sink.end], [[{ step: 1, loss: 0.69 }], { steps: 1 }]);
 * ```
 *
 * @typeParam Checkpoint The run's state; `SftCheckpoint` where the run is an `SftRun`.
 */
export function memorySink<Checkpoint = RunCheckpoint>(): MemorySink<Checkpoint> {
  const rows: Record<Stream, SinkRow[]> = { metrics: [], pairs: [], answers: [], timing: [] };
  let state: Checkpoint | undefined, end: RunEnd | undefined;
  return {
    rows,
    get state() {
      return state;
    },
    get end() {
      return end;
    },
    append: (stream, row) => void rows[stream].push(row),
    checkpoint: (newest) => void (state = newest),
    finish: (how) => void (end = how),
  };
}
