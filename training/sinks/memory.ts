// A sink that keeps everything: for tests, examples and pages.
import type { RunCheckpoint } from "../checkpoint.ts";
import type { RunEnd, Sink, SinkRow, Stream } from "./sink.ts";

/** A sink whose rows can be looked at. */
export interface MemorySink extends Required<Sink> {
  /** All rows of each stream, in order. */
  readonly rows: Readonly<Record<Stream, readonly SinkRow[]>>;
  /** The newest state; absent before the first. */
  readonly state?: RunCheckpoint;
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
 */
export function memorySink(): MemorySink {
  const rows: Record<Stream, SinkRow[]> = { metrics: [], pairs: [], answers: [], timing: [] };
  let state: RunCheckpoint | undefined, end: RunEnd | undefined;
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
