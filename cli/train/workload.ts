// What a run works on: the model on its device, the prompts or preferences, and the texts that answers are compared with.
import type { Device } from "../../backend/mod.ts";
import type { Adapter, Model, ModelConfig, Tokenizer } from "../../core/mod.ts";
import { withoutMiddle } from "../../core/text/rows/budget.ts";
import { type Prompt, promptIds, promptText } from "../../scheduler/mod.ts";
import { loadPrompts } from "../../stories/prompts.ts";
import { loadReferences } from "../../stories/references.ts";
import { loadWordList } from "../../stories/text_quality.ts";
import { counted } from "../terminal/counted.ts";
import { NO_ANNOTATOR } from "../judge/annotators.ts";
import { answerBudget } from "../data/encoded_prompts.ts";
import { type BaseModel, loadBase, openBase } from "../policy/base_model.ts";
import { type DataPair, readTrainingData } from "../data/training_data.ts";
import { sha256 } from "../../core/base/sha256.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { modelFlags, type RunConfig } from "../flags/run_config.ts";
import type { FetchOptions } from "../policy/hub_files.ts";
import { type PromptSplit, readPrompts, splitPrompts } from "../data/prompts_file.ts";
import { committedTexts, sampleReferences } from "./references.ts";

/** What a run works on, read and checked, on no device yet. Disposing it closes the model's files. */
export interface WorkloadFiles extends Disposable {
  /** The model, its weights still in their files. */
  readonly base: BaseModel;
  /** Name or path of the model. */
  readonly modelName: string;
  /** Where PEFT finds the base model: a folder, an address or a hub id. */
  readonly modelPath: string;
  /** Sizes and special ids. */
  readonly sizes: ModelConfig;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Most tokens of an answer. */
  readonly maxNew: number;
  /** Number of weights. */
  readonly parameters: number;
  /** Prompts to train on and to evaluate on; they share none. */
  readonly prompts: PromptSplit<Prompt>;
  /** The dataset's preferences, where they are trained on. */
  readonly pairs?: PromptSplit<DataPair>;
  /** Words that are spelt right; absent where the task is not the embedded model's. */
  readonly known?: ReadonlySet<string>;
  /** Fingerprint of all prompts, or of all preferences. */
  readonly promptsDigest: string;
  /** What became of a dataset's rows. */
  readonly dataReport?: string;
}

/** The same with the model on a device. Disposing it frees the weights; the files are their opener's to close. */
export interface Workload extends WorkloadFiles {
  /** The frozen base. */
  readonly model: Model;
  /** Fingerprint of the weights. */
  readonly modelDigest: string;
}

/** How it is read. */
export interface WorkloadOptions extends FetchOptions {
  /** Whether nobody gave `maxNew`: then a short context may lower it. */
  readonly usualNew?: boolean;
}

/**
 * Opens the model, reads the prompts or the dataset, and checks that they fit each other.
 *
 * @param config The run's.
 * @param options Where a download's bar is drawn; absent where nothing may be fetched.
 * @throws {UsageError} If the prompts cannot be read, or a prompt and its answer do not fit into the model's positions.
 * @throws {Mistake} If the model or the dataset cannot be read.
 */
export async function readWorkload(
  config: RunConfig,
  options?: WorkloadOptions,
): Promise<WorkloadFiles> {
  const base = await openBase(modelFlags(config), options);
  try {
    const { positions, tokenizer } = base;
    const maxNew = answerBudget(options?.usualNew ? undefined : config.sampling.maxNew, base);
    checkNew(maxNew, positions);
    const { data } = config.data;
    const work = data === undefined
      ? await readPromptFile(config, maxNew, base)
      : await dataOf({ ...config, data: { ...config.data, data } }, maxNew, base, options);
    const files = {
      base,
      modelName: base.name,
      modelPath: base.peftName,
      sizes: base.sizes,
      maxNew,
      tokenizer: base.addsBos ? tokenizer : { ...tokenizer, bosId: undefined },
      parameters: base.parameters,
      ...work,
      ...(base.embedded ? { known: await loadWordList() } : {}),
      [Symbol.dispose]: () => base[Symbol.dispose](),
    };
    checkLengths(files.tokenizer, work.prompts, positions, maxNew);
    return files;
  } catch (error) {
    base[Symbol.dispose]();
    throw error;
  }
}

type Work = Pick<WorkloadFiles, "prompts" | "pairs" | "promptsDigest" | "dataReport">;

async function dataOf(
  { data, method: { offline } }: Pick<RunConfig, "method"> & {
    readonly data: RunConfig["data"] & { readonly data: string };
  },
  maxNew: number,
  base: BaseModel,
  options?: FetchOptions,
): Promise<Work> {
  const { maxPrompt } = data;
  const { positions } = base;
  const maxAsked = positions - maxNew;
  const most = offline ? positions - 1 : maxAsked; // an answer of the file has its own length
  if (maxPrompt !== undefined && maxPrompt > most) {
    throw new UsageError({
      verb: "train",
      found: `--max-prompt is ${maxPrompt}`,
      expected: `at most ${most} so that ` +
        `${offline ? "an answer fits" : `--max-new ${maxNew} more fit`} in ${positions} ` +
        "positions",
    });
  }
  const given = `--max-prompt ${maxPrompt}`;
  const budget = offline
    ? {
      budget: { maxPrompt, maxLength: positions },
      limits: { maxPrompt: given, maxLength: `--context ${positions}` },
    }
    : {
      budget: { maxPrompt: maxPrompt ?? maxAsked },
      limits: {
        maxPrompt: maxPrompt === undefined
          ? `--context ${positions} before an answer of --max-new ${maxNew}`
          : given,
      },
    };
  const { prompts, pairs, digest, report } = await readTrainingData(
    { ...data, offline },
    base,
    { ...budget, maxAsked },
    options,
  );
  return { prompts, ...(pairs ? { pairs } : {}), promptsDigest: digest, dataReport: report };
}

/** Streams the model to a device; the caller disposes the task, and the files. */
export async function loadWorkload(
  device: Device,
  files: WorkloadFiles,
  config: RunConfig,
  options?: FetchOptions,
): Promise<Workload> {
  const { model, digest } = await loadBase(device, files.base, config.device, options);
  return {
    ...files,
    model,
    modelDigest: digest,
    [Symbol.dispose]: () => model.weights[Symbol.dispose](),
  };
}

/** The prompts of a file, those that are too long without their start; else the embedded ones. */
async function readPromptFile(
  { data: { prompts: path, evalPrompts } }: Pick<RunConfig, "data">,
  maxNew: number,
  { tokenizer, addsBos, positions }: BaseModel,
): Promise<Work> {
  if (path === undefined) {
    const { train, evaluation } = await loadPrompts();
    return await digested({ train, evaluation: evaluation.slice(0, evalPrompts) });
  }
  const { prompts, skipped } = await readPrompts(path);
  const plain = addsBos ? tokenizer : { ...tokenizer, bosId: undefined };
  const most = positions - maxNew;
  let shortened = 0, tokens = 0;
  const fitting = prompts.map((prompt): Prompt => {
    const ids = promptIds(plain, prompt);
    if (ids.length <= most) return prompt;
    shortened++;
    tokens += ids.length - most;
    return { text: prompt, ids: withoutMiddle(ids, ids[0] === plain.bosId ? 1 : 0, most) };
  });
  const report = [
    ...skipped,
    ...(shortened > 0
      ? [
        `${counted(shortened, "prompt")} cut by ${
          counted(tokens, "token")
        } to fit --context ${positions} before an ` +
        `answer of --max-new ${maxNew}`,
      ]
      : []),
  ];
  const work = await digested(splitPrompts(fitting, evalPrompts));
  return report.length > 0 ? { ...work, dataReport: `${path}: ${report.join("; ")}` } : work;
}

async function digested(prompts: PromptSplit<Prompt>): Promise<Work> {
  return { prompts, promptsDigest: await sha256(JSON.stringify(prompts)) };
}

function checkNew(maxNew: number, positions: number): void {
  if (maxNew < positions) return;
  throw new UsageError({
    verb: "train",
    found: `--max-new is ${maxNew}`,
    expected: `fewer than the model's ${positions} positions`,
    fix: `The nearest is ${positions - 1}`,
  });
}

function checkLengths(
  tokenizer: Tokenizer,
  { train, evaluation }: PromptSplit<Prompt>,
  positions: number,
  maxNew: number,
): void {
  for (const prompt of [...train, ...evaluation]) {
    const { length } = promptIds(tokenizer, prompt);
    if (length >= 1 && length + maxNew <= positions) continue;
    throw new UsageError({
      verb: "train",
      found: `prompt ${quote(promptText(prompt))} has ${length} tokens`,
      expected: `1 to ${positions - maxNew} so that --max-new ${maxNew} more fit in ` +
        `${positions} positions`,
    });
  }
}

/** Texts to compare answers with, and where they are from. */
export interface References {
  /** One a prompt of `task.prompts.evaluation`. */
  readonly texts: readonly string[];
  /** Whether they are the committed ones. */
  readonly committed: boolean;
}

/**
 * The committed texts where they are this run's, the dataset's preferred answers where it has some and is the measure,
 * else the continuations of the policy that the run starts from, sampled now.
 *
 * @param start Adapter of that policy; absent for the bare model.
 */
export async function referencesOf(
  device: Device,
  task: Workload,
  config: RunConfig,
  signal?: AbortSignal,
  start?: Adapter,
): Promise<References> {
  const { temperature, topP, maxNew } = config.sampling;
  const prompts = task.prompts.evaluation;
  if (task.pairs !== undefined && config.method.annotator === NO_ANNOTATOR) {
    return { texts: prompts.map((prompt) => chosenText(task, prompt)), committed: false };
  }
  const isEmbedded = config.files.model === undefined &&
    config.data.prompts === undefined && config.data.data === undefined && start === undefined;
  if (isEmbedded) {
    const texts = committedTexts(await loadReferences(), {
      model: task.modelDigest,
      settings: { temperature, topP, maxNew },
    }, prompts.map(promptText));
    if (texts !== undefined) return { texts, committed: true };
  }
  const { model, tokenizer } = task;
  const texts = await sampleReferences(device, {
    model,
    tokenizer,
    prompts,
    temperature,
    topP,
    maxNew,
    signal,
    adapter: start,
  });
  return { texts, committed: false };
}

/** The first preferred answer to a prompt. */
function chosenText({ pairs, tokenizer, sizes }: Workload, prompt: Prompt): string {
  const key = promptIds(tokenizer, prompt).join();
  const text = promptText(prompt);
  const { chosen } = pairs!.evaluation.find((pair) =>
    pair.text === text && pair.asked.join() === key
  )!;
  return tokenizer.decode(chosen.filter((id) => !sizes.eosId?.includes(id)));
}
