// Drives a Run in tests: event by event, or to its end.
import type { Device } from "../../backend/mod.ts";
import type { PairRecord } from "../../scheduler/mod.ts";
import { Run, type RunCheckpoint, type RunEvent, type RunOptions } from "../../training/mod.ts";

type Kind = RunEvent["kind"];
type EventOf<K extends Kind> = Extract<RunEvent, { kind: K }>;

/** A run that is driven as far as a test wants it. */
export class Steps {
  #events: AsyncGenerator<RunEvent, void, void> | undefined;

  constructor(readonly run: Run, readonly signal?: AbortSignal) {}

  /** Goes on to the next event of a kind; what the run throws ends the driving, and the next call drives it anew. */
  async until<K extends Kind>(kind: K): Promise<EventOf<K>> {
    this.#events ??= this.run.events({ signal: this.signal });
    try {
      for (;;) {
        const { value, done } = await this.#events.next();
        if (done) throw new Error(`The run is done, expected ${kind} before`);
        if (value.kind === kind) return value as EventOf<K>;
      }
    } catch (error) {
      this.#events = undefined;
      throw error;
    }
  }

  /** To the pairs of the next phase. */
  async collect(): Promise<readonly PairRecord[]> {
    return (await this.until("pairs")).records;
  }

  /** To the end of the next step. */
  async step(): Promise<StepReport> {
    return reportOf(await this.until("step"));
  }
}

/** What of a step does not depend on the clock. */
export type StepReport = Pick<EventOf<"step">, "step" | "phase" | "examples" | "metrics">;

const reportOf = ({ step, phase, examples, metrics }: EventOf<"step">): StepReport => ({
  ...{ step, phase, examples, metrics },
});

/** What happened in a run. */
export interface History {
  readonly records: PairRecord[];
  readonly reports: StepReport[];
}

/** Drive a run to its end. `between` is called at every event. */
export async function finish(
  run: Run,
  between: (event: RunEvent) => Promise<void> | void = () => {},
): Promise<History> {
  const history: History = { records: [], reports: [] };
  for await (const event of run.events()) {
    if (event.kind === "pairs") history.records.push(...event.records);
    if (event.kind === "step") history.reports.push(reportOf(event));
    await between(event);
  }
  return history;
}

/** A run from its start to its end, with its last state. */
export async function wholeRun(device: Device, options: RunOptions) {
  using run = Run.start(device, options);
  const history = await finish(run);
  return { ...history, end: await run.capture() };
}

/** A checkpoint as it comes back from a file. */
export function reread(checkpoint: RunCheckpoint): RunCheckpoint {
  return {
    ...structuredClone(checkpoint),
    records: JSON.parse(JSON.stringify(checkpoint.records)),
  };
}
