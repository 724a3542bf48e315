// `train` on any model and any data, and the same with a preset: `deno task train` knows its model, its prompts and who
// judges.
import type { RunSettings } from "../flags/run_config.ts";
import {
  STORIES_PRESET,
  trainRequest,
  type TrainValues,
  trainValues,
} from "../flags/train_request.ts";
import { TRAIN_FLAGS } from "../flags/train_table.ts";
import { fieldOf } from "../flags/kinds.ts";
import { settleTrainFlags } from "../train/flags.ts";
import { dataFlags } from "../train/plan/replay.ts";
import { nextOfLeash, nextOfTask } from "../train/results/report.ts";
import { train, type TrainOptions } from "../train/train.ts";
import type { CliCommand } from "./command.ts";

/** How `train` is called, and what it knows already. */
export interface TrainPreset
  extends Pick<CliCommand, "program" | "summary" | "usage" | "examples"> {
  /** Flags that have a value where nobody gives them one. */
  readonly values: TrainValues;
  /** Last lines of the report of a run. */
  readonly next: (dir: string, settings: RunSettings) => readonly string[];
}

const LEASH: TrainPreset = {
  summary:
    "Aligns a model with preferences: generates, annotates and trains by BPO, or learns a dataset's preferences",
  usage: "leash train [--model PATH|ID] [--data FILE|DIR|ID] [flags]",
  examples: [
    "leash train --model org/name --data prompts.jsonl --annotator rule:examples/rules/concise.ts",
    "leash train --model org/name --data pairs.parquet --loss ipo --steps 100",
    "leash train --resume runs/mine",
  ],
  values: {},
  next: (dir, { model }) => nextOfLeash(dir, model),
};

/** The stories model, its prompts, and its rule as the annotator. */
export const STORIES: TrainPreset = {
  program: "deno task train",
  summary:
    "Aligns a language model by BPO: generate with a snapshot, annotate, train a LoRA ensemble, repeat. " +
    "Without flags it trains the embedded stories model to continue openings kindly",
  usage: "deno task train [flags]",
  examples: [],
  values: STORIES_PRESET,
  next: (dir, settings) => nextOfTask(dir, dataFlags(settings)),
};

/**
 * `train` with what a preset knows.
 *
 * @param annotators Instead of those that `--annotator` names.
 */
export function trainCommand(
  { values: preset, next, ...called }: TrainPreset,
  annotators?: TrainOptions["annotators"],
): CliCommand {
  const known = new Map(Object.entries(preset));
  return {
    name: "train",
    ...called,
    flags: TRAIN_FLAGS.map((flag) => {
      const value = known.get(fieldOf(flag.name));
      return value === undefined ? flag : { ...flag, shownDefault: String(value) };
    }),
    async run({ values }, options) {
      const given = trainValues(values);
      const asked = given.resume === undefined ? { ...preset, ...given } : given;
      const { model, maxNew, resume } = asked;
      const usualNew = model !== undefined && maxNew === undefined && resume === undefined;
      const settled = await settleTrainFlags(asked, options);
      await train(trainRequest("train", settled), { ...options, annotators, next, usualNew });
      return 0;
    },
  };
}

/** Aligns a model. */
export const TRAIN: CliCommand = trainCommand(LEASH);
