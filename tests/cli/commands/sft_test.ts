import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeGguf, parsePeftConfig } from "../../../core/mod.ts";
import { openModel, readModelFolder } from "../../../files/mod.ts";
import { SFT } from "../../../cli/commands/sft.ts";
import { TRAIN } from "../../../cli/commands/train.ts";
import { withConfig } from "../../../cli/dispatch.ts";
import { commandWorkspace, jsonLines, runIn } from "../../support/command_run.ts";
import { filesBelow, tinyModel } from "../../support/tiny_run.ts";

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
    "MANIFEST.json",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors",
    ...["MANIFEST.json", "arrays.bin", "checkpoint.json"]
      .map((file) => `checkpoints/step-00000006/${file}`),
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

Deno.test("SFT and TRAIN keep the day of a dated template, and go on with it", async () => {
  using work = await workspace();
  const { dir } = work;
  const path = `${dir}/chat/tokenizer_config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  const chat_template = "{{ strftime_now('%F') }} " + config.chat_template;
  await Deno.writeTextFile(path, JSON.stringify({ ...config, chat_template }));
  const identity = async (run: string) =>
    JSON.parse(await Deno.readTextFile(`${dir}/${run}/config.json`));
  const sft = `${TINY} --model ${dir}/chat --data ${dir}/rows.jsonl --steps 2 --rank 2`;
  const controller = new AbortController();
  const status = (text: string) => {
    if (/step 1/.test(text)) controller.abort(new Error("Interrupted"));
  };
  const dated = `${sft} --date 2020-02-03`;
  const stopped = await runIn(SFT, `${dated} --out ${dir}/a`, {
    signal: controller.signal,
    status,
  });
  assertEquals(stopped.code, 130, stopped.errors.join("\n"));
  assertEquals((await identity("a")).config.date, "2020-02-03");
  const other = await runIn(SFT, `--resume ${dir}/a --date 2020-02-04`);
  assertStringIncludes(other.errors.at(-1)!, "--date is 2020-02-04, expected 2020-02-03");
  const resumed = await runIn(SFT, `--resume ${dir}/a`);
  assertEquals(resumed.code, 0, resumed.errors.join("\n"));
  assertEquals((await runIn(SFT, `${dated} --out ${dir}/b`)).code, 0);
  assertEquals((await identity("b")).rows, (await identity("a")).rows);
  assertEquals(
    await Deno.readFile(`${dir}/b/adapter/adapter_model.safetensors`),
    await Deno.readFile(`${dir}/a/adapter/adapter_model.safetensors`),
  );

  const pair = JSON.stringify({ prompt: "Ben ran.", chosen: " He won.", rejected: " He hid." });
  await Deno.writeTextFile(
    `${dir}/pairs.jsonl`,
    [1, 2, 3, 4].map((i) => pair.replace("Ben", `Ben ${i}`) + "\n").join(""),
  );
  const train = "--device cpu --threads 1 --steps 1 --pairs 2 --members 1 --max-new 4 " +
    `--eval-prompts 2 --model ${dir}/chat --data ${dir}/pairs.jsonl`;
  const run = await runIn(TRAIN, `${train} --date 2020-02-03 --out ${dir}/t`);
  assertEquals(run.code, 0, run.errors.join("\n"));
  assertEquals((await identity("t")).config.date, "2020-02-03");
  await Deno.remove(`${dir}/t/summary.json`);
  const again = await runIn(TRAIN, `--resume ${dir}/t`);
  assertEquals(again.code, 0, again.errors.join("\n"));
  assertEquals((await runIn(TRAIN, `${train} --out ${dir}/u`)).code, 0);
  const today = await identity("u");
  assertMatch(today.config.date, /^\d{4}-\d\d-\d\d$/);
  assert(today.prompts !== (await identity("t")).prompts);
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

/** The tiny model and its tokenizer as a GGUF file. */
async function writeTinyGguf(path: string): Promise<void> {
  const { config, tensors, tokenizerJson } = await tinyModel();
  const { vocab, merges } = tokenizerJson.model;
  const tokens = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
  const parts = ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output"];
  const names = [...parts, "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"];
  const theirs = ["input_layernorm", "q_proj", "k_proj", "v_proj", "o_proj"];
  const ours = [...theirs, "post_attention_layernorm", "gate_proj", "up_proj", "down_proj"];
  const nameOf = (name: string) => {
    const [, layer, part] = /layers\.(\d+)\.(?:\w+\.)?(\w+)\.weight$/.exec(name) ?? [];
    if (layer !== undefined) return `blk.${layer}.${names[ours.indexOf(part)]}.weight`;
    return name.includes("embed") ? "token_embd.weight" : "output_norm.weight";
  };
  const u32 = (key: string, value: number) => [`llama.${key}`, "u32", value] as const;
  const bytes = encodeGguf(
    [
      ["general.architecture", "string", "llama"],
      u32("block_count", config.layers),
      u32("embedding_length", config.hiddenSize),
      u32("feed_forward_length", config.intermediateSize),
      u32("attention.head_count", config.heads),
      u32("attention.head_count_kv", config.kvHeads),
      u32("context_length", config.maxPositions),
      ["llama.attention.layer_norm_rms_epsilon", "f32", config.rmsEps],
      ["tokenizer.ggml.model", "string", "gpt2"],
      ["tokenizer.ggml.pre", "string", "gpt-2"],
      ["tokenizer.ggml.tokens", "string[]", tokens],
      [
        "tokenizer.ggml.merges",
        "string[]",
        merges.map((m: string | string[]) => [m].flat().join(" ")),
      ],
      ["tokenizer.ggml.bos_token_id", "u32", 0],
      ["tokenizer.ggml.eos_token_id", "u32", 0],
    ],
    [...tensors].map(([name, { shape, data }]) => ({
      ...{ name: nameOf(name), shape, type: "F32" },
      bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
  );
  await Deno.writeFile(path, bytes);
}

Deno.test("SFT --full of a GGUF file leaves a model folder with its config and tokenizer", async () => {
  using work = await workspace();
  const { dir } = work;
  const gguf = `${dir}/tiny.gguf`;
  await writeTinyGguf(gguf);
  const { code, errors } = await runIn(
    SFT,
    `${TINY} --lr 1e-6 --model ${gguf} --data ${dir}/rows.jsonl --steps 1 --full --out ${dir}/run`,
  );
  assertEquals(code, 0, errors.join("\n"));
  using before = await openModel(gguf);
  using after = await openModel(`${dir}/run/model`);
  assertEquals(after.config, before.config);
  const text = "Tom saw a cat 3.";
  assertEquals(after.tokenizer!.encode(text), before.tokenizer!.encode(text));
  let changed = 0;
  for (const name of before.source.tensors.keys()) {
    const [a, b] = [await after.source.read(name), await before.source.read(name)];
    assertEquals(a.length, b.length, name);
    changed += a.filter((x, i) => x !== b[i]).length;
    assert(a.every((x, i) => Math.abs(x - b[i]) < 3e-6), name); // AdamW moves by the rate at most
  }
  assert(changed > 0);
});

Deno.test("SFT --resume goes on after Ctrl-C, refuses what differs, and leaves a finished run alone", async () => {
  using work = await workspace();
  const { dir } = work;
  const flags = `${TINY} --model ${dir}/model --data ${dir}/rows.jsonl --steps 6 --rank 2`;
  assertEquals((await runIn(SFT, `${flags} --out ${dir}/whole`)).code, 0);
  const controller = new AbortController();
  let printed = 0;
  const status = (text: string) => {
    if (/step \d/.test(text) && ++printed === 3) controller.abort(new Error("Interrupted"));
  };
  const stopped = await runIn(SFT, `${flags} --checkpoint-every 2 --out ${dir}/run`, {
    signal: controller.signal,
    status,
  });
  assertEquals(stopped.code, 130);
  assertEquals(stopped.errors.at(-1), `Interrupted. Go on with: leash sft --resume ${dir}/run`);
  assertEquals(
    [...Deno.readDirSync(`${dir}/run/checkpoints`)].map(({ name }) => name).sort(),
    ["step-00000002", "step-00000003"],
  );

  const before = filesBelow(`${dir}/run`);
  const refuse = async (args: string, line: string) => {
    const { code, errors } = await runIn(SFT, `--resume ${dir}/run ${args}`);
    assertEquals([code, errors.filter((line) => !line.startsWith("Device:")).length], [2, 1]);
    assertStringIncludes(errors.at(-1)!, line);
    assertEquals(filesBelow(`${dir}/run`), before);
  };
  await refuse("--lr 0.5", `Cannot resume ${dir}/run: --lr is 0.5, expected 0.02`);
  await refuse(`--out ${dir}/x`, "Cannot sft: --out is given beside --resume");
  const other = await runIn(TRAIN, `--resume ${dir}/run`);
  assertStringIncludes(
    other.errors.at(-1)!,
    'has format "leash-sft-2", expected "leash-run-1". The run is one of leash sft',
  );
  const shown = await runIn(withConfig(SFT), `--resume ${dir}/run --print-config`);
  const flag = (name: string) => JSON.parse(shown.out.join("\n"))[name];
  assertEquals(["rank", "steps", "checkpointEvery", "resume"].map(flag), [2, 6, 2, `${dir}/run`]);
  const rows = await Deno.readTextFile(`${dir}/rows.jsonl`);
  await Deno.writeTextFile(`${dir}/rows.jsonl`, rows.replace("kind", "mean"));
  await refuse("", "the rows' fingerprint is");
  await Deno.writeTextFile(`${dir}/rows.jsonl`, rows);

  // A killed process may leave a file half-written, and lines that no checkpoint knows.
  const leftover = `${dir}/run/.summary.json.${crypto.randomUUID()}.tmp`;
  await Deno.writeTextFile(leftover, "{");
  await Deno.writeTextFile(`${dir}/run/metrics.jsonl`, '{"step":4}\n{"st', { append: true });
  const resumed = await runIn(SFT, `--resume ${dir}/run --threads 2`);
  assertEquals(resumed.code, 0, resumed.errors.join("\n"));
  assertStringIncludes(resumed.out.join("\n"), `Folder: ${dir}/run, going on after step 3`);
  assertEquals(filesBelow(`${dir}/run`), filesBelow(`${dir}/whole`));
  for (const file of ["metrics.jsonl", "adapter/adapter_model.safetensors"]) {
    assertEquals(
      await Deno.readFile(`${dir}/run/${file}`),
      await Deno.readFile(`${dir}/whole/${file}`),
      file,
    );
  }
  const again = await runIn(SFT, `--resume ${dir}/run`);
  assertEquals([again.code, again.out], [
    0,
    [`${dir}/run is done: its numbers are in summary.json`],
  ]);
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
