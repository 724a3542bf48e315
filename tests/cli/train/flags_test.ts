import { assertEquals, assertRejects } from "@std/assert";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { settleTrainFlags } from "../../../cli/train/flags.ts";
import { tinyMembers, writePeft } from "../../support/command_run.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const options = { terminal: recordingTerminal() };
const settle = (values: Parameters<typeof settleTrainFlags>[0]) =>
  settleTrainFlags(values, options);

Deno.test("settleTrainFlags() has what is usual for the model, and guesses nobody who annotates", async () => {
  const annotator = "stories-judge";
  assertEquals(await settle({ annotator }), { lr: 4e-3, maxNew: 40, annotator });
  const { lr, maxNew } = await settle({ model: "m", annotator });
  assertEquals([lr, maxNew], [1e-4, 128]);
  assertEquals((await settle({ model: "m", annotator, maxNew: 9 })).maxNew, 9);
  assertEquals((await settle({ model: "m", annotator, lr: 0.5 })).lr, 0.5);
  await assertRejects(
    () => settle({}),
    UsageError,
    "Cannot train: --annotator is not given, expected who says which answer wins",
  );
  assertEquals(await settle({ resume: "r", steps: 3 }), { resume: "r", steps: 3 });
});

async function file(row: unknown): Promise<string> {
  const path = await Deno.makeTempFile({ suffix: ".jsonl" });
  await Deno.writeTextFile(path, JSON.stringify(row) + "\n");
  return path;
}

Deno.test("settleTrainFlags() learns preferences where nobody annotates", async () => {
  const data = await file({ prompt: "a", chosen: "b", rejected: "c" });
  const offline = { offline: true, reference: "sft", phases: 1, lr: 4e-3, maxNew: 40 };
  assertEquals(await settle({ data }), { data, annotator: "none", ...offline });
  assertEquals(await settle({ data, annotator: "stories-judge", offline: true }), {
    ...{ data, annotator: "stories-judge" },
    ...offline,
  });
  const online = await settle({ data, annotator: "stories-judge" });
  assertEquals([online.offline, online.reference], [undefined, undefined]);
  await assertRejects(() => settle({ data, reference: "ema" }), UsageError, "--reference is ema");
  await assertRejects(
    () => settle({ data, refreshEvery: 2 }),
    UsageError,
    "--refresh-every is given",
  );
  await Deno.remove(data);
  const prompts = await file({ prompt: "a" });
  await assertRejects(
    () => settle({ data: prompts }),
    UsageError,
    "no preferences but rows of prompt",
  );
  await Deno.remove(prompts);
});

Deno.test("settleTrainFlags() has the adapter's rank and alpha", async () => {
  const annotator = "stories-judge";
  const dir = await Deno.makeTempDir();
  const [member] = await tinyMembers(1);
  await writePeft(dir, member);
  const { rank, alpha, rslora } = await settle({ adapter: dir, annotator });
  assertEquals([rank, alpha, rslora], [2, 8, undefined]);
  await assertRejects(
    () => settle({ adapter: dir, annotator, alpha: 16 }),
    UsageError,
    "expected the 8 of",
  );
  await assertRejects(
    () => settle({ adapter: dir, annotator, rslora: true }),
    UsageError,
    "expected the false of",
  );
  await Deno.remove(dir, { recursive: true });
});
