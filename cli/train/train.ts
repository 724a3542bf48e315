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
import { datedFolder, withAbsolutePaths } from "../flags/paths.ts";
import { report } from "./results/report.ts";
import { writeResults } from "./results/write_results.ts";
import { adapterPrint, basePrints } from "../policy/prints.ts";
import { lostFolder } from "../folder/lost_folder.ts";
import { distrust, openResumed, type Resumed } from "./resumed.ts";
import { rulePrint } from "../judge/rule_print.ts";
import { TrainingRun } from "./loop.ts";
import {
  FILES,
  requireNoRun,
  RunFolder,
  type RunIdentity,
  writeIdentity,
} from "../folder/run_folder.ts";
import { checkReference, readRunAdapters } from "./run_adapters.ts";
import { openRunPolicies } from "./run_policies.ts";
import { readReplay, recordedPairs } from "./recorded_pairs.ts";
import { kernelPath, openRunDevice } from "../policy/device.ts";
import { asUsage, requireWritable } from "../terminal/system_mistake.ts";
import type { Summary } from "./results/summary.ts";
import { loadWorkload } from "./workload.ts";
import { readWorkload } from "./workload_files.ts";
import { referencesOf } from "./references.ts";
import { requireTrust, trustedConfig } from "../flags/rule_rights.ts";
import { originOf } from "../folder/trust.ts";
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
  using resumed = request.kind === "resume" ? await openResumed(request) : undefined;
  if (resumed?.finished) {
    terminal.line(
      `${resumed.dir} is done: its numbers are in ${FILES.summary}, its answers in ${FILES.samples}`,
    );
    return JSON.parse(await Deno.readTextFile(`${resumed.dir}/${FILES.summary}`));
  }
  const given = request.kind === "start"
    ? trustedConfig(withAbsolutePaths(request.settings), request)
    : resumed!.settings;
  const begun = runConfig(given);
  const { annotator, reference } = begun.method;
  const dir = request.kind === "start"
    ? request.out ?? datedFolder(begun.method.loss, begun.sampling.seed)
    : request.dir;
  if (resumed === undefined) {
    await requireNoRun(dir);
    await requireWritable("train", `${dir}/${FILES.config}`);
  }
  for (const note of resumed?.notes ?? []) terminal.error(note);
  requireAnnotator(begun);
  if (resumed !== undefined) requireTrust(dir, given, request);
  await checkReference(reference);
  const ruleFile = ruleFileOf(annotator);
  const rule = await rulePrint(ruleFile);
  resumed?.requireRule(rule);
  using stack = new DisposableStack();
  const open = async () =>
    options.annotators ??
      stack.use(await openAnnotators(annotator, begun.sampling.seed, { ...begun.method, signal }));
  const first = resumed === undefined ? await open() : undefined; // a mistake in it is said first
  using files = await asUsage(() =>
    readWorkload(begun, { terminal, signal, usualNew: options.usualNew })
  );
  const settings = withDate({ ...given, maxNew: files.maxNew }, files.base);
  const config = runConfig(settings);
  const adapters = await asUsage(() => readRunAdapters(config, files.sizes));
  const replay = await asUsage(() => readReplay({ settings, config }, files));
  if (files.dataReport !== undefined) terminal.line(`Data: ${files.dataReport}`);
  using device = await openRunDevice(config.device, resumed?.stored, terminal);
  using task = await asUsage(() => loadWorkload(device, files, config, { terminal, signal }));
  const prints = await basePrints(files.base);
  replay?.requireModel({ model: task.modelDigest, ...prints, rule });
  using policies = openRunPolicies(device, config, adapters);
  const asked = first ?? await openAnnotators(NO_ANNOTATOR, 0); // a plan asks nobody
  const parts = {
    device,
    task,
    config,
    stored: resumed?.stored,
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
    model: task.modelDigest,
    ...prints,
    prompts: task.promptsDigest,
    ...(adapters.fixed ? { referenceAdapter: await adapterPrint(adapters.fixed) } : {}),
    ...(replay ? { replayedPairs: replay.digest } : {}),
    ...(adapters.start ? { startAdapter: await adapterPrint(adapters.start) } : {}),
    ...(rule === undefined ? {} : { rule }),
  };
  const settled = resumed?.settle(now) ?? now;
  signal.throwIfAborted();
  const trusted = resumed === undefined || options.annotators || rule === undefined ||
    await resumed.trusts();
  if (!trusted) throw distrust(dir, ruleFile!);
  const annotators = first ?? await open(); // a folder's rule runs last of all
  using opened = await asUsage(() =>
    openFolder(dir, settled, resumed, aboutRun(config, device, task))
  );
  const { folder, identity } = opened;
  const resume = resumed?.point;
  announce(terminal, config, task, dir, resume);
  try {
    const references = await referencesOf(device, task, config, signal, policies.start?.policy);
    using run = new TrainingRun({
      device,
      task,
      references: references.texts,
      annotators,
      reference: policies.mode,
      recorded: recordedPairs(task, replay),
      start: policies.start,
      rank: task.pairs &&
        pairRanker(device, task.model, task.pairs.evaluation, policies.start?.policy),
      folder,
      config: runConfig(identity.config),
      identity,
      resume,
      terminal,
      signal,
      startedAt,
    });
    await run.finish();
    const { summary, samples } = await writeResults(device, run, folder, task, references);
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

interface OpenedFolder extends Disposable {
  readonly folder: RunFolder;
  readonly identity: RunIdentity;
}

/** The run's folder, owned by this process, its logs where the checkpoint has them. */
async function openFolder(
  dir: string,
  identity: RunIdentity,
  resumed: Resumed | undefined,
  about: Readonly<Record<string, unknown>>,
): Promise<OpenedFolder> {
  if (resumed !== undefined) {
    await resumed.begin(identity, about);
    return { folder: resumed.folder, identity, [Symbol.dispose]: () => {} };
  }
  const folder = await RunFolder.own(dir);
  try {
    await requireNoRun(dir);
    const origin = await originOf(dir);
    const own = { ...identity, ...(origin ? { origin } : {}) };
    await writeIdentity(dir, own, about);
    await folder.openLogs();
    return { folder, identity: own, [Symbol.dispose]: () => folder[Symbol.dispose]() };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}
