// `leash train`: everything that `deno task train` does, on any model and any data.
import { commandOf } from "../flags/run_config.ts";
import { nextOfLeash } from "../train/report.ts";
import { train } from "../train/main.ts";
import { settleTrainFlags, TRAIN_FLAGS } from "../train/flags.ts";
import type { CliCommand } from "./command.ts";

/** Aligns a model. */
export const TRAIN: CliCommand = {
  name: "train",
  summary:
    "Aligns a model with preferences: generates, annotates and trains by BPO, or learns a dataset's preferences",
  flags: TRAIN_FLAGS,
  usage: "leash train [--model PATH|ID] [--data FILE|DIR|ID] [flags]",
  examples: [
    "leash train --model org/name --data prompts.jsonl --annotator rule:examples/rules/concise.ts",
    "leash train --model org/name --data pairs.parquet --loss ipo --steps 100",
    "leash train --resume runs/mine",
  ],
  async run({ values }, options) {
    const settled = await settleTrainFlags(values, options);
    const command = commandOf(TRAIN_FLAGS, settled);
    const next = (dir: string, { model }: { readonly model?: string }) => nextOfLeash(dir, model);
    const { model, maxNew, resume } = values;
    const usualNew = model !== undefined && maxNew === undefined && resume === undefined;
    await train(command, { ...options, next, usualNew });
    return 0;
  },
};
