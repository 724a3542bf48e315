// `--data`: rows of any format as a command needs them. What it cannot use is passed over, counted and named, what a budget
// cuts is counted with the flag that cut it, and only where no row is left does a command end.
import {
  type Encoded,
  encodeExamples,
  type EncodingReport,
  type Example,
  type ExampleOptions,
  type ExampleReport,
  parseColumns,
  type PreferenceRow,
  type PromptRow,
  type RowBudget,
  type RowLimit,
  type RowReport,
  toExamples,
  type Tokenizer,
} from "../../core/mod.ts";
import { bare } from "../../core/base/quote.ts";
import { openDataset } from "../../files/mod.ts";
import type { DatasetRow } from "../../files/mod.ts";
import { RowCounter, UnusableRow, usedRows } from "../../core/text/rows/report.ts";
import { type RowIdCounts, withOwnIds } from "../../core/text/rows/token_ids.ts";
import { counted } from "../terminal/counted.ts";
import { UsageError } from "../terminal/mistake.ts";
import type { RunSettings } from "../flags/run_config.ts";
import { type DataModel, Dialogues } from "./dialogues.ts";
import { datasetDownloader, type FetchOptions } from "../policy/hub_files.ts";

/** The flags that say which rows, and how they are read. */
export type DataFlags =
  & Pick<RunSettings, "split" | "columns" | "format" | "system" | "chat" | "limit" | "strict">
  & { readonly data: string };

/** Opens the dataset's examples; those that are used are counted by the stream. */
export async function openExamples(
  flags: DataFlags,
  tokenizer: Tokenizer | undefined,
  options?: FetchOptions,
): Promise<ReturnType<typeof toExamples>> {
  const { data, split, columns, format, limit, strict } = flags;
  const dataset = await openDataset(data, {
    ...(split === undefined ? {} : { split }),
    ...(options ? { fetchHub: datasetDownloader(options) } : {}),
  });
  const read: ExampleOptions = {
    ...(format === undefined ? {} : { format }),
    ...(columns === undefined ? {} : { columns: parseColumns(columns) }),
    ...(tokenizer === undefined ? {} : { tokenizer }),
    ...(strict === undefined ? {} : { strict }),
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

/** Rows that are looked at to tell what a dataset holds. */
const LOOKED_AT = 1000;

/**
 * Preferences where a dataset has some early, else what its first usable row is.
 *
 * @throws {UsageError} If it has none, with the reasons.
 */
export async function firstKind(
  flags: DataFlags,
  options?: FetchOptions,
): Promise<Example["kind"]> {
  let first: Example["kind"] | undefined;
  let n = 0;
  const examples = await openExamples(flags, undefined, options);
  for await (const { kind } of examples) {
    if (kind === "preference") return kind;
    first ??= kind;
    if (++n >= LOOKED_AT) break;
  }
  if (first !== undefined) return first;
  const { report } = examples;
  throw new UsageError({
    verb: "use",
    thing: `--data ${flags.data}`,
    found: `it has no row that can be used (${
      [usedRows(report), ...skippedLines([report])].join("; ")
    })`,
  });
}

/** A row in ids, and what it was made of. */
export interface ReadRow<E extends Example> {
  /** Ids within the budget. */
  readonly encoded: Encoded<E>;
  /** As the command needs it, and as the file has it. */
  readonly chosen: E;
  /** The same as the model is to see it: turns where it goes through the chat template. */
  readonly row: E;
}

/** Rows one by one; the report is complete when they end. */
export interface ReadRows<E extends Example> extends AsyncIterable<ReadRow<E>> {
  /** One line on what became of them. */
  report(): string;
}

/** How a command reads rows. */
export interface RowNeeds<E extends Example> {
  /** The row that it needs of an example; throws UnusableRow where there is none. */
  readonly choose: (example: Example) => E;
  /** Most tokens. */
  readonly budget: RowBudget;
  /** What sets each limit, for people: `{ maxLength: "--context 256" }`. */
  readonly limits: LimitNames;
}

/** What sets each limit, for people. */
export type LimitNames = Partial<Readonly<Record<RowLimit, string>>>;

/**
 * Reads the rows of a dataset as a command needs them.
 *
 * @throws {UsageError} If the chat template is asked for and not there.
 * @throws {Mistake} While it is read: if the dataset cannot be, or with `--strict` a row cannot be used.
 */
export async function readRows<E extends Example>(
  flags: DataFlags,
  model: DataModel,
  { choose, budget, limits }: RowNeeds<E>,
  options?: FetchOptions,
): Promise<ReadRows<E>> {
  const stream = await openExamples(flags, model.tokenizer, options);
  const dialogues = new Dialogues(flags, model);
  const needed = new RowCounter(flags);
  const ids = { own: 0, foreign: 0, changed: 0 };
  let last: Omit<ReadRow<E>, "encoded"> | undefined; // the one that is being encoded
  async function* wanted(): AsyncGenerator<E> {
    for await (const example of withOwnIds(stream, model.tokenizer, ids)) {
      last = needed.take(example.place, () => {
        const chosen = choose(example);
        return { chosen, row: dialogues.turn(chosen) };
      });
      if (last !== undefined) yield last.row;
    }
  }
  const encoded = encodeExamples(
    wanted(),
    ...dialogues.encoding({ ...budget, strict: flags.strict }),
  );
  async function* rows(): AsyncGenerator<ReadRow<E>> {
    for await (const row of encoded) yield { ...last!, encoded: row };
  }
  return {
    [Symbol.asyncIterator]: rows,
    report: () =>
      [reportOf([stream.report, needed, encoded.report], limits, dialogues, flags), ...idLines(ids)]
        .join("; "),
  };
}

/** What became of the ids that rows bring along, for people. */
function idLines({ own, foreign, changed }: RowIdCounts): string[] {
  const line = (count: number, what: string) => count === 0 ? [] : [`${count} ${what}`];
  return [
    ...line(own, "by the token ids that they bring along"),
    ...line(foreign, "with token ids of another tokenizer, read as text"),
    ...line(changed, "whose text is no longer that of their token ids, read as text"),
  ];
}

/** The side of an example that is asked. */
export function promptOf(example: Example): PromptRow {
  const { place, tools, plain, ids } = example;
  const prompt = example.kind === "text" ? example.text : example.prompt;
  return {
    ...{ kind: "prompt", place, prompt },
    ...(tools ? { tools } : {}),
    ...(plain ? { plain: { prompt: plain.prompt } } : {}),
    ...(ids ? { ids: { hash: ids.hash, prompt: ids.prompt } } : {}),
  };
}

/**
 * The preference that an example is.
 *
 * @param expected What a row that is none should be, and how else to call the command.
 * @throws {UnusableRow} If it is none.
 */
export function preferenceOf(example: Example, expected: string): PreferenceRow {
  if (example.kind === "preference") return example;
  throw new UnusableRow(`it is a ${example.kind}, expected ${expected}`);
}

/** What was passed over, for people: reasons with their first places, and columns that nobody reads. */
export function skippedLines(
  reports: readonly (RowReport & Partial<Pick<ExampleReport, "unread">>)[],
): string[] {
  const [{ unread = new Set<string>() }] = reports;
  const names = [...unread].slice(0, 8).map(bare);
  return [
    ...reports.flatMap(({ skipped }) =>
      [...skipped].map(([why, { count, first }]) => `${count} skipped: ${why} (first ${first})`)
    ),
    ...(names.length > 0
      ? [`columns not read: ${names.join(", ")}${unread.size > names.length ? ", …" : ""}`]
      : []),
  ];
}

/** One line on what became of the rows. */
function reportOf(
  reports: readonly [rows: ExampleReport, needed: RowReport, encoded: EncodingReport],
  limits: LimitNames,
  { rendered, templated }: Dialogues,
  { system }: DataFlags,
): string {
  const [rows, , encoded] = reports;
  const names = new Map(Object.entries(limits));
  const cuts = Object.entries(encoded.cutBy).flatMap(([limit, cut]) => {
    const name = names.get(limit);
    const fit = name === undefined ? "" : ` to fit ${name}`;
    const counts = [
      [cut.prompts, "prompt", cut.promptTokens],
      [cut.completions, "answer", cut.completionTokens],
    ] as const;
    return counts.flatMap(([n, what, tokens]) =>
      n === 0 ? [] : [`${counted(n, what)} cut by ${counted(tokens, "token")}${fit}`]
    );
  });
  const without = system === undefined ? "" : ", without --system";
  return [
    usedRows({ used: encoded.used, read: rows.read }),
    ...skippedLines(reports),
    ...cuts,
    ...(rendered > 0 ? [`${rendered} through the chat template`] : []),
    ...(templated > 0
      ? [`${templated} in the chat template's form already, left as they are${without}`]
      : []),
    ...(encoded.special > 0
      ? [`${encoded.special} of text that spells special tokens, read as those tokens`]
      : []),
  ].join("; ");
}
