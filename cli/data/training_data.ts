// `--data` of a training run: prompts that the model answers, or preferences to learn from, and which of them are held out.
import {
  type EncodedPreference,
  encodePrompt,
  type Example,
  type PreferenceRow,
  type PromptRow,
} from "../../core/mod.ts";
import type { AnswerRecord, Prompt, PromptSource } from "../../scheduler/mod.ts";
import { counted } from "../terminal/counted.ts";
import { type DataFlags, preferenceOf, promptOf, readRows, type RowNeeds } from "./rows.ts";
import { type DataModel, Dialogues, promptWords, sourceOf } from "./dialogues.ts";
import { sha256 } from "../../core/base/sha256.ts";
import type { RunConfig, RunSettings } from "../flags/run_config.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { FetchOptions } from "../policy/hub_files.ts";
import { type PromptSplit, splitPrompts } from "./prompts_file.ts";

/** A preference in tokens and in words. */
export interface DataPair extends EncodedPreference {
  /** The prompt, for people. */
  readonly text: string;
  /** What it was before it became ids. */
  readonly source?: PromptSource;
  /** Turns of both answers, where they are dialogues. */
  readonly turns?: { readonly [answer in "chosen" | "rejected"]: AnswerRecord["turns"] };
  /** The prompt where an answer is generated to it: no longer than `maxPrompt`, else the very same. */
  readonly asked: readonly number[];
}

/** What a dataset is to a run. */
export interface TrainingData {
  /** Prompts to train on and to evaluate on; they share none. */
  readonly prompts: PromptSplit<Prompt>;
  /** The preferences, where they are trained on: those of the one list of prompts, and of the other. */
  readonly pairs?: PromptSplit<DataPair>;
  /** Fingerprint of all of it. */
  readonly digest: string;
  /** What became of the rows. */
  readonly report: string;
}

/** How long the rows of a run may be. */
export interface TrainingBudget extends Pick<RowNeeds<Example>, "budget" | "limits"> {
  /** Most tokens of a prompt that answers are generated to. */
  readonly maxAsked: number;
}

/**
 * Reads a dataset for a run.
 *
 * @param flags Which rows, how they are read, and `offline`: the preferences are trained on.
 * @throws {UsageError} If too few rows can be used, or the chat template is asked for and not there.
 * @throws {Mistake} If the dataset cannot be read, or with `--strict` a row cannot be used.
 */
export async function readTrainingData(
  flags: DataFlags & Pick<RunSettings, "offline"> & Pick<RunConfig["data"], "evalPrompts">,
  model: DataModel,
  { budget, limits, maxAsked }: TrainingBudget,
  options?: FetchOptions,
): Promise<TrainingData> {
  const choose = (example: Example) =>
    flags.offline ? preferenceOf(example, OFFLINE) : promptOf(example);
  const rows = await readRows(flags, model, { choose, budget, limits }, options);
  const prompts = new Map<string, Prompt>();
  const pairs: DataPair[] = [];
  let used = 0, shortened = 0;
  for await (const { encoded, chosen, row } of rows) {
    used++;
    const [text, source] = [promptWords(row.prompt), sourceOf(chosen, row)];
    const asked = askedIds(encoded.prompt, row, model, maxAsked);
    if (asked !== encoded.prompt) shortened++;
    const key = encoded.prompt.join();
    if (!prompts.has(key)) prompts.set(key, { text, source, ids: asked });
    if (encoded.kind === "preference") {
      pairs.push({ ...encoded, text, source, asked, ...turnsOf(chosen, row) });
    }
  }
  const repeated = flags.offline ? 0 : used - prompts.size;
  const report = [
    rows.report(),
    ...(repeated > 0 ? [`${counted(repeated, "repeat")} of a prompt left out`] : []),
    ...(shortened > 0
      ? [
        `${
          counted(shortened, "prompt")
        } cut where evaluations answer them, to leave room for --max-new`,
      ]
      : []),
  ].join("; ");
  if (prompts.size < 2) {
    throw new UsageError({
      verb: "use",
      thing: `--data ${flags.data}`,
      found: `it has ${counted(prompts.size, "different prompt")}`,
      expected: `at least 2 (${report})`,
    });
  }
  const split = splitPrompts([...prompts.values()], flags.evalPrompts);
  if (!flags.offline) {
    return { prompts: split, report, digest: await sha256(JSON.stringify(split)) };
  }
  const held = new Set(split.evaluation);
  const isHeld = ({ prompt }: DataPair) => held.has(prompts.get(prompt.join())!);
  const both = {
    train: pairs.filter((pair) => !isHeld(pair)),
    evaluation: pairs.filter(isHeld),
  };
  return { prompts: split, pairs: both, report, digest: await sha256(JSON.stringify(both)) };
}

/** A prompt as answers are generated to it: the same ids, unless they leave no room for an answer. */
function askedIds(
  ids: readonly number[],
  { prompt, place, tools }: PreferenceRow | PromptRow,
  model: DataModel,
  maxPrompt: number,
): readonly number[] {
  if (ids.length <= maxPrompt) return ids;
  const row: PromptRow = { kind: "prompt", place, prompt, ...(tools ? { tools } : {}) };
  const [tokenizer, options] = new Dialogues({}, model).encoding({ maxPrompt });
  return encodePrompt(row, tokenizer, options).prompt;
}

/** The turns of a row's answers, where the file has turns and the model sees them. */
function turnsOf(
  row: PreferenceRow | PromptRow,
  turned: PreferenceRow | PromptRow,
): Pick<DataPair, "turns"> {
  if (row.kind !== "preference" || typeof turned.prompt === "string") return {};
  const { chosen, rejected } = row;
  if (typeof chosen === "string" || typeof rejected === "string") return {};
  return { turns: { chosen, rejected } };
}

const OFFLINE =
  "preferences (chosen and rejected). Map their columns with --columns, or name an --annotator without --offline";
