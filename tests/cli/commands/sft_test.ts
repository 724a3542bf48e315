import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parsePeftConfig } from "../../../core/mod.ts";
import { readModelFolder } from "../../../core/io/mod.ts";
import { SFT } from "../../../cli/commands/sft.ts";
import { TRAIN } from "../../../cli/commands/train.ts";
import { commandWorkspace, jsonLines, runIn } from "../../support/command_run.ts";
import { filesBelow } from "../../support/tiny_run.ts";

const TINY = "--device cpu --threads 1 --batch-tokens 64 --lr 0.02 --eval-share 0.2";

async function workspace() {
  const work = await commandWorkspace();
  const rows = Array.from({ length: 10 }, (_, i) => ({
    prompt: `Tom saw a cat ${i}.`,
    completion: " He was kind.",
  }));
  await Deno.writeTextFile(
    `${work.dir}/rows.jsonl`,
    rows.map((row) => JSON.stringify(row) + "\n").join(""),
  );
  await Deno.writeTextFile(`${work.dir}/prompts.txt`, "One\nTwo\n");
  return work;
}

Deno.test("SFT leaves an adapter, its metrics and a summary, the same bits every time", async () => {
  using work = await workspace();
  const { dir } = work;
  const flags = `${TINY} --model ${dir}/model --data ${dir}/rows.jsonl --steps 6 --rank 2 ` +
    "--target-modules .*mlp.*";
  const { code, out, errors } = await runIn(SFT, `${flags} --out ${dir}/run`);
  assertEquals(code, 0, errors.join("\n"));
  assertEquals(out[0], "Data: 10 of 10 rows used");
  assertMatch(
    out.at(-1)!,
    /^Done in \d+ s: loss \d\.\d{4} to \d\.\d{4} in 6 steps\. The result is in .*run\/adapter$/,
  );
  assertEquals(filesBelow(`${dir}/run`), [
    ".lock",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors",
    "config.json",
    "metrics.jsonl",
    "summary.json",
  ]);
  const config = parsePeftConfig(
    await Deno.readFile(`${dir}/run/adapter/adapter_config.json`),
    "it",
  );
  assertEquals([config.rank, config.alpha, config.baseModel], [2, 16, `${dir}/model`]);
  assertEquals(config.targetModules, ["gate_proj", "up_proj", "down_proj"]);
  const summary = JSON.parse(await Deno.readTextFile(`${dir}/run/summary.json`));
  assertEquals([summary.steps, summary.rows], [6, { train: 8, evaluation: 2 }]);
  assert(summary.evaluation.after < summary.evaluation.before - 0.1);
  const metrics = await jsonLines(`${dir}/run/metrics.jsonl`);
  assertEquals(metrics.filter((row) => "loss" in row).length, 6);

  assertEquals((await runIn(SFT, `${flags} --threads 2 --out ${dir}/again`)).code, 0);
  for (const file of ["metrics.jsonl", "adapter/adapter_model.safetensors"]) {
    assertEquals(
      await Deno.readFile(`${dir}/again/${file}`),
      await Deno.readFile(`${dir}/run/${file}`),
      file,
    );
  }

  // What was learnt is where a run of preferences starts from.
  const pairs = `${dir}/pairs.jsonl`;
  const pair = (i: number) => ({
    prompt: `Ben ran ${i}.`,
    chosen: " He won.",
    rejected: " He hid.",
  });
  await Deno.writeTextFile(pairs, [0, 1, 2, 3].map((i) => JSON.stringify(pair(i)) + "\n").join(""));
  const train =
    "--device cpu --threads 1 --steps 1 --pairs 2 --members 2 --max-new 4 --eval-prompts 2";
  const aligned = await runIn(
    TRAIN,
    `${train} --model ${dir}/model --data ${pairs} --adapter ${dir}/run --out ${dir}/aligned`,
  );
  assertEquals(aligned.code, 0, aligned.errors.join("\n"));
});

Deno.test("SFT --full leaves a model folder that loads", async () => {
  using work = await workspace();
  const { dir } = work;
  const { code, errors } = await runIn(
    SFT,
    `${TINY} --model ${dir}/chat --data ${dir}/rows.jsonl --epochs 1 --full --out ${dir}/run`,
  );
  assertEquals(code, 0, errors.join("\n"));
  const { tensors } = await readModelFolder(`${dir}/run/model`);
  const { tensors: before } = await readModelFolder(`${dir}/chat`);
  assertEquals([...tensors.keys()].sort(), [...before.keys()].sort());
  assert(
    [...tensors].some(([name, { data }]) => data.some((x, i) => x !== before.get(name)!.data[i])),
  );
  assert(
    filesBelow(`${dir}/run/model`).includes("tokenizer_config.json"),
    "with the chat template",
  );
});

const MISTAKES: readonly (readonly [args: string, line: string])[] = [
  ["", "Cannot sft: --data is not given, expected --data FILE"],
  ["--data DIR/rows.jsonl --steps 1 --epochs 1", "--steps and --epochs are both given"],
  ["--data DIR/rows.jsonl --full --base-dtype int8", "--base-dtype is int8 and --full is given"],
  [
    "--data DIR/rows.jsonl --full --rank 4",
    "--full and a flag of the adapter (rank) are both given",
  ],
  ["--data DIR/rows.jsonl --target-modules x_proj", 'Cannot select modules: "x_proj" matches none'],
  ["--data DIR/no.jsonl", "Cannot open DIR/no.jsonl: it is missing"],
  ["--data DIR/prompts.txt --format prompt", 'Cannot use DIR/prompts.txt: its columns are "text"'],
  [
    "--data DIR/rows.jsonl --out DIR/model",
    "Cannot start in DIR/model: it has a config.json already",
  ],
];

for (const [args, line] of MISTAKES) {
  Deno.test(`SFT refuses ${args || "no data"} in one line, exit code 2, and writes nothing`, async () => {
    using work = await workspace();
    const { dir } = work;
    const before = filesBelow(dir);
    const ran = await runIn(
      SFT,
      `${TINY} --model ${dir}/model --out ${dir}/run ${args.replaceAll("DIR", dir)}`,
    );
    assertEquals([ran.code, ran.errors.length], [2, 1], ran.errors.join("\n"));
    assertStringIncludes(ran.errors[0], line.replaceAll("DIR", dir));
    assertEquals(filesBelow(dir), before);
  });
}
