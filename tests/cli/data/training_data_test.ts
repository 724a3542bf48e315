import { assert, assertEquals, assertRejects } from "@std/assert";
import { chatTemplate } from "../../../core/mod.ts";
import { promptText } from "../../../scheduler/mod.ts";
import type { DataFlags } from "../../../cli/data/rows.ts";
import { readTrainingData } from "../../../cli/data/training_data.ts";
import type { DataModel } from "../../../cli/data/dialogues.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { TEMPLATE } from "../../support/command_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const tokenizer = {
  ...{ vocabSize: 300, bosId: 256, eosId: 257, padId: 257 },
  encode: (text: string) => Array.from(text, (c) => c.charCodeAt(0)),
  decode: (ids: ArrayLike<number>) => String.fromCharCode(...Array.from(ids)),
};
const model: DataModel = { name: "tiny", tokenizer, addsBos: true, sizes: { eosId: [257] } };
const limits = { maxPrompt: "--max-prompt 12", maxLength: "--context 17" };
const budget = { budget: { maxPrompt: 12 }, limits, maxAsked: 12 };
const offline = { budget: { maxLength: 17 }, limits, maxAsked: 12 };

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
  assertEquals(report, "9 of 9 rows used; 1 repeat of a prompt left out");
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
      report.endsWith("; 9 prompts cut by 127 tokens to fit --max-prompt 12"),
    report,
  );
  const chat = { ...model, chat: chatTemplate(TEMPLATE) };
  const limited = await withRows(
    rows,
    (flags) =>
      readTrainingData({ ...flags, limit: 3 }, chat, {
        ...budget,
        budget: { maxPrompt: 99 },
        maxAsked: 99,
      }),
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
    (flags) => readTrainingData({ ...flags, offline: true }, model, offline),
  );
  assertEquals([pairs!.train.length, pairs!.evaluation.length], [12, 4]);
  const held = prompts.evaluation.map(promptText);
  assertEquals(new Set(pairs!.evaluation.map(({ text }) => text)), new Set(held));
  assert(pairs!.train.every(({ text }) => !held.includes(text)));
  const long = [...pairs!.train, ...pairs!.evaluation].find(({ rejected }) => rejected.length > 9)!;
  assertEquals([long.rejected.length, long.asked], [17 - 6, long.prompt]);
  assertEquals(report, "16 of 16 rows used; 8 answers cut by 32 tokens to fit --context 17");
});

Deno.test("readTrainingData() offline cuts nothing to what is sampled, and a prompt only where an answer is sampled to it", async () => {
  const rows = letters.map((c) => ({ prompt: `Say ${c} for me`, chosen: "yes", rejected: "no" }));
  const wide = { ...offline, budget: { maxLength: 64 }, maxAsked: 6 };
  const { prompts, pairs, report } = await withRows(
    rows,
    (flags) => readTrainingData({ ...flags, offline: true }, model, wide),
  );
  const all = [...pairs!.train, ...pairs!.evaluation];
  assert(all.every(({ cut }) => cut.prompt + cut.chosen + cut.rejected === 0));
  for (const { prompt, asked } of all) assertEquals([prompt.length, asked.length], [13, 6]);
  assertEquals([prompts.train.length, prompts.evaluation.length], [6, 2]);
  assertEquals(pairs!.train.length + pairs!.evaluation.length, 8);
  assert(
    report.endsWith(
      "; 8 prompts cut where evaluations answer them, to leave room for --max-new",
    ),
    report,
  );
});

Deno.test("readTrainingData() passes over rows that it does not need, and ends only where none is left", async () => {
  const pairs = letters.map((c) => ({ prompt: `Say ${c}`, chosen: c, rejected: "no" }));
  const { report } = await withRows(
    [{ prompt: "a" }, ...pairs, { prompt: "b", completion: "c" }],
    (flags) => readTrainingData({ ...flags, offline: true }, model, offline),
  );
  assert(
    report.startsWith("8 of 10 rows used; 1 skipped: it is a prompt, expected preferences"),
    report,
  );
  assert(report.includes("; 1 skipped: it is a completion, expected preferences"), report);
  const error = await assertRejects(
    () =>
      withRows(
        [{ prompt: "a" }, ...pairs],
        (flags) => readTrainingData({ ...flags, offline: true, strict: true }, model, offline),
      ),
    Mistake,
  );
  assert(
    /^Cannot use .*:1: it is a prompt, expected .* --strict out to skip it$/.test(error.message),
  );
});

Deno.test("readTrainingData() refuses data that a run cannot use", async () => {
  await assertRejects(
    () => withRows([{ prompt: "a" }], (flags) => readTrainingData(flags, model, budget)),
    UsageError,
    "it has 1 different prompt, expected at least 2 (1 of 1 row used)",
  );
  await assertRejects(
    () =>
      withRows(
        [{ prompt: "a" }],
        (flags) => readTrainingData({ ...flags, offline: true }, model, offline),
      ),
    UsageError,
    "is a prompt, expected preferences (chosen and rejected)",
  );
});
