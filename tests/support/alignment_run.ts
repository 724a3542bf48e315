// Drives an Alignment in tests.
import type { Device } from "../../backend/mod.ts";
import type { PairRecord } from "../../scheduler/mod.ts";
import {
  Alignment,
  type AlignmentCheckpoint,
  type AlignmentOptions,
  type StepReport,
} from "../../training/mod.ts";

/** What happened in a run. */
export interface History {
  readonly records: PairRecord[];
  readonly reports: StepReport[];
}

/** Drive a run to its end. `between` is called before every collect and every step. */
export async function finish(
  run: Alignment,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<History> {
  const history: History = { records: [], reports: [] };
  while (!run.done) {
    await between();
    if (run.phaseDue) history.records.push(...await run.collect());
    await between();
    history.reports.push(await run.step());
  }
  return history;
}

/** A run from its start to its end, with its last state. */
export async function wholeRun(device: Device, options: AlignmentOptions) {
  using run = Alignment.start(device, options);
  const history = await finish(run);
  return { ...history, end: await run.capture() };
}

/** A checkpoint as it comes back from a file. */
export function reread(checkpoint: AlignmentCheckpoint): AlignmentCheckpoint {
  return {
    ...structuredClone(checkpoint),
    records: JSON.parse(JSON.stringify(checkpoint.records)),
  };
}
