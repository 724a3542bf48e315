// The logs of a run's folder: a JSON-lines file for each stream, whose moment a checkpoint remembers.
import { type Stream, STREAMS } from "../training/mod.ts";
import { type JsonlAppender, type LogMark, openJsonl } from "./jsonl.ts";

/** Lengths and fingerprints of the logs: where a resumed run cuts them, and what must stand there. */
export type LogMarks = Readonly<Record<Stream, LogMark>>;

/** Where the log of a stream is. */
export function logPath(dir: string, stream: Stream): string {
  return `${dir}/${stream}.jsonl`;
}

/** Open logs. Close them, or hold them with `using`. */
export class RunLogs implements Disposable {
  readonly #logs: Readonly<Record<Stream, JsonlAppender>>;

  private constructor(logs: Readonly<Record<Stream, JsonlAppender>>) {
    this.#logs = logs;
  }

  /**
   * Opens the logs of a folder, cut to what a checkpoint remembers; empty where there is none.
   *
   * @throws {Mistake} If one is shorter than its mark, has other bytes than it says, or is a link.
   */
  static async open(dir: string, marks?: LogMarks): Promise<RunLogs> {
    using stack = new DisposableStack();
    const logs: [Stream, JsonlAppender][] = [];
    for (const stream of STREAMS) {
      const options = { truncateTo: marks?.[stream] ?? 0 };
      logs.push([stream, stack.use(await openJsonl(logPath(dir, stream), options))]);
    }
    stack.move();
    return new RunLogs(Object.fromEntries(logs) as Record<Stream, JsonlAppender>);
  }

  /** One of them; borrowed. */
  of(stream: Stream): JsonlAppender {
    return this.#logs[stream];
  }

  /**
   * Makes the logs durable and says what they hold.
   *
   * @throws {LogGone} If one is not where it was, as in a folder that was moved or removed.
   */
  async sync(): Promise<LogMarks> {
    const all = await Promise.allSettled(STREAMS.map((stream) => this.#logs[stream].sync()));
    const failed = all.find(({ status }) => status === "rejected"); // no other is still at work
    if (failed?.status === "rejected") throw failed.reason;
    const marks = STREAMS.map((stream) => [stream, this.#logs[stream].mark()]);
    return Object.fromEntries(marks) as LogMarks;
  }

  /** Closes them. */
  [Symbol.dispose](): void {
    for (const stream of STREAMS) this.#logs[stream].close();
  }
}
