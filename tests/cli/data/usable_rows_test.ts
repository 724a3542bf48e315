import { assertEquals, assertRejects } from "@std/assert";
import { takeExamples, usableRows } from "../../../cli/data/usable_rows.ts";
import { preferenceOf, promptOf } from "../../../cli/data/rows.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { Mistake } from "../../../core/base/mistake.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const model = {
  ...{ name: "tiny", addsBos: false, sizes: {} },
  tokenizer: {
    ...{ vocabSize: 300, bosId: 256, eosId: 257, padId: 257 },
    encode: (text: string) => [...text].map((letter) => letter.charCodeAt(0)),
    decode: (ids: ArrayLike<number>) => String.fromCharCode(...Array.from(ids)),
  },
};

/** A dataset of these rows, by its name while it is used. */
async function withRows(rows: readonly object[], use: (data: string) => Promise<void>) {
  const data = await Deno.makeTempFile({ suffix: ".jsonl" });
  await Deno.writeTextFile(data, rows.map((row) => JSON.stringify(row)).join("\n"));
  await use(data).finally(() => Deno.remove(data));
}

const ROWS = [
  { prompt: "Hi", chosen: "b", rejected: "c" },
  { prompt: "", chosen: "b", rejected: "c" },
  { prompt: "You", chosen: "d", rejected: "e" },
];

Deno.test("usableRows() keeps what is asked for of each row, and says once what became of them", () =>
  withRows(ROWS, async (data) => {
    const terminal = recordingTerminal();
    const needs = {
      noun: "question",
      choose: promptOf,
      keep: ({ encoded }: { readonly encoded: { readonly prompt: readonly number[] } }) =>
        encoded.prompt,
      ...{ budget: {}, limits: {} },
    };
    const read = () => usableRows("try", { data }, model, needs, { terminal });
    assertEquals(await read(), [[72, 105], [89, 111, 117]]);
    const skipped = `1 skipped: prompt is empty (first ${data}:2)`;
    assertEquals(terminal.lines, [`${data}: 2 of 3 rows used; ${skipped}`]);

    await Deno.writeTextFile(data, JSON.stringify(ROWS[1]));
    const error = await assertRejects(read, UsageError);
    assertEquals(
      error.message,
      `Cannot try: ${data} has no question that can be used, expected one (0 of 1 row used; 1 skipped: prompt is empty (first ${data}:1))`,
    );
    assertEquals(terminal.lines.length, 1);
  }));

Deno.test("takeExamples() takes what it can of examples, in order, and counts the others", () =>
  withRows([...ROWS, { prompt: "Who", completion: "x" }], async (data) => {
    const take = (strict: boolean) =>
      takeExamples({ data, strict, format: "preference" }, undefined, (example) => {
        const { prompt, chosen } = preferenceOf(example, "a pair");
        return { prompt, chosen };
      });
    assertEquals(await take(false), {
      taken: [{ prompt: "Hi", chosen: "b" }, { prompt: "You", chosen: "d" }],
      used: "2 of 4 rows used",
      skipped: [
        `1 skipped: prompt is empty (first ${data}:2)`,
        `1 skipped: chosen is missing (first ${data}:4)`,
        "columns not read: completion",
      ],
    });
    await assertRejects(() => take(true), Mistake, `Cannot use ${data}:2: prompt is empty`);
  }));
