import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { isMatrix } from "../../../backend/mod.ts";
import { textIds } from "../../../cli/data/encoded_prompts.ts";
import { loadBase, openBase, withDate } from "../../../cli/policy/base_model.ts";
import { modelDigest } from "../../support/model_digest.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { commandWorkspace } from "../../support/command_run.ts";
import { recordingTerminal, tinyModel } from "../../support/tiny_run.ts";

Deno.test("openBase() without --model is the embedded one", async () => {
  using base = await openBase({});
  assertEquals([base.embedded, base.name, base.chat], [true, "the stories model", undefined]);
  assertEquals([base.positions, base.addsBos], [256, true]);
  assertMatch(base.peftName, /stories\/model$/);
});

Deno.test("openBase() takes begin and end from the tokenizer's files, else from the config", async () => {
  using work = await commandWorkspace();
  using plain = await openBase({ model: `${work.dir}/model` });
  assert(plain.tokenizer.encode("a")[0] !== 0, "the begin token goes first where it is asked for");
  assertEquals([plain.tokenizer.bosId, plain.tokenizer.eosId, plain.addsBos], [0, 0, true]);
  // The tokenizer's files name a begin token and say nowhere that it goes before text.
  using chat = await openBase({ model: `${work.dir}/chat`, context: 32 });
  assertEquals([chat.tokenizer.bosId, chat.addsBos, chat.positions], [0, false, 32]);
  assert(chat.chat !== undefined && plain.chat === undefined);
  assertEquals(chat.peftName, `${work.dir}/chat`);
});

Deno.test("openBase() of files that name no begin token puts none before text, as transformers does", async () => {
  using work = await commandWorkspace();
  const model = `${work.dir}/model`;
  await Deno.remove(`${model}/tokenizer_config.json`);
  const path = `${model}/tokenizer.json`;
  const json = { ...JSON.parse(await Deno.readTextFile(path)), post_processor: null };
  await Deno.writeTextFile(path, JSON.stringify(json));
  {
    using silent = await openBase({ model });
    // config.json's is what generation begins with where there is no text.
    assertEquals([silent.tokenizer.bosId, silent.addsBos], [0, false]);
    assertEquals(textIds(silent, ""), [0]);
    assertEquals(textIds(silent, "Tom"), silent.tokenizer.encode("Tom"));
  }
  const special = { id: "<|endoftext|>", ids: [0], tokens: ["<|endoftext|>"] };
  json.post_processor = {
    type: "TemplateProcessing",
    single: [{ SpecialToken: { id: special.id, type_id: 0 } }, {
      Sequence: { id: "A", type_id: 0 },
    }],
    pair: [],
    special_tokens: { [special.id]: special },
  };
  await Deno.writeTextFile(path, JSON.stringify(json));
  using processed = await openBase({ model });
  assertEquals([processed.tokenizer.bosId, processed.addsBos], [0, true]);
  assertEquals(textIds(processed, "Tom"), [0, ...processed.tokenizer.encode("Tom")]);
});

Deno.test("openBase() prints what the model's files leave open, and keeps the day of a dated template", async () => {
  using work = await commandWorkspace();
  const model = `${work.dir}/chat`;
  const path = `${model}/tokenizer_config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  const chat_template =
    "{{ strftime_now('%F') }}{% for m in messages %}{{ m.content }}<end>{% endfor %}";
  await Deno.writeTextFile(path, JSON.stringify({ ...config, chat_template }));
  const terminal = recordingTerminal();
  {
    using base = await openBase({ model, date: "2020-02-03" }, { terminal });
    assertEquals(base.chat!.render([]), "2020-02-03");
    assertEquals(withDate({ rank: 8 } as object, base), { rank: 8, date: "2020-02-03" });
    assertEquals(terminal.lines.length, 1);
    assertMatch(terminal.lines[0], /ends a turn with <end>, which is no token/);
  }
  {
    using quiet = await openBase({ model, chat: "never", endToken: "5,7" }, { terminal });
    assertEquals([quiet.sizes.eosId, terminal.lines.length], [[0, 5, 7], 1]);
    assertMatch(quiet.date!, /^\d{4}-\d\d-\d\d$/);
  }
  using embedded = await openBase({ endToken: "9" });
  assertEquals([embedded.sizes.eosId, withDate({}, embedded)], [[0, 9], {}]);
  await assertRejects(
    () => openBase({ date: "2020-02-30" }),
    UsageError,
    'Cannot use --date "2020-02-30": it is no day, expected YYYY-MM-DD',
  );
});

Deno.test("openBase() refuses a model without a tokenizer, and a context beyond its positions", async () => {
  using work = await commandWorkspace();
  const model = `${work.dir}/model`;
  await assertRejects(
    () => openBase({ model, context: 65 }),
    UsageError,
    "at most its 64 positions",
  );
  const run = `${work.dir}/run`;
  await Deno.mkdir(`${run}/model`, { recursive: true });
  for (const file of ["config.json", "metrics.jsonl"]) {
    await Deno.writeTextFile(`${run}/${file}`, "");
  }
  const refused = (line: string) => assertRejects(() => openBase({ model: run }), UsageError, line);
  await refused(
    `it is the folder of a run, expected a model. Give the model of the run, and --adapter ${run}`,
  );
  await Deno.writeTextFile(`${run}/model/config.json`, "");
  await refused(`expected a model. Give ${run}/model`);
  await Deno.remove(`${model}/tokenizer.json`);
  await assertRejects(() => openBase({ model }), UsageError, "tokenizer.json is missing");
});

Deno.test("loadBase() streams with a bar, and fingerprints the files whatever lies on the device", async () => {
  using work = await commandWorkspace();
  using device = await CpuDevice.open({ threads: 1 });
  using base = await openBase({ model: `${work.dir}/model` });
  const statuses: string[] = [];
  const terminal = { ...recordingTerminal(), status: (text: string) => void statuses.push(text) };
  const digest = await modelDigest((await tinyModel()).tensors);
  for (const baseDtype of ["f32", "int8"] as const) {
    const loaded = await loadBase(device, base, { baseDtype }, { terminal });
    using weights = loaded.model.weights;
    assertEquals(loaded.digest, digest);
    const layer = weights.borrow()["model.layers.0.mlp.up_proj.weight"];
    assertEquals(isMatrix(layer), baseDtype === "int8");
  }
  assertMatch(statuses[0], /^\[#?-.*\] loading .*model: 1 of \d+ tensors$/);
  assertEquals(statuses.at(-1), "");
  const signal = AbortSignal.abort(new Error("stop"));
  await assertRejects(() => loadBase(device, base, {}, { terminal, signal }), Error, "stop");
  assertEquals(device.stats().live, 0, "Expected what was loaded to be freed");
});
