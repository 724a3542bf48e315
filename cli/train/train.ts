// A run of `train`: from what is asked for to a run folder. The order keeps the promise that a mistake writes nothing: read, check
// and load everything first, make the folder then.
import {
  type Annotators,
  NO_ANNOTATOR,
  openAnnotators,
  planAnnotator,
  ruleFileOf,
} from "../judge/annotators.ts";
import { type RunConfig, runConfig, type RunSettings } from "../flags/run_config.ts";
import type { TrainRequest } from "../flags/train_request.ts";
import { UsageError } from "../terminal/mistake.ts";
import { Interrupted } from "../terminal/interrupt.ts";
import { withDate } from "../policy/base_model.ts";
import { planRun } from "./memory_plan.ts";
import { pairRanker } from "../../training/mod.ts";
import { report } from "./results/report.ts";
import { writeResults } from "./results/write_results.ts";
import { adapterPrint, basePrints } from "../policy/prints.ts";
import { lostFolder } from "../folder/lost_folder.ts";
import { newFolder } from "./new_folder.ts";
import { resumedFolder } from "./resumed_folder.ts";
import { rulePrint } from "../judge/rule_print.ts";
import { TrainingRun } from "./loop.ts";
import { FILES, type RunIdentity } from "../folder/run_folder.ts";
import { checkReference, readRunAdapters } from "./run_adapters.ts";
import { openRunPolicies } from "./run_policies.ts";
import { readReplay, recordedPairs } from "./recorded_pairs.ts";
import { kernelPath, openRunDevice } from "../policy/device.ts";
import { asUsage } from "../terminal/system_mistake.ts";
import type { Summary } from "./results/summary.ts";
import { loadWorkload } from "./workload.ts";
import { readWorkload } from "./workload_files.ts";
import { referencesOf } from "./references.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { aboutRun, announce } from "./announcement.ts";

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
export async function train(
  request: TrainRequest,
  options: TrainOptions,
): Promise<Summary> {
  const startedAt = performance.now();
  const { terminal, signal = new AbortController().signal } = options;
  terminal.keepLog?.();
  using unopened = request.kind === "start"
    ? await newFolder(request)
    : await resumedFolder(request, terminal);
  const { dir, stored, point } = unopened;
  if (unopened.finished) return await summaryOf(dir, terminal);
  const begun = runConfig(unopened.settings);
  const { annotator, reference } = begun.method;
  requireAnnotator(begun);
  await checkReference(reference);
  const ruleFile = ruleFileOf(annotator);
  const rule = await rulePrint(ruleFile);
  unopened.requireRule(rule);
  using stack = new DisposableStack();
  const open = async () =>
    options.annotators ??
      stack.use(await openAnnotators(annotator, begun.sampling.seed, { ...begun.method, signal }));
  const first = unopened.isTyped ? await open() : undefined;
  using files = await asUsage(() =>
    readWorkload(begun, { terminal, signal, usualNew: options.usualNew })
  );
  const settings = withDate({ ...unopened.settings, maxNew: files.maxNew }, files.base);
  const config = runConfig(settings);
  const adapters = await asUsage(() => readRunAdapters(config, files.sizes));
  const replay = await asUsage(() => readReplay({ settings, config }, files));
  if (files.dataReport !== undefined) terminal.line(`Data: ${files.dataReport}`);
  using device = await openRunDevice(config.device, stored, terminal);
  using workload = await asUsage(() => loadWorkload(device, files, config, { terminal, signal }));
  const prints = await basePrints(files.base);
  replay?.requireModel({ model: workload.modelDigest, ...prints, rule });
  using policies = openRunPolicies(device, config, adapters);
  const asked = first ?? await openAnnotators(NO_ANNOTATOR, 0); // a plan asks nobody
  const parts = {
    device,
    workload,
    config,
    stored,
    replay,
    annotators: asked,
    terminal,
  };
  const split = await asUsage(() =>
    planRun({ ...parts, reference: policies.mode, start: policies.start })
  );
  const now: RunIdentity = {
    config: { ...settings, ...split },
    kernelPath: kernelPath(device.info),
    model: workload.modelDigest,
    ...prints,
    prompts: workload.promptsDigest,
    ...(adapters.fixed ? { referenceAdapter: await adapterPrint(adapters.fixed) } : {}),
    ...(replay ? { replayedPairs: replay.digest } : {}),
    ...(adapters.start ? { startAdapter: await adapterPrint(adapters.start) } : {}),
    ...(rule === undefined ? {} : { rule }),
  };
  const settled = unopened.settle(now);
  signal.throwIfAborted();
  if (!options.annotators && ruleFile !== undefined) await unopened.requireTrusted(ruleFile);
  const annotators = first ?? await open(); // a folder's rule runs last of all
  const { folder, identity } = await asUsage(() =>
    unopened.open(settled, aboutRun(config, device, workload))
  );
  announce(terminal, config, workload, dir, point);
  try {
    const references = await referencesOf(device, workload, config, signal, policies.start?.policy);
    using run = new TrainingRun({
      device,
      workload,
      references: references.texts,
      annotators,
      reference: policies.mode,
      recorded: recordedPairs(workload, replay),
      start: policies.start,
      rank: workload.pairs &&
        pairRanker(device, workload.model, workload.pairs.evaluation, policies.start?.policy),
      folder,
      config: runConfig(identity.config),
      identity,
      resume: point,
      terminal,
      signal,
      startedAt,
    });
    await run.finish();
    const { summary, samples } = await writeResults(device, run, folder, workload, references);
    const lines = report(summary, samples, dir, options.next(dir, settings), terminal.columns);
    for (const line of lines) terminal.line(line);
    return summary;
  } catch (error) {
    throw await lostFolder(error, dir) ?? Interrupted.by(error, dir, signal);
  }
}

function requireAnnotator({ method: { annotator, offline } }: RunConfig): void {
  planAnnotator(annotator);
  if (annotator !== NO_ANNOTATOR || offline) return;
  throw new UsageError({
    verb: "train",
    found: "--annotator is none",
    expected: "somebody who says which answer wins: only a dataset's preferences need nobody",
  });
}

/** What a run that is done has left. */
async function summaryOf(dir: string, terminal: Pick<Terminal, "line">): Promise<Summary> {
  terminal.line(
    `${dir} is done: its numbers are in ${FILES.summary}, its answers in ${FILES.samples}`,
  );
  return JSON.parse(await Deno.readTextFile(`${dir}/${FILES.summary}`));
}
