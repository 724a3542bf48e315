// What a run works on: the model on its device, the prompts, and the texts that answers are compared with.
import type { Device } from "../backend/mod.ts";
import {
  type HostTensors,
  loadModel,
  type Model,
  type ModelConfig,
  type Tokenizer,
  tokenizerFromJson,
} from "../core/mod.ts";
import { readModelFolder } from "../core/io/mod.ts";
import { promptIds } from "../scheduler/mod.ts";
import { loadPrompts } from "../stories/prompts.ts";
import { loadReferences } from "../stories/references.ts";
import { loadWordList } from "../stories/text_quality.ts";
import { modelDigest, sha256 } from "./digest.ts";
import { quote, type RunConfig, UsageError } from "./flags.ts";
import { parsePrompts, type PromptSplit, splitPrompts } from "./prompts_file.ts";
import { committedTexts, sampleReferences } from "./references.ts";

/** What a run works on, read and checked, on no device yet. */
export interface TaskFiles {
  /** Name or path of the model. */
  readonly modelName: string;
  /** Where PEFT finds the base model: a folder, or an address. */
  readonly modelPath: string;
  /** Sizes and special ids. */
  readonly sizes: ModelConfig;
  /** Weights on the host. */
  readonly tensors: HostTensors;
  /** Text to ids and back. */
  readonly tokenizer: Tokenizer;
  /** Number of weights. */
  readonly parameters: number;
  /** Prompts to train on and to evaluate on; they share none. */
  readonly prompts: PromptSplit;
  /** Words that are spelt right. */
  readonly known: ReadonlySet<string>;
  /** Fingerprint of the weights. */
  readonly modelDigest: string;
  /** Fingerprint of all prompts. */
  readonly promptsDigest: string;
}

/** The same with the model on a device. Dispose it to free the weights. */
export interface Task extends TaskFiles, Disposable {
  /** The frozen base. */
  readonly model: Model;
}

/** Where the embedded model lies, beside the code. */
export const EMBEDDED_MODEL: URL = new URL("../stories/model/", import.meta.url);

/**
 * Reads the model and the prompts, and checks that they fit each other.
 *
 * @throws {UsageError} If the prompts cannot be read, or a prompt and its answer do not fit into the model's positions.
 * @throws {TypeError} If the model cannot be read.
 */
export async function readTask(
  config: Pick<RunConfig, "model" | "prompts" | "evalPrompts" | "maxNew">,
): Promise<TaskFiles> {
  const { config: sizes, tensors, tokenizerJson } = await readModelFolder(
    config.model ?? EMBEDDED_MODEL,
  );
  const modelName = config.model ?? "the stories model";
  if (tokenizerJson === undefined) {
    throw new UsageError(`Cannot use --model ${modelName}: tokenizer.json is missing, expected it`);
  }
  const tokenizer = tokenizerFromJson(tokenizerJson, {
    bos: sizes.bosId,
    eos: sizes.eosId?.[0],
    pad: sizes.padId,
  });
  if (tokenizer.vocabSize > sizes.vocabSize) {
    throw new UsageError(
      `Cannot use --model ${modelName}: its tokenizer has ${tokenizer.vocabSize} ids, expected at most ` +
        `the model's ${sizes.vocabSize}`,
    );
  }
  const prompts = await readPrompts(config);
  checkLengths(tokenizer, prompts, sizes.maxPositions, config.maxNew);
  return {
    modelName,
    modelPath: config.model === undefined
      ? addressOf(EMBEDDED_MODEL)
      : await Deno.realPath(config.model),
    sizes,
    tensors,
    tokenizer,
    parameters: tensors.values().reduce((sum, { data }) => sum + data.length, 0),
    prompts,
    known: await loadWordList(),
    modelDigest: await modelDigest(tensors),
    promptsDigest: await sha256(JSON.stringify(prompts)),
  };
}

/** A local address as a path, any other as it is. */
function addressOf({ protocol, pathname, href }: URL): string {
  return protocol === "file:" ? decodeURIComponent(pathname).replace(/\/$/, "") : href;
}

/** Puts the model on a device; the caller disposes it. */
export function loadTask(device: Device, files: TaskFiles): Task {
  const model = loadModel(device, files.sizes, files.tensors);
  return { ...files, model, [Symbol.dispose]: () => model.weights[Symbol.dispose]() };
}

async function readPrompts(
  { prompts, evalPrompts }: Pick<RunConfig, "prompts" | "evalPrompts">,
): Promise<PromptSplit> {
  if (prompts !== undefined) {
    return splitPrompts(parsePrompts(await readUserFile(prompts), prompts), evalPrompts);
  }
  const { train, evaluation } = await loadPrompts();
  return { train, evaluation: evaluation.slice(0, evalPrompts) };
}

async function readUserFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "is not there"
      : error instanceof Deno.errors.IsADirectory
      ? "is a folder"
      : `cannot be read (${error instanceof Error ? error.message : String(error)})`;
    throw new UsageError(`Cannot read --prompts ${quote(path)}: it ${why}, expected a file`);
  }
}

function checkLengths(
  tokenizer: Tokenizer,
  { train, evaluation }: PromptSplit,
  positions: number,
  maxNew: number,
): void {
  if (maxNew >= positions) {
    throw new UsageError(
      `Cannot train: --max-new is ${maxNew}, expected fewer than the model's ${positions} positions. ` +
        `The nearest is ${positions - 1}`,
    );
  }
  for (const prompt of [...train, ...evaluation]) {
    const { length } = promptIds(tokenizer, prompt);
    if (length >= 1 && length + maxNew <= positions) continue;
    throw new UsageError(
      `Cannot train: prompt ${quote(prompt)} has ${length} tokens, expected 1 to ${
        positions - maxNew
      } so that --max-new ${maxNew} more fit in ${positions} positions`,
    );
  }
}

/** Texts to compare answers with, and where they are from. */
export interface References {
  /** One a prompt of `task.prompts.evaluation`. */
  readonly texts: readonly string[];
  /** Whether they are the committed ones. */
  readonly committed: boolean;
}

/** The committed texts where they are this run's, else the SFT model's continuations, sampled now. */
export async function referencesOf(
  device: Device,
  task: Task,
  config: Pick<RunConfig, "model" | "prompts" | "temperature" | "topP" | "maxNew">,
  signal?: AbortSignal,
): Promise<References> {
  const { temperature, topP, maxNew } = config;
  const prompts = task.prompts.evaluation;
  if (config.model === undefined && config.prompts === undefined) {
    const texts = committedTexts(await loadReferences(), {
      model: task.modelDigest,
      settings: { temperature, topP, maxNew },
    }, prompts);
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
  });
  return { texts, committed: false };
}
