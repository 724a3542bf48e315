import { assert, assertEquals, assertRejects } from "@std/assert";
import { chatTemplate } from "../../core/mod.ts";
import { promptText } from "../../scheduler/mod.ts";
import { type DataFlags, firstKind, readTrainingData } from "../../cli/data.ts";
import type { DataModel } from "../../cli/dialogues.ts";
import { UsageError } from "../../cli/flag_parser.ts";
import { TEMPLATE } from "../support/command_run.ts";

const tokenizer = {
  ...{ vocabSize: 300, bosId: 256, eosId: 257, padId: 257 },
  encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
  decode: (ids: ArrayLike<number>) => String.fromCharCode(...Array.from(ids)),
};
const model: DataModel = { name: "tiny", tokenizer, addsBos: true, sizes: { eosId: [257] } };
const budget = { maxPrompt: 12, maxCompletion: 5 };

async function withRows<T>(
  rows: readonly unknown[],
  use: (flags: DataFlags & { evalPrompts: number }) => Promise<T>,
): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  await Deno.writeTextFile(path, rows.map((row) => JSON.stringify(row) + "\n").join(""));
  try {
    return await use({ data: path, evalPrompts: 2 });
  } finally {
    await Deno.remove(path);
  }
}

const letters = Array.from("abcdefgh");

Deno.test("readTrainingData() asks the prompt of any row once, and holds some out", async () => {
  const rows = [...letters.map((c) => ({ prompt: `Say ${c}`, completion: c })), {
    prompt: "Say a",
    completion: "x",
  }];
  const { prompts, pairs, report, digest } = await withRows(
    rows,
    (flags) => readTrainingData(flags, model, budget),
  );
  const texts = [...prompts.train, ...prompts.evaluation].map(promptText);
  assertEquals(texts.toSorted(), letters.map((c) => `Say ${c}`));
  assertEquals([prompts.evaluation.length, pairs], [2, undefined]);
  const [first] = prompts.train;
  assert(typeof first !== "string");
  assertEquals(first.ids, [256, ...tokenizer.encode(first.text)]);
  assertEquals(report, "9 of 9 rows used; 1 repeats of a prompt left out");
  const again = await withRows(rows, (flags) => readTrainingData(flags, model, budget));
  assertEquals(again.digest, digest);
  const others = await withRows(rows.slice(1), (f) => readTrainingData(f, model, budget));
  assert(others.digest !== digest);
});

Deno.test("readTrainingData() says what was cut, skipped and rendered", async () => {
  const rows = [
    ...letters.map((c) => ({ prompt: `is this a long question ${c}` })),
    ...[{ prompt: "" }, { prompt: 3 }, { prompt: "is this another long one b" }],
  ];
  const { report } = await withRows(rows, (flags) => readTrainingData(flags, model, budget));
  assert(
    report.startsWith("9 of 11 rows used; 1 skipped: prompt is empty (first ") &&
      report.includes("; 1 skipped: prompt is a number, expected text or messages (first ") &&
      report.endsWith("; 9 prompts cut by 127 tokens"),
    report,
  );
  const chat = { ...model, chat: chatTemplate(TEMPLATE) };
  const limited = await withRows(
    rows,
    (flags) => readTrainingData({ ...flags, limit: 3 }, chat, { ...budget, maxPrompt: 99 }),
  );
  assertEquals(limited.report, "3 of 3 rows used; 3 through the chat template");
});

Deno.test("readTrainingData() offline keeps every pair, held out by its prompt", async () => {
  const rows = letters.flatMap((c) => [
    { prompt: `Say ${c}`, chosen: c, rejected: "no" },
    { prompt: `Say ${c}`, chosen: `${c}!`, rejected: "never say that" },
  ]);
  const { prompts, pairs, report } = await withRows(
    rows,
    (flags) => readTrainingData({ ...flags, offline: true }, model, budget),
  );
  assertEquals([pairs!.train.length, pairs!.evaluation.length], [12, 4]);
  const held = prompts.evaluation.map(promptText);
  assertEquals(new Set(pairs!.evaluation.map(({ text }) => text)), new Set(held));
  assert(pairs!.train.every(({ text }) => !held.includes(text)));
  const cut = pairs!.train.find(({ cut }) => cut.rejected > 0)!;
  assertEquals([cut.rejected.length, cut.chosen.at(-1)], [5, 257]);
  assertEquals(report, "16 of 16 rows used; 8 answers cut by 80 tokens");
});

Deno.test("readTrainingData() refuses data that a run cannot use", async () => {
  await assertRejects(
    () => withRows([{ prompt: "a" }], (flags) => readTrainingData(flags, model, budget)),
    UsageError,
    "it has 1 different prompts, expected at least 2 (1 of 1 rows used)",
  );
  await assertRejects(
    () =>
      withRows(
        [{ prompt: "a" }],
        (flags) => readTrainingData({ ...flags, offline: true }, model, budget),
      ),
    UsageError,
    "is a prompt, expected preferences (chosen and rejected)",
  );
});

Deno.test("firstKind() looks at one usable row", async () => {
  const pair = { prompt: "a", chosen: "b", rejected: "c" };
  assertEquals(await withRows([{ ...pair, chosen: "" }, pair], firstKind), "preference");
  assertEquals(await withRows([{ prompt: "a", label: "b" }], firstKind), "completion");
  assertEquals(await withRows([{ prompt: "" }], firstKind), undefined);
});
