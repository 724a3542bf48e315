import { assert, assertEquals, assertMatch } from "@std/assert";
import { adapterLayout, encodeGguf, encodeSafetensors, linearLayers } from "../../../core/mod.ts";
import { INSPECT } from "../../../cli/commands/inspect.ts";
import { folderOf, PARSERS, withoutFolder } from "../../malformed/parsers.ts";
import {
  commandWorkspace,
  runIn,
  TEMPLATE,
  tinyMembers,
  writePeft,
  writeRun,
} from "../../support/command_run.ts";
import { filesBelow, tinyModel } from "../../support/tiny_run.ts";

// deno-lint-ignore no-explicit-any -- as any reader of the JSON
async function jsonOf(path: string, more = ""): Promise<any> {
  const { code, out, errors } = await runIn(INSPECT, `${path} --json ${more}`);
  assertEquals(code, 0, errors.join("\n"));
  return JSON.parse(out.join("\n"));
}

Deno.test("INSPECT of a model folder has sizes, types, tokenizer, template and bytes on a device", async () => {
  using work = await commandWorkspace();
  const report = await jsonOf(`${work.dir}/chat`);
  const { tensors } = await tinyModel();
  const parameters = tensors.values().reduce((sum, { data }) => sum + data.length, 0);
  assertEquals([report.kind, report.family, report.chatTemplate], ["model folder", "llama", true]);
  assertEquals(report.weights.types, [
    { dtype: "F32", tensors: tensors.size, parameters, bytes: 4 * parameters },
  ]);
  assertEquals(report.sizes.layers, 2);
  assertEquals([report.tokenizer.vocabSize, report.tokenizer.end], [1024, '0 "<|endoftext|>"']);
  assertEquals(report.deviceBytes.f32, 4 * parameters);
  const { f32, f16, int8, int4 } = report.deviceBytes;
  assert(f32 > f16 && f16 > int8 && int8 > int4);
});

Deno.test("INSPECT tells every kind of file and folder", async () => {
  using work = await commandWorkspace();
  const members = await tinyMembers(2);
  await writeRun(`${work.dir}/run`, `${work.dir}/model`, members);
  await Deno.writeTextFile(`${work.dir}/t.jinja`, TEMPLATE);
  await Deno.writeTextFile(`${work.dir}/pairs.csv`, "prompt,chosen,rejected\na,b,c\na,b,b\n");
  await Deno.mkdir(`${work.dir}/data`);
  await Deno.writeTextFile(`${work.dir}/data/x.jsonl`, '{"question":"a"}\n{"question":"b"}\n');
  const weights = { shape: [2], data: Float32Array.of(1, 2) };
  const bytes = encodeSafetensors(new Map([["w", weights]]), { dtype: "BF16" });
  await Deno.writeFile(`${work.dir}/nameless`, bytes);
  const lora = encodeGguf([
    ["general.architecture", "string", "llama"],
    ["general.type", "string", "adapter"],
    ["adapter.type", "string", "lora"],
    ["adapter.lora.alpha", "f32", 16],
  ], []);
  await Deno.writeFile(`${work.dir}/lora.gguf`, lora);
  for (
    const [path, kind, facts] of [
      ["model/model.safetensors", "safetensors file", { numbersRead: true }],
      ["model/config.json", "model config", { family: "llama" }],
      ["model/tokenizer.json", "tokenizer", { vocabSize: 1024, chatTemplate: false }],
      ["chat/tokenizer_config.json", "tokenizer", { chatTemplate: true }],
      ["t.jinja", "chat template", { characters: TEMPLATE.length }],
      ["nameless", "safetensors file", { parameters: 2, bytes: 4 }],
      ["lora.gguf", "GGUF adapter for llama.cpp", { alpha: 16 }],
      ["run", "run folder", { step: 4, pairs: 2, finished: false }],
      ["run/adapter", "PEFT LoRA adapter", { rank: 4, modules: 14, checkedAgainst: null }],
      ["run/adapter/adapter_model.safetensors", "PEFT LoRA adapter", { baseModel: "model" }],
      ["pairs.csv", "dataset file", { rows: 2, format: "preference", examples: { preference: 1 } }],
      ["data", "dataset folder", { rows: 2, format: null, columns: ["question (text)"] }],
      ["run/pairs.jsonl", "dataset file", { rows: 2 }],
    ] as const
  ) {
    const report = await jsonOf(`${work.dir}/${path}`);
    assertEquals(report.kind, kind, path);
    for (const [name, value] of Object.entries(facts)) assertEquals(report[name], value, path);
  }
});

Deno.test("INSPECT --model checks an adapter against its base", async () => {
  using work = await commandWorkspace();
  const { config } = await tinyModel();
  const [first] = linearLayers(config);
  const strange = adapterLayout([{ ...first, outDim: 99 }], { rank: 1, alpha: 1 });
  const params = new Float32Array(strange.size).fill(1);
  await writePeft(`${work.dir}/lora`, { layout: strange, params });
  assertEquals((await jsonOf(`${work.dir}/lora`)).modules, 1);
  const { code, errors } = await runIn(INSPECT, `${work.dir}/lora --model ${work.dir}/model`);
  assertEquals(code, 2);
  assertMatch(errors[0], /^Cannot use .*lora: lora_B of .* shape is \[99, 1\], expected \[16, 1\]/);
});

Deno.test("INSPECT prints the same for people, on lines without control characters", async () => {
  using work = await commandWorkspace();
  await Deno.writeTextFile(`${work.dir}/p.jsonl`, '{"text":"a\\u001b[31m\\nb"}\n');
  const { out } = await runIn(INSPECT, `${work.dir}/p.jsonl`);
  assertMatch(out[0], /p\.jsonl: dataset file$/);
  assert(out.some((line) => line.includes('"a\\u001b[31m\\nb"')), out.join("\n"));
  for (const line of out) assert(!/\p{Cc}/u.test(line), JSON.stringify(line));
});

for (const parser of PARSERS.filter(({ inspected }) => inspected !== null)) {
  const rows = [parser.rows[0], parser.rows.at(Math.floor(parser.rows.length / 2))!];
  Deno.test(`INSPECT says what is wrong with a malformed ${parser.name} file and writes nothing`, async () => {
    for (const row of rows) {
      using made = await folderOf(parser, row);
      const { folder } = made;
      const isWhole = ["config", "model_folder", "dataset_configs"].includes(parser.name);
      const path = isWhole ? folder : `${folder}/${row.file}`;
      const before = filesBelow(folder);
      const { code, out, errors } = await runIn(INSPECT, [path]);
      assertEquals([code, out, errors.length], [2, [], 1], `${row.name}: ${out} ${errors}`);
      assertEquals(withoutFolder(errors[0], folder), row.error);
      assertEquals(filesBelow(folder), before);
    }
  });
}

for (
  const [args, message] of [
    ["", /^Cannot inspect: no path is given, expected leash inspect PATH\|ID$/],
    [
      "no-such-file",
      /^Cannot inspect "no-such-file": it is not there, expected a folder, a file or/,
    ],
    ["a b", /^Cannot inspect: "b" belongs to no flag/],
  ] as const
) {
  Deno.test(`INSPECT ${args} is one line and exit code 2`, async () => {
    const { code, out, errors } = await runIn(INSPECT, args);
    assertEquals([code, out, errors.length], [2, [], 1]);
    assertMatch(errors[0], message);
  });
}
