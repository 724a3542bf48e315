// What a run will do, as far as files and flags say it: all of it is read and checked here, on no device.
import { type RunConfig, runConfig, type RunSettings } from "../../flags/run_config.ts";
import type { RunIdentity } from "../../folder/run_folder.ts";
import { rulePrint } from "../../judge/rule_print.ts";
import { withDate } from "../../policy/base_model.ts";
import { asUsage } from "../../terminal/system_mistake.ts";
import { readReplay } from "./recorded_pairs.ts";
import type { Replay } from "./replay.ts";
import { checkReference, readRunAdapters, type RunAdapters } from "./run_adapters.ts";
import { RunAnnotators, type RunAnnotatorsOptions } from "./run_annotators.ts";
import type { UnopenedFolder } from "../unopened_folder.ts";
import { readWorkload, type WorkloadFiles, type WorkloadOptions } from "./workload_files.ts";

/** A run, read and checked. Disposing it closes the model's files and ends the thread of a rule. */
export interface RunPlan extends Disposable {
  /** Its flags, with what was left to the model: the answers' length, the day of its template. */
  readonly settings: RunSettings;
  /** The same in groups. */
  readonly config: RunConfig;
  /** What config.json says of a run that goes on. */
  readonly stored?: RunIdentity;
  /** Model, and prompts or preferences. */
  readonly files: WorkloadFiles;
  /** Of the reference, and of the start. */
  readonly adapters: RunAdapters;
  /** Pairs of another run, to train on instead of new ones. */
  readonly replay?: Replay;
  /** Who says which answer wins. */
  readonly annotators: RunAnnotators;
  /** Fingerprint of their rule, where a file has it. */
  readonly rule?: string;
}

/** How it is read. */
export interface PlanOptions extends WorkloadOptions, Omit<RunAnnotatorsOptions, "terminal"> {}

/**
 * Reads and checks what a run needs.
 *
 * @param folder Whose flags they are.
 * @throws {UsageError} If something that the user gave is wrong.
 * @throws {Mistake} If a file is missing or malformed.
 */
export async function readPlan(folder: UnopenedFolder, options: PlanOptions): Promise<RunPlan> {
  using stack = new DisposableStack();
  const begun = runConfig(folder.settings);
  const annotators = stack.use(new RunAnnotators(begun, options));
  await checkReference(begun.method.reference);
  const rule = await rulePrint(annotators.ruleFile);
  folder.requireRule(rule);
  if (folder.isTyped) await annotators.open(folder);
  const read = await asUsage(async () => {
    const files = stack.use(await readWorkload(begun, options));
    const settings = withDate({ ...folder.settings, maxNew: files.maxNew }, files.base);
    const config = runConfig(settings);
    const adapters = await readRunAdapters(config, files.sizes);
    const replay = await readReplay({ settings, config }, files);
    return { settings, config, files, adapters, replay };
  });
  const { dataReport } = read.files;
  if (dataReport !== undefined) options.terminal.line(`Data: ${dataReport}`);
  const owned = stack.move();
  return {
    ...read,
    ...{ stored: folder.stored, annotators, rule },
    [Symbol.dispose]: () => owned.dispose(),
  };
}
