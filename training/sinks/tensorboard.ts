// A sink that TensorBoard reads: numbers of steps, phases and evaluations as scalars, answers as texts. It makes bytes;
// where they go is given.
import type { Sink, SinkRow } from "./sink.ts";
import { eventMessage, type TensorboardEvent } from "./tensorboard/event.ts";
import { tfRecord } from "./tensorboard/record.ts";

/** Where bytes go, in order: a function, or a stream, which is closed at the end of the run. */
export type ByteTarget =
  | ((bytes: Uint8Array<ArrayBuffer>) => void | Promise<void>)
  | WritableStream<Uint8Array<ArrayBuffer>>;

/** What may be said of a TensorBoard sink. */
export interface TensorboardOptions {
  /** Steps that were done when the run went on: what an earlier file says of later ones is void. Absent at a start. */
  readonly resumedAt?: number;
  /** Answers of an evaluation that are kept as texts; default 8. */
  readonly answers?: number;
  /** Seconds since 1970; default the clock's. */
  readonly now?: () => number;
}

/**
 * A sink that writes a TensorBoard event file. Tags are those of Hugging Face's trainers: `train/loss`,
 * `train/rewards/margins`, `eval/win_rate`; seconds and tokens of phases are `timing/…`, the first answers of evaluations
 * `answers/…`. Numbers are kept as f32; what is no number, and the pairs, are not there.
 *
 * @example
 * ```ts
 * import { tensorboardSink } from "@leash/bpo/training";
 * import { assertEquals } from "@std/assert";
 * const parts: Uint8Array[] = [];
 * const sink = tensorboardSink((bytes) => void parts.push(bytes), { now: () => 1.5 });
 * await sink.append("metrics", { step: 1, loss: 0.69 });
 * await sink.finish?.({ steps: 1 });
 * assertEquals(parts.map(({ length }) => length), [40, 48]); // the file's version, then the step
 * ```
 *
 * @param target Gets a piece for each row; its name, were it a file, must have `tfevents` in it.
 * @returns The sink. What the target throws, `append` throws.
 * @see https://www.tensorflow.org/tensorboard
 */
export function tensorboardSink(
  target: ByteTarget,
  options: TensorboardOptions = {},
): Sink<unknown> {
  const { resumedAt, answers = 8, now = () => Date.now() / 1000 } = options;
  const writer = typeof target === "function" ? undefined : target.getWriter();
  let begun = false;
  const write = async (event: Omit<TensorboardEvent, "wallTime">) => {
    const bytes = tfRecord(eventMessage({ wallTime: now(), ...event }));
    await (typeof target === "function" ? target(bytes) : writer!.write(bytes));
  };
  const begin = async () => {
    if (begun) return;
    begun = true;
    await write({ fileVersion: "brain.Event:2" });
    if (resumedAt !== undefined) await write({ step: resumedAt + 1, restarts: true });
  };
  return {
    async append(stream, row) {
      if (stream === "pairs") return;
      const { step = 0 } = row as { readonly step?: number };
      const event = stream === "answers"
        ? { step, texts: textsOf(row, answers) }
        : { step, scalars: scalarsOf(row, stream === "timing" ? timingTag : metricTag) };
      await begin();
      if (Object.keys(event.scalars ?? event.texts ?? {}).length > 0) await write(event);
    },
    async finish() {
      await begin();
      await writer?.close();
    },
  };
}

const timingTag = (name: string) => `timing/${name}`;

/** As transformers' TensorBoardCallback names it (rewrite_logs). */
function metricTag(name: string): string {
  return name.startsWith("eval_") ? `eval/${name.slice("eval_".length)}` : `train/${name}`;
}

function scalarsOf(row: SinkRow, tagOf: (name: string) => string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([name, value]) => name !== "step" && typeof value === "number")
      .map(([name, value]) => [tagOf(name), value as number]),
  );
}

function textsOf(row: SinkRow, most: number): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(row)
      .filter(([, value]) => Array.isArray(value) && value.length > 0)
      .map(([name, value]) => [`answers/${name}`, (value as string[]).slice(0, most)]),
  );
}
