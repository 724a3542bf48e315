// `--data`: rows of any format as prompts that a model reads, or as preferences to learn from. What cannot be used is
// counted and named, and what a budget cuts is counted.
import {
  type EncodedPreference,
  encodeExamples,
  type Example,
  type ExampleOptions,
  parseColumns,
  type PreferenceRow,
  type PromptRow,
  toExamples,
  type Tokenizer,
} from "../core/mod.ts";
import { openDataset } from "../core/io/mod.ts";
import type { DatasetRow } from "../core/io/mod.ts";
import type { AnswerRecord, Prompt, PromptSource } from "../scheduler/mod.ts";
import { sha256 } from "./digest.ts";
import type { RunConfig } from "./flags.ts";
import { UsageError } from "./flag_parser.ts";
import { type Budget, type DataModel, Dialogues, promptWords, sourceOf } from "./dialogues.ts";
import { datasetDownloader, type FetchOptions } from "./hub_files.ts";
import { type PromptSplit, splitPrompts } from "./prompts_file.ts";

/** The flags that say which rows, and how they are read. */
export type DataFlags =
  & Pick<RunConfig, "split" | "columns" | "format" | "system" | "chat" | "limit">
  & { readonly data: string };

/** A preference in tokens and in words. */
export interface DataPair extends EncodedPreference {
  /** The prompt, for people. */
  readonly text: string;
  /** What it was before it became ids. */
  readonly source?: PromptSource;
  /** Turns of both answers, where they are dialogues. */
  readonly turns?: { readonly [answer in "chosen" | "rejected"]: AnswerRecord["turns"] };
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

/** Opens the dataset's examples; those that are used are counted by the stream. */
export async function openExamples(
  flags: DataFlags,
  tokenizer: Tokenizer | undefined,
  options?: FetchOptions,
): Promise<ReturnType<typeof toExamples>> {
  const { data, split, columns, format, limit } = flags;
  const dataset = await openDataset(data, {
    ...(split === undefined ? {} : { split }),
    ...(options ? { fetchHub: datasetDownloader(options) } : {}),
  });
  const read: ExampleOptions = {
    ...(format === undefined ? {} : { format }),
    ...(columns === undefined ? {} : { columns: parseColumns(columns) }),
    ...(tokenizer === undefined ? {} : { tokenizer }),
  };
  return toExamples(firstRows(dataset.rows(), limit ?? Infinity), read);
}

async function* firstRows(
  rows: AsyncGenerator<DatasetRow>,
  most: number,
): AsyncGenerator<DatasetRow> {
  let n = 0;
  for await (const row of rows) {
    yield row;
    if (++n >= most) return;
  }
}

/** What the first usable row of a dataset is; undefined where there is none. */
export async function firstKind(
  flags: DataFlags,
  options?: FetchOptions,
): Promise<Example["kind"] | undefined> {
  for await (const { kind } of await openExamples(flags, undefined, options)) return kind;
  return undefined;
}

/**
 * Reads a dataset for a run.
 *
 * @param flags Which rows, how they are read, and `offline`: the preferences are trained on.
 * @throws {UsageError} If no row can be used, rows are not those that the run needs, or the chat template is asked for
 * and not there.
 * @throws {TypeError} If the dataset cannot be read.
 */
export async function readTrainingData(
  flags: DataFlags & Pick<RunConfig, "offline" | "evalPrompts">,
  model: DataModel,
  budget: Budget,
  options?: FetchOptions,
): Promise<TrainingData> {
  const stream = await openExamples(flags, model.tokenizer, options);
  const dialogues = new Dialogues(flags, model);
  const words = new Map<string, Pick<DataPair, "text" | "source" | "turns">>();
  async function* wanted(): AsyncGenerator<PreferenceRow | PromptRow> {
    for await (const example of stream) {
      const row = flags.offline ? preferenceOf(example, flags.data) : promptOf(example);
      const turned = dialogues.turn(row);
      const text = promptWords(turned.prompt);
      words.set(row.place, { text, source: sourceOf(row, turned), ...turnsOf(row) });
      yield turned;
    }
  }
  const encoded = encodeExamples(wanted(), ...dialogues.encoding(budget));
  const prompts = new Map<string, Prompt>();
  const pairs: DataPair[] = [];
  let used = 0;
  for await (const row of encoded) {
    used++;
    const { text, source, ...more } = words.get(row.place)!;
    const key = row.prompt.join();
    if (!prompts.has(key)) prompts.set(key, { text, source, ids: row.prompt });
    if (row.kind === "preference") pairs.push({ ...row, text, source, ...more });
  }
  const report = reportOf(stream.report, encoded.report, {
    rendered: dialogues.rendered,
    repeated: flags.offline ? 0 : used - prompts.size,
  });
  if (prompts.size < 2) {
    throw new UsageError(
      `Cannot use --data ${flags.data}: it has ${prompts.size} different prompts, expected at least 2 (${report})`,
    );
  }
  const split = splitPrompts([...prompts.values()], flags.evalPrompts);
  if (!flags.offline) {
    return { prompts: split, report, digest: await sha256(JSON.stringify(split)) };
  }
  const held = new Set(split.evaluation.map((prompt) => keyOf(prompt)));
  const isHeld = ({ prompt }: DataPair) => held.has(prompt.join());
  const both = {
    train: pairs.filter((pair) => !isHeld(pair)),
    evaluation: pairs.filter(isHeld),
  };
  return { prompts: split, pairs: both, report, digest: await sha256(JSON.stringify(both)) };
}

function keyOf(prompt: Prompt): string {
  return typeof prompt === "string" ? prompt : prompt.ids.join();
}

/** The turns of a row's answers. */
function turnsOf(row: PreferenceRow | PromptRow): Pick<DataPair, "turns"> {
  if (row.kind !== "preference") return {};
  const { chosen, rejected } = row;
  if (typeof chosen === "string" || typeof rejected === "string") return {};
  return { turns: { chosen, rejected } };
}

function preferenceOf(example: Example, data: string): PreferenceRow {
  if (example.kind === "preference") return example;
  throw new UsageError(
    `Cannot train offline on ${data}: ${example.place} is a ${example.kind}, expected preferences ` +
      "(chosen and rejected). Map their columns with --columns, or name an --annotator without --offline",
  );
}

/** The side of an example that is asked. */
function promptOf(example: Example): PromptRow {
  const { place, tools } = example;
  const prompt = example.kind === "text" ? example.text : example.prompt;
  return { kind: "prompt", place, prompt, ...(tools ? { tools } : {}) };
}

type Counts = ReturnType<typeof toExamples>["report"];

/** One line on what became of the rows. */
export function reportOf(
  rows: Counts,
  encoded: ReturnType<typeof encodeExamples>["report"],
  { rendered, repeated = 0 }: { readonly rendered: number; readonly repeated?: number },
): string {
  const cut = (n: number, what: string, tokens: number) =>
    n === 0 ? [] : [`${n} ${what} cut by ${tokens} tokens`];
  return [
    `${encoded.used} of ${rows.read} rows used`,
    ...[rows, encoded].flatMap(({ skipped }) =>
      [...skipped].map(([why, { count, first }]) => `${count} skipped: ${why} (first ${first})`)
    ),
    ...(repeated > 0 ? [`${repeated} repeats of a prompt left out`] : []),
    ...cut(encoded.promptsCut, "prompts", encoded.promptTokensCut),
    ...cut(encoded.completionsCut, "answers", encoded.completionTokensCut),
    ...(rendered > 0 ? [`${rendered} through the chat template`] : []),
  ].join("; ");
}
