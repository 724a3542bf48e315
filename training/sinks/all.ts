// Several sinks as one that a run talks to.
import type { RowSink, RunEnd, Sink, SinkRow, Stream } from "./sink.ts";

/** Each sink hears of everything, one after another; a state is copied only where one of them keeps it. */
export class Sinks<Checkpoint> implements RowSink {
  #isFinished = false;

  constructor(readonly sinks: readonly Sink<Checkpoint>[]) {}

  /** A row. */
  async append(stream: Stream, row: SinkRow): Promise<void> {
    for (const sink of this.sinks) await sink.append(stream, row);
  }

  /** A state. */
  async checkpoint(capture: () => Promise<Checkpoint>): Promise<void> {
    const keepers = this.sinks.filter(({ checkpoint }) => checkpoint !== undefined);
    if (keepers.length === 0) return;
    const state = await capture();
    for (const sink of keepers) await sink.checkpoint!(state);
  }

  /** The end, once. */
  async finish(end: RunEnd): Promise<void> {
    if (this.#isFinished) return;
    for (const sink of this.sinks) await sink.finish?.(end);
    this.#isFinished = true;
  }
}
