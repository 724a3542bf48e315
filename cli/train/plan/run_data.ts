// What a run is trained on and measured by: the prompts of a file, the embedded ones, or a dataset's rows.
import { quote } from "../../../core/base/quote.ts";
import type { BaseModel } from "../../policy/base_model.ts";
import { type DataPair, readTrainingData } from "../../data/training_data.ts";
import { type PromptSplit, readPrompts, splitPrompts } from "../../data/prompts_file.ts";
import { counted } from "../../terminal/counted.ts";
import type { RunConfig } from "../../flags/run_config.ts";
import type { FetchOptions } from "../../policy/hub_files.ts";
import { type Prompt, promptIds, promptText } from "../../../scheduler/mod.ts";
import { loadPrompts } from "../../../stories/prompts.ts";
import { sha256 } from "../../../core/base/sha256.ts";
import { withoutMiddle } from "../../../core/text/rows/budget.ts";
import { UsageError } from "../../terminal/mistake.ts";
import { plainTokenizer } from "../../data/dialogues.ts";

/** What a run is trained on and measured by. */
export interface RunData {
  /** Prompts to train on and to evaluate on; they share none. */
  readonly prompts: PromptSplit<Prompt>;
  /** The dataset's preferences, where they are trained on. */
  readonly pairs?: PromptSplit<DataPair>;
  /** Fingerprint of all prompts, or of all preferences. */
  readonly promptsDigest: string;
  /** What became of a dataset's rows. */
  readonly dataReport?: string;
}

/**
 * Reads the prompts or the dataset, and checks that they fit into the model's positions.
 *
 * @param maxNew Most tokens of an answer.
 * @param options Where a download's bar is drawn; absent where nothing may be fetched.
 * @throws {UsageError} If the prompts cannot be read, or a prompt and its answer do not fit.
 * @throws {Mistake} If the dataset cannot be read.
 */
export async function readRunData(
  config: RunConfig,
  base: BaseModel,
  maxNew: number,
  options?: FetchOptions,
): Promise<RunData> {
  const { data } = config.data;
  const read = data === undefined
    ? await readPromptFile(config, base, maxNew)
    : await readDataset({ ...config, data: { ...config.data, data } }, base, maxNew, options);
  checkLengths(read.prompts, base, maxNew);
  return read;
}

/** Those of a dataset: prompts to answer, or preferences to learn. */
async function readDataset(
  { data, method: { offline } }: Pick<RunConfig, "method"> & {
    readonly data: RunConfig["data"] & { readonly data: string };
  },
  base: BaseModel,
  maxNew: number,
  options?: FetchOptions,
): Promise<RunData> {
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

/** The prompts of a file, those that are too long without their start; else the embedded ones. */
async function readPromptFile(
  { data: { prompts: path, evalPrompts } }: Pick<RunConfig, "data">,
  base: BaseModel,
  maxNew: number,
): Promise<RunData> {
  if (path === undefined) {
    const { train, evaluation } = await loadPrompts();
    return await digested({ train, evaluation: evaluation.slice(0, evalPrompts) });
  }
  const { prompts, skipped } = await readPrompts(path);
  const plain = plainTokenizer(base);
  const { positions } = base;
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
  const data = await digested(splitPrompts(fitting, evalPrompts));
  return report.length > 0 ? { ...data, dataReport: `${path}: ${report.join("; ")}` } : data;
}

async function digested(prompts: PromptSplit<Prompt>): Promise<RunData> {
  return { prompts, promptsDigest: await sha256(JSON.stringify(prompts)) };
}

function checkLengths(
  { train, evaluation }: PromptSplit<Prompt>,
  base: BaseModel,
  maxNew: number,
): void {
  const { positions } = base;
  const plain = plainTokenizer(base);
  for (const prompt of [...train, ...evaluation]) {
    const { length } = promptIds(plain, prompt);
    if (length >= 1 && length + maxNew <= positions) continue;
    throw new UsageError({
      verb: "train",
      found: `prompt ${quote(promptText(prompt))} has ${length} tokens`,
      expected: `1 to ${positions - maxNew} so that --max-new ${maxNew} more fit in ` +
        `${positions} positions`,
    });
  }
}
