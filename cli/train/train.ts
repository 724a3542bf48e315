// A run of `train`: its folder is looked at, everything is read, put on the device, settled, and only then written into the
// folder; so a mistake writes nothing.
import { type Annotators, asksBothOrders } from "../judge/annotators.ts";
import type { RunSettings } from "../flags/run_config.ts";
import type { TrainRequest } from "../flags/train_request.ts";
import { Interrupted } from "../terminal/interrupt.ts";
import { report } from "./results/report.ts";
import { writeResults } from "./results/write_results.ts";
import { lostFolder } from "../folder/lost_folder.ts";
import { newFolder } from "./new_folder.ts";
import { resumedFolder } from "./resumed_folder.ts";
import { TrainingRun } from "./loop.ts";
import { FILES } from "../folder/run_folder.ts";
import { asUsage } from "../terminal/system_mistake.ts";
import type { Summary } from "./results/summary.ts";
import { referencesOf } from "./device/references.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type LoggedPair, swayLine } from "../judge/sway.ts";
import { aboutRun, announce } from "./announcement.ts";
import { loadPlan } from "./device/loaded_plan.ts";
import { readPlan } from "./plan/plan.ts";
import { readJsonl } from "../../files/mod.ts";

/** How to train from another program. */
export interface TrainOptions {
  /** Where to print. */
  readonly terminal: Terminal;
  /** Ends the run at the next safe moment, resumable. */
  readonly signal?: AbortSignal;
  /** Instead of those that `--annotator` names. */
  readonly annotators?: Annotators;
  /** Last lines of the report. */
  readonly next: (dir: string, settings: RunSettings) => readonly string[];
  /** Whether `--max-new` is nobody's wish: then a short context may lower it. */
  readonly usualNew?: boolean;
}

/**
 * Trains as a command says.
 *
 * @returns What summary.json holds.
 * @throws {UsageError} Before anything is written, if something that the user gave is wrong.
 * @throws {Interrupted} If the run ended early; its folder can be resumed.
 */
export async function train(request: TrainRequest, options: TrainOptions): Promise<Summary> {
  const startedAt = performance.now();
  const { terminal, signal = new AbortController().signal } = options;
  terminal.keepLog?.();
  using unopened = request.kind === "start"
    ? await newFolder(request)
    : await resumedFolder(request, terminal);
  const { dir, point } = unopened;
  if (unopened.finished) return await finishedSummary(dir, terminal);
  using plan = await readPlan(unopened, { ...options, signal });
  using loaded = await loadPlan(plan, { terminal, signal });
  const identity = unopened.settle(loaded.identity);
  signal.throwIfAborted();
  const annotators = await plan.annotators.open(unopened); // a folder's rule runs last of all
  const opened = await asUsage(() => unopened.open(identity, aboutRun(loaded)));
  announce(terminal, loaded, unopened);
  try {
    const references = await referencesOf(loaded, signal);
    const parts = { loaded, opened, references, annotators, point, terminal, signal, startedAt };
    using run = new TrainingRun(parts);
    await run.finish();
    const { summary, samples } = await writeResults(run);
    const isTwice = asksBothOrders(plan.config.method.annotator);
    const pairs = isTwice ? await readJsonl(opened.folder.path("pairs")) : [];
    const sway = swayLine(pairs as LoggedPair[]);
    if (sway !== undefined) terminal.line(sway);
    const next = options.next(dir, plan.settings);
    for (const line of report(summary, samples, dir, next, terminal.columns)) terminal.line(line);
    return summary;
  } catch (error) {
    throw await lostFolder(error, dir) ?? Interrupted.by(error, dir, signal);
  }
}

/** What a run that is done has left. */
async function finishedSummary(dir: string, terminal: Pick<Terminal, "line">): Promise<Summary> {
  terminal.line(
    `${dir} is done: its numbers are in ${FILES.summary}, its answers in ${FILES.samples}`,
  );
  return JSON.parse(await Deno.readTextFile(`${dir}/${FILES.summary}`));
}
