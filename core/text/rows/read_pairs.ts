// Rows of preferences to pairs in tokens, in one call: what offline training learns from.
import { encodeExamples } from "./encode_examples.ts";
import type { EncodeExampleOptions } from "./encode_row.ts";
import type { EncodedPreference } from "./encoded.ts";
import { type ExampleOptions, toExamples } from "./examples.ts";
import { describeRows, usedRows } from "./report.ts";
import type { DatasetRow, PreferenceRow } from "./rows.ts";
import type { Tokenizer } from "../tokenizer/tokenizer.ts";
import { Mistake } from "../../base/mistake.ts";

/** How rows are read and encoded. */
export interface ReadPairsOptions
  extends Pick<ExampleOptions, "format" | "columns" | "strict">, EncodeExampleOptions {}

/** Pairs, and what became of the rows. */
export interface ReadPairs {
  /** In the order of the rows. */
  readonly pairs: EncodedPreference[];
  /** For people: how many rows were used, then a line for each reason why others were not. */
  readonly notes: string[];
}

/**
 * Reads all preferences of a dataset as token ids. A row that cannot be used is counted with its reason and its place.
 *
 * @example
 * ```ts
 * import { readPairs } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const tokenizer = {
 *   ...{ vocabSize: 200, bosId: 1, eosId: 2, padId: 0, decode: () => "" },
 *   encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
 * };
 * const rows = [
 *   { prompt: "a", chosen: "b", rejected: "c" },
 *   { prompt: "a", chosen: "b", rejected: "b" },
 * ];
 * const { pairs: [{ prompt, chosen, rejected }], notes } = await readPairs(rows, tokenizer);
 * assertEquals([prompt, chosen, rejected], [[1, 97], [98, 2], [99, 2]]);
 * assertEquals(notes[0], "1 of 2 rows used");
 * ```
 *
 * @param rows Of `openDataset(…).rows()`, or plain objects.
 * @param tokenizer The model's.
 * @param options `format`, `columns`, `strict` as `toExamples` takes them; the budget, `eos` and `render` (for messages)
 * as `encodeExamples` does. Without a budget nothing is cut.
 * @returns At least one pair.
 * @throws {Mistake} If no row can be used, or a row is of another kind, or there are messages and no `render`.
 */
export async function readPairs(
  rows: AsyncIterable<DatasetRow> | Iterable<DatasetRow["row"]>,
  tokenizer: Tokenizer,
  options: ReadPairsOptions = {},
): Promise<ReadPairs> {
  const { format, columns, strict, ...encoding } = options;
  const numbered = Symbol.asyncIterator in rows ? rows : numberedRows(rows);
  const examples = toExamples(numbered, { format, columns, strict, tokenizer });
  async function* preferences(): AsyncGenerator<PreferenceRow> {
    for await (const example of examples) {
      if (example.kind === "preference") yield example;
      else {
        throw new Mistake("data", {
          verb: "read",
          thing: "pairs",
          found: `${example.place} is a ${example.kind}`,
          expected: "chosen and rejected",
          fix: "Map columns of other names with columns",
        });
      }
    }
  }
  const encoded = encodeExamples(preferences(), tokenizer, { ...encoding, strict });
  const pairs = await Array.fromAsync(encoded);
  const [, ...unread] = describeRows(examples.report);
  const [, ...uncoded] = describeRows(encoded.report);
  const notes = [
    usedRows({ used: pairs.length, read: examples.report.read }),
    ...unread,
    ...uncoded,
  ];
  if (pairs.length > 0) return { pairs, notes };
  throw new Mistake("data", {
    verb: "read",
    thing: "pairs",
    found: notes.join("; "),
    expected: "at least one pair",
  });
}

async function* numberedRows(rows: Iterable<DatasetRow["row"]>): AsyncGenerator<DatasetRow> {
  let number = 0;
  for (const row of rows) yield { row, file: "the list", unit: "row", number: ++number };
}
