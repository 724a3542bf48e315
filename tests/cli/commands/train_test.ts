import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import type { PairRecord } from "../../../scheduler/mod.ts";
import { parsePeftConfig } from "../../../core/mod.ts";
import { runCommand } from "../../../cli/commands/command.ts";
import { TRAIN } from "../../../cli/commands/train.ts";
import {
  commandWorkspace,
  jsonLines,
  type Ran,
  runIn,
  tinyMembers,
  writePeft,
} from "../../support/command_run.ts";
import { filesBelow } from "../../support/tiny_run.ts";

type Row = Record<string, number>;

const TINY = "--device cpu --threads 1 --steps 2 --pairs 2 --members 2 --rank 2 --max-new 4 " +
  "--eval-prompts 2 --lr 0.01";
const NAMES = ["Tom", "Lily", "Ben", "Mia"];

/** The workspace with a rule, prompts and preferences. */
async function workspace() {
  const work = await commandWorkspace();
  const { dir } = work;
  const lines = (rows: unknown[]) => rows.map((row) => JSON.stringify(row) + "\n").join("");
  const prompts = Array.from({ length: 12 }, (_, i) => ({ question: `${NAMES[i % 4]} saw ${i}?` }));
  await Deno.writeTextFile(
    `${dir}/prompts.jsonl`,
    lines([...prompts, { question: "" }, prompts[0]]),
  );
  const pairs = Array.from({ length: 12 }, (_, i) => ({
    prompt: `${NAMES[i % 4]} saw a cat ${i}.`,
    chosen: " He was kind.",
    rejected: " She ran.",
  }));
  await Deno.writeTextFile(`${dir}/pairs.jsonl`, lines(pairs));
  await Deno.writeTextFile(
    `${dir}/rule.js`,
    "export default (_prompt, completion) => completion.length;\n",
  );
  return work;
}

async function trained(args: string): Promise<Ran> {
  const ran = await runIn(TRAIN, `${TINY} ${args}`);
  assertEquals(ran.code, 0, [...ran.out, ...ran.errors].join("\n"));
  return ran;
}

const config = async (dir: string) => JSON.parse(await Deno.readTextFile(`${dir}/config.json`));
const summary = async (dir: string) => JSON.parse(await Deno.readTextFile(`${dir}/summary.json`));
const rowsWith = async (dir: string, name: string) =>
  (await jsonLines<Row>(`${dir}/metrics.jsonl`)).filter((row) => name in row);

Deno.test("TRAIN asks a dataset's prompts through the chat template, by a user's rule", async () => {
  using work = await workspace();
  const { dir } = work;
  const { out } = await trained(
    `--model ${dir}/chat --data ${dir}/prompts.jsonl --columns prompt=question ` +
      `--system Hi. --annotator rule:${dir}/rule.js --out ${dir}/run`,
  );
  const data = out.find((line) => line.startsWith("Data: "))!;
  assertStringIncludes(data, "13 of 14 rows used; 1 skipped: prompt is empty (first ");
  assertStringIncludes(
    data,
    "prompts.jsonl:13); 13 through the chat template; 1 repeat of a prompt left out",
  );
  const pairs = await jsonLines<PairRecord>(`${dir}/run/pairs.jsonl`);
  for (const { prompt, verdict, a, b } of pairs) {
    assert(/^\w+ saw \d+\?$/.test(prompt), prompt);
    assertEquals(verdict.scores, [a.text.length, b.text.length]);
  }
  const plain = await trained(
    `--model ${dir}/chat --data ${dir}/prompts.jsonl --columns prompt=question --chat never ` +
      `--annotator rule:${dir}/rule.js --out ${dir}/plain`,
  );
  assert(!plain.out.some((line) => line.includes("chat template")));
  const [first] = await jsonLines<PairRecord>(`${dir}/plain/pairs.jsonl`);
  // "system: Hi.\nuser: …\nassistant:" is at least 12 tokens more than the question.
  assert(pairs[0].promptIds.length > first.promptIds.length + 12);
  const { text, heldOutWinRate, adapterSha256 } = await summary(`${dir}/run`);
  assertEquals([Object.keys(text), heldOutWinRate], [
    ["repetition", "distinct3", "words"],
    undefined,
  ]);
  assertEquals(adapterSha256.length, 64);
  const adapter = await Deno.readFile(`${dir}/run/adapter/adapter_config.json`);
  assertEquals(parsePeftConfig(adapter, "it").baseModel, `${dir}/chat`);
  assertNotEquals((await config(`${dir}/run`)).rule, undefined);
});

Deno.test("TRAIN learns a dataset's preferences where nobody annotates, and ranks held-out pairs", async () => {
  using work = await workspace();
  const { dir } = work;
  const { out } = await trained(
    `--model ${dir}/model --data ${dir}/pairs.jsonl --steps 6 --members 1 --out ${dir}/run`,
  );
  assertStringIncludes(out.join("\n"), "Run: offline dpo, 6 steps of 2 pairs in 1 phase");
  assertStringIncludes(out.join("\n"), "10 pairs to train on, 2 to evaluate on");
  assertStringIncludes(
    out.join("\n"),
    "held-out pairs ranked right 0.500 [0.095, 0.905] · 2 pairs",
  );
  const steps = await rowsWith(`${dir}/run`, "loss");
  // One member with B = 0: every log-ratio is 0, and −log σ(0) = ln 2.
  assertAlmostEquals(steps[0].loss, Math.LN2, 1e-6);
  assert(steps[5].loss < 0.6, `the loss is still ${steps[5].loss}`);
  const records = await jsonLines<PairRecord>(`${dir}/run/pairs.jsonl`);
  assertEquals(records.length, 12);
  for (const { a, b, verdict, snapshotId, referenceId } of records) {
    assertEquals([a.text, b.text], [" He was kind.", " She ran."]);
    assertEquals([a.finish, b.finish], ["stop", "stop"], "--max-new cuts what is generated only");
    assertEquals([verdict.outcome, snapshotId, referenceId], ["a", "data", "sft"]);
    assertAlmostEquals(a.logps.reduce((x, y) => x + y), a.referenceLogp, 1e-5);
  }
  const ten = new Set(records.slice(0, 10).map(({ prompt }) => prompt));
  assertEquals(ten.size, 10, "Expected an epoch before a pair comes again");
  const { winRate, annotator, greedyWinRate } = await summary(`${dir}/run`);
  assertEquals([winRate.before.value, winRate.after.value], [0.5, 1]);
  assertEquals([annotator, greedyWinRate], ["none", undefined]);
  const [before] = await rowsWith(`${dir}/run`, "eval_rewards/accuracies");
  assertEquals([before.step, before.eval_kl], [0, 0]);
});

Deno.test("TRAIN goes on offline, and with an adapter to start from, to the same bits", async () => {
  using work = await workspace();
  const { dir } = work;
  const [member] = await tinyMembers(1);
  await writePeft(`${dir}/lora`, member);
  const flags = `--model ${dir}/model --data ${dir}/pairs.jsonl --adapter ${dir}/lora ` +
    "--steps 4 --checkpoint-every 1";
  await trained(`${flags} --out ${dir}/whole`);
  const controller = new AbortController();
  let steps = 0;
  const code = await runCommand(TRAIN, [...`${TINY} ${flags} --out ${dir}/run`.split(" ")], {
    signal: controller.signal,
    terminal: {
      ...{ isTty: false, columns: 100, line: () => {}, error: () => {} },
      status: (text) => {
        if (text.includes("training") && ++steps === 3) controller.abort(new Error("stop"));
      },
    },
  });
  assertEquals(code, 130);
  const resumed = await runIn(TRAIN, `--resume ${dir}/run`);
  assertEquals(resumed.code, 0, resumed.errors.join("\n"));
  for (const file of ["metrics.jsonl", "pairs.jsonl", "adapter/adapter_model.safetensors"]) {
    assertEquals(
      await Deno.readFile(`${dir}/run/${file}`),
      await Deno.readFile(`${dir}/whole/${file}`),
      file,
    );
  }
  await writePeft(`${dir}/lora`, (await tinyMembers(2))[1]);
  await Deno.remove(`${dir}/run/summary.json`);
  const other = await runIn(TRAIN, `--resume ${dir}/run`);
  assertEquals(other.code, 2);
  assertStringIncludes(other.errors[0], "the start adapter's fingerprint is ");
});

Deno.test("TRAIN --adapter starts every member at the adapter, and holds sft to it", async () => {
  using work = await workspace();
  const { dir } = work;
  const [member] = await tinyMembers(1);
  await writePeft(`${dir}/lora`, member);
  const run = (args: string) =>
    trained(`--model ${dir}/model --data ${dir}/pairs.jsonl --adapter ${dir}/lora ${args}`);
  await run(`--members 1 --out ${dir}/one`);
  await run(`--members 3 --out ${dir}/three`);
  const [one] = await rowsWith(`${dir}/one`, "loss");
  const [three] = await rowsWith(`${dir}/three`, "loss");
  assertAlmostEquals(one.loss, Math.LN2, 1e-6);
  // Turned factors are the same ΔW up to f32 rounding of A and B, some 1e-5 of a log-prob of tens of nats.
  assertAlmostEquals(three.loss, Math.LN2, 1e-4);
  const { config: settled, startAdapter } = await config(`${dir}/three`);
  assertEquals([settled.rank, settled.alpha, startAdapter.length], [2, 8, 64]);
  const [, after] = await rowsWith(`${dir}/three`, "loss");
  assert(after["rewards/margins/std"] > 0, "Expected members that move apart");
  const records = await jsonLines<PairRecord>(`${dir}/one/pairs.jsonl`);
  assert(records.every(({ referenceId }) => referenceId.startsWith("start-")));
  const [before] = await rowsWith(`${dir}/three`, "eval_kl");
  assertEquals([before.eval_kl, before["eval_rewards/accuracies"]], [0, 0.5]);
});

Deno.test("TRAIN --target-modules and --rslora shape the adapter, --base-dtype leaves the fingerprint", async () => {
  using work = await workspace();
  const { dir } = work;
  const flags = `--model ${dir}/model --data ${dir}/pairs.jsonl --annotator rule:${dir}/rule.js`;
  await trained(
    `${flags} --target-modules q_proj,v_proj --rslora --base-dtype int8 --context 32 --out ${dir}/a`,
  );
  await trained(`${flags} --offline --reference ${dir}/a/adapter --out ${dir}/b`);
  const adapter = parsePeftConfig(
    await Deno.readFile(`${dir}/a/adapter/adapter_config.json`),
    "it",
  );
  assertEquals([adapter.targetModules, adapter.rsLora], [["q_proj", "v_proj"], true]);
  // alpha / √r of the members is alpha' / √(K·r) of their mean.
  assertAlmostEquals(adapter.alpha / Math.sqrt(adapter.rank), 16 / Math.sqrt(2), 1e-6);
  const [a, b] = [await config(`${dir}/a`), await config(`${dir}/b`)];
  assertEquals([a.model, a.config.baseDtype], [b.model, "int8"]);
  const records = await jsonLines<PairRecord>(`${dir}/b/pairs.jsonl`);
  assert(records.every(({ referenceId }) => referenceId.startsWith("fixed-")));
  assertEquals((await summary(`${dir}/b`)).annotator, `rule:${dir}/rule.js`);

  const replay = `${flags} --replay ${dir}/b --phases 1 --out ${dir}`;
  await trained(`${replay}/c --reference sft`);
  const sft = await jsonLines<PairRecord>(`${dir}/c/pairs.jsonl`);
  assert(sft.every(({ referenceId }) => referenceId === "sft"));
  const refused = await runIn(TRAIN, `${TINY} ${replay}/d`);
  assertEquals(refused.code, 2);
  assertStringIncludes(
    refused.errors[0],
    "its answers are a dataset's, expected those of a snapshot",
  );
});

const MISTAKES: readonly (readonly [args: string, line: string])[] = [
  ["--data DIR/prompts.jsonl", 'Cannot use DIR/prompts.jsonl: its columns are "question"'],
  [
    "--data DIR/prompts.jsonl --columns prompt=question",
    "has no preferences but rows of prompt, expected who says which answer wins",
  ],
  ["--data DIR/none.jsonl", "Cannot open DIR/none.jsonl: it is missing"],
  ["--data DIR/pairs.jsonl --prompts x", "--data and --prompts are both given"],
  ["--offline", "--offline is given without --data"],
  ["--limit 3", "--limit is given without --data"],
  [
    "--data DIR/pairs.jsonl --reference behaviour",
    "--reference is behaviour, expected sft or the folder",
  ],
  ["--data DIR/pairs.jsonl --phases 2", "--phases is given, expected no more than one phase"],
  ["--data DIR/pairs.jsonl --chat always", "it has no chat template and --chat is always"],
  ["--data DIR/pairs.jsonl --system Hi", "it has no chat template and --system is given"],
  ["--data DIR/pairs.jsonl --max-prompt 64", "--max-prompt is 64, expected at most 63"],
  ["--data DIR/pairs.jsonl --context 65", "--context is 65, expected at most its 64 positions"],
  ["--data DIR/pairs.jsonl --annotator rule:DIR/no.ts", "it is not there, expected a module"],
  ["--data DIR/pairs.jsonl --adapter DIR/no", 'Cannot use the adapter "DIR/no": it is not there'],
  ["--data DIR/pairs.jsonl --target-modules q_prj", '"q_prj" matches none of 14 linear layers'],
  [
    "--data DIR/pairs.jsonl --adapter DIR/lora --rank 3",
    "--rank is 3, expected the 2 of --adapter",
  ],
  [
    "--data DIR/pairs.jsonl --adapter DIR/lora --target-modules q_proj",
    "--target-modules and --adapter are both",
  ],
  ["--data DIR/pairs.jsonl --columns prompt", 'Cannot map columns: the mapping has "prompt"'],
  ["--data DIR/pairs.jsonl --limit 1", "it has 1 different prompt, expected at least 2"],
  ["--annotator none", "--annotator is none, expected somebody who says which answer wins"],
  ["--modle x", "Did you mean --model?"],
];

for (const [args, line] of MISTAKES) {
  Deno.test(`TRAIN refuses ${args} in one line, exit code 2, and writes nothing`, async () => {
    using work = await workspace();
    const { dir } = work;
    const [member] = await tinyMembers(1);
    await writePeft(`${dir}/lora`, member);
    const before = filesBelow(dir);
    const tiny = args.includes("--rank") ? TINY : TINY.replace("--rank 2 ", "");
    const model = args.includes("--modle") ? "" : `--model ${dir}/model`;
    const ran = await runIn(
      TRAIN,
      `${tiny} ${model} --out ${dir}/run ${args.replaceAll("DIR", dir)}`,
    );
    assertEquals([ran.code, ran.errors.length], [2, 1], [...ran.out, ...ran.errors].join("\n"));
    assertStringIncludes(ran.errors[0], line.replaceAll("DIR", dir));
    assert(!ran.errors[0].includes("\n"));
    assertEquals(filesBelow(dir), before);
  });
}
