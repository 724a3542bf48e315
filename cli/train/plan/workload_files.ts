// What a run works on, read and checked, on no device yet: the model's files, and the prompts or preferences.
import type { ModelConfig, Tokenizer } from "../../../core/mod.ts";
import { loadWordList } from "../../../stories/text_quality.ts";
import { answerBudget } from "../../data/encoded_prompts.ts";
import { type BaseModel, openBase } from "../../policy/base_model.ts";
import { UsageError } from "../../terminal/mistake.ts";
import { modelFlags, type RunConfig } from "../../flags/run_config.ts";
import type { FetchOptions } from "../../policy/hub_files.ts";
import { plainTokenizer } from "../../data/dialogues.ts";
import { readRunData, type RunData } from "./run_data.ts";

/** What a run works on, read and checked, on no device yet. Disposing it closes the model's files. */
export interface WorkloadFiles extends RunData, Disposable {
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
  /** Words that are spelt right; absent where the model is not the embedded one. */
  readonly known?: ReadonlySet<string>;
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
    const maxNew = answerBudget(options?.usualNew ? undefined : config.sampling.maxNew, base);
    checkNew(maxNew, base.positions);
    return {
      base,
      modelName: base.name,
      modelPath: base.peftName,
      sizes: base.sizes,
      maxNew,
      tokenizer: plainTokenizer(base),
      parameters: base.parameters,
      ...await readRunData(config, base, maxNew, options),
      ...(base.embedded ? { known: await loadWordList() } : {}),
      [Symbol.dispose]: () => base[Symbol.dispose](),
    };
  } catch (error) {
    base[Symbol.dispose]();
    throw error;
  }
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
