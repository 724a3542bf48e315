import { assert, assertEquals, assertRejects } from "@std/assert";
import { openBase } from "../../../cli/policy/base_model.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { readSftData, rowsDigest, type SftDataFlags } from "../../../cli/sft/data.ts";
import { commandWorkspace } from "../../support/command_run.ts";

async function read(rows: readonly unknown[], model: string, flags: Partial<SftDataFlags> = {}) {
  using work = await commandWorkspace();
  const data = `${work.dir}/rows.jsonl`;
  await Deno.writeTextFile(data, rows.map((row) => JSON.stringify(row) + "\n").join(""));
  using base = await openBase({ model: `${work.dir}/${model}` });
  const all = await readSftData({ data, maxLength: 64, evalShare: 0, ...flags }, base);
  const texts = all.train.map(({ ids, promptLength }) => {
    const part = (from: number, to?: number) =>
      base.tokenizer.decode(Array.from(ids).slice(from, to));
    return [part(0, promptLength), part(promptLength)];
  });
  return { ...all, texts };
}

Deno.test("readSftData() counts the answer of any row that has one", async () => {
  const rows: [row: unknown, prompt: string, answer: string][] = [
    [{ prompt: "Tom ran.", completion: " He fell." }, "Tom ran.", " He fell."],
    [{ prompt: "Tom ran.", label: " He fell." }, "Tom ran.", " He fell."],
    [{ prompt: "Tom ran.", chosen: " He won.", rejected: " No." }, "Tom ran.", " He won."],
    [{ text: "Tom ran. He fell." }, "", "Tom ran. He fell."],
  ];
  for (const [row, prompt, answer] of rows) {
    const { texts, train, report } = await read([row], "model");
    assertEquals(texts, [[prompt, answer]]);
    assertEquals([train[0].ids[0], train[0].ids[train[0].ids.length - 1]], [0, 0], "begin and end");
    assertEquals(report, "1 of 1 row used");
  }
});

Deno.test("readSftData() takes the chosen answer's ids of a row that Leash wrote, cut as it was", async () => {
  using work = await commandWorkspace();
  using base = await openBase({ model: `${work.dir}/model` });
  const { tokenizer } = base;
  const row = {
    ...{
      prompt: "Tom ran.",
      chosen: " He fe",
      rejected: " No.",
      tokenizer_hash: await tokenizer.hash!(),
    },
    ...{ prompt_ids: [0, ...tokenizer.encode("Tom ran.")], chosen_ids: tokenizer.encode(" He fe") },
    rejected_ids: [...tokenizer.encode(" No."), 0],
  };
  const { train, report } = await read([row], "model");
  assertEquals([...train[0].ids as number[]], [...row.prompt_ids, ...row.chosen_ids]); // no end token
  assertEquals(report, "1 of 1 row used; 1 by the token ids that they bring along");
  const single = await read([{ ...row, chosen: undefined, completion: " He fe" }], "model", {
    format: "completion",
  });
  assertEquals(single.train[0].ids.length, train[0].ids.length + 1); // whose ids are not there: text
});

Deno.test("readSftData() counts the assistant's last turn, through the chat template", async () => {
  const turn = (role: string, content: string) => ({ role, content });
  const messages = [
    turn("user", "A"),
    turn("assistant", "B"),
    turn("user", "C"),
    turn("assistant", "D"),
  ];
  const { texts, report } = await read([{ messages }], "chat");
  assertEquals(texts, [["user: A\nassistant: B\nuser: C\nassistant:", " D\n"]]);
  assertEquals(report, "1 of 1 row used; 1 through the chat template");
});

Deno.test("readSftData() leaves out what nobody wants, and cuts at the length that was said", async () => {
  const wanted = { prompt: "Tom ran.", completion: " He fell.", label: true };
  const { train, report } = await read([wanted, { ...wanted, label: false }], "model");
  assertEquals(train.length, 1);
  assert(report.startsWith("1 of 2 rows used; 1 skipped: its label is false (first "), report);
  const long = { text: "Tom ran and ran and ran and ran and ran and ran." };
  const cut = await read([long], "model", { maxLength: 6 });
  assertEquals(cut.train[0].ids.length, 6);
  assert(/; 1 answer cut by \d+ tokens to fit --max-length 6$/.test(cut.report), cut.report);
});

Deno.test("readSftData() cuts no prompt that fits beside its answer, however long it is", async () => {
  const row = { prompt: "Tom ran and ran and ran and ran and ran.", completion: " Ha." };
  const whole = await read([row], "model");
  const { length } = whole.train[0].ids;
  const tight = await read([row], "model", { maxLength: length });
  assertEquals([tight.texts, tight.report], [whole.texts, "1 of 1 row used"]);
  const less = await read([row], "model", { maxLength: length - 1 });
  assert(less.report.endsWith(`1 prompt cut by 1 token to fit --max-length ${length - 1}`));
});

Deno.test("readSftData() holds out a share, always the same, and never everything", async () => {
  const rows = Array.from({ length: 10 }, (_, i) => ({ text: `Tom saw ${i}.` }));
  const first = await read(rows, "model", { evalShare: 0.25 });
  assertEquals([first.train.length, first.evaluation.length], [7, 3]);
  assertEquals((await read(rows, "model", { evalShare: 0.25 })).evaluation, first.evaluation);
  const most = await read(rows, "model", { evalShare: 1 });
  assertEquals([most.train.length, most.evaluation.length], [1, 9]);
  const one = await read(rows.slice(0, 1), "model", { evalShare: 0.5 });
  assertEquals([one.train.length, one.evaluation.length], [1, 0]);
});

Deno.test("readSftData() refuses rows without answers, and data without rows", async () => {
  await assertRejects(
    () => read([{ prompt: "a" }], "model"),
    UsageError,
    "has a prompt and no answer",
  );
  const none = [{ prompt: "a", completion: "" }];
  await assertRejects(
    () => read(none, "model"),
    UsageError,
    "has no row that can be used (0 of 1 row",
  );
  const flags = { maxPrompt: 64 };
  await assertRejects(
    () => read([{ text: "a" }], "model", flags),
    UsageError,
    "--max-prompt is 64, expected fewer than the 64 of --max-length",
  );
});

Deno.test("rowsDigest() changes with any id, any prompt's length, and what is held out", async () => {
  const row = (ids: number[], promptLength = 1) => ({ ids, promptLength });
  const digest = (train: ReturnType<typeof row>[], evaluation: ReturnType<typeof row>[] = []) =>
    rowsDigest({ train, evaluation, report: "" });
  const all = await Promise.all([
    digest([row([1, 2]), row([3])]),
    digest([row([1, 2]), row([4])]),
    digest([row([1]), row([2, 3])]),
    digest([row([1, 2], 2), row([3])]),
    digest([row([1, 2])], [row([3])]),
  ]);
  assertEquals(new Set(all).size, all.length);
  assertEquals(await digest([row([1, 2]), row([3])]), all[0]);
});
