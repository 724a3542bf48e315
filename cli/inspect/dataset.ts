// A dataset: every row is read, so that what is wrong in it is found; what its rows hold, and how many can be used.
import { detectFormat, type Example, toExamples } from "../../core/mod.ts";
import { type DatasetRow, openDataset } from "../../files/mod.ts";
import { promptOf } from "../data/rows.ts";
import { fileBytes } from "./files.ts";
import { excerpt, type Report, type ReportValue } from "./report.ts";
import { turn } from "../../core/base/pause.ts";

/** What of an inspection a dataset needs. */
export interface DatasetOptions {
  /** Part of a folder. */
  readonly split?: string;
  /** Ends it between two rows. */
  readonly signal?: AbortSignal;
}

/**
 * Reads a dataset whole.
 *
 * @throws {Mistake} If a file is malformed, or there is none.
 */
export async function inspectDataset(
  path: string,
  isFolder: boolean,
  { split, signal }: DatasetOptions,
): Promise<Report> {
  const { files, rows } = await openDataset(path, split === undefined ? {} : { split });
  const seen: { first?: DatasetRow; count: number } = { count: 0 };
  async function* counted(): AsyncGenerator<DatasetRow> {
    for await (const row of rows()) {
      if (seen.count++ % 1024 === 0) {
        signal?.throwIfAborted();
        await turn();
      }
      seen.first ??= row;
      yield row;
    }
  }
  const stream = counted();
  const { value: head, done } = await stream.next();
  const format = done ? undefined : detectFormat(Object.keys(head.row), head.row);
  let used: { readonly [name: string]: ReportValue } = {};
  if (format === undefined) { for await (const _ of stream); }
  else {
    const examples = toExamples(chained(head, stream));
    const kinds = new Map<string, number>();
    let cued = 0;
    for await (const example of examples) {
      kinds.set(example.kind, (kinds.get(example.kind) ?? 0) + 1);
      if (isCued(example)) cued++;
    }
    const { unread } = examples.report;
    used = {
      examples: Object.fromEntries(kinds),
      ...(cued > 0 ? { rawPrompts: `${cued} ${CUED}` } : {}),
      ...(unread.size > 0 ? { notRead: [...unread] } : {}),
      skipped: [...examples.report.skipped].map(([reason, { count, first }]) => ({
        ...{ reason, rows: count, first },
      })),
    };
  }
  let bytes = 0;
  for (const file of files) bytes += await fileBytes(file);
  return {
    kind: isFolder ? "dataset folder" : "dataset file",
    path,
    ...(isFolder ? { files: files.length } : {}),
    fileBytes: bytes,
    rows: seen.count,
    columns: seen.first === undefined ? [] : columnsOf(seen.first),
    format: format ?? null,
    ...used,
    firstRow: seen.first === undefined ? null : shortened(seen.first.row),
  };
}

const CUED =
  'end in "Assistant:", where the answer is to begin: a model without a chat template reads ' +
  "them as they are, one with it as turns";

/** Whether the prompt is raw text that asks the assistant to speak, as Anthropic's HH data have it. */
function isCued(example: Example): boolean {
  const { prompt } = promptOf(example);
  return typeof prompt === "string"
    ? /\bAssistant:\s*$/.test(prompt)
    : /\bAssistant:\s*$/.test(example.plain?.prompt ?? "");
}

async function* chained(
  first: DatasetRow,
  rest: AsyncIterable<DatasetRow>,
): AsyncGenerator<DatasetRow> {
  yield first;
  yield* rest;
}

function columnsOf({ row }: DatasetRow): string[] {
  return Object.entries(row).map(([name, value]) => `${name} (${kindOf(value)})`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) {
    return value.some((entry) => typeof entry === "object" && entry !== null && "role" in entry)
      ? "messages"
      : "list";
  }
  return typeof value === "string" ? "text" : typeof value;
}

function shortened(row: DatasetRow["row"]): { readonly [name: string]: ReportValue } {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      if (typeof value === "string") return [name, excerpt(value)];
      if (typeof value === "number" || typeof value === "boolean") return [name, value];
      return [name, excerpt(JSON.stringify(value, plain) ?? String(value))];
    }),
  );
}

/** What JSON has no word for, as Parquet's 64-bit integers and dates. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
