import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import {
  adapterLayout,
  linearLayers,
  loadPeftAdapter,
  peftFiles,
  readGgufHeader,
  splitFactors,
} from "../../../core/mod.ts";
import { openLocalFile, openModel } from "../../../files/mod.ts";
import { EXPORT } from "../../../cli/commands/export.ts";
import {
  commandWorkspace,
  jsonLines,
  runIn,
  tinyMembers,
  writeRun,
} from "../../support/command_run.ts";
import { filesBelow, tinyModel } from "../../support/tiny_run.ts";

const Q = "model.layers.0.self_attn.q_proj";

async function readPeft(dir: string) {
  const { config } = await tinyModel();
  const names = ["adapter_config.json", "adapter_model.safetensors"];
  const files = names.map(async (name) => [name, await Deno.readFile(`${dir}/${name}`)] as const);
  return loadPeftAdapter(new Map(await Promise.all(files)), linearLayers(config), dir);
}

/** Mean of ΔW of a module, in f64. */
function meanDelta(members: Awaited<ReturnType<typeof tinyMembers>>, module: string): number[] {
  const [{ layout }] = members;
  const { inDim, outDim } = layout.modules.get(module)!;
  const delta = new Array<number>(inDim * outDim).fill(0);
  for (const member of members) {
    const { A, B } = splitFactors(member).get(module)!;
    for (let o = 0; o < outDim; o++) {
      for (let i = 0; i < inDim; i++) {
        for (let r = 0; r < layout.rank; r++) {
          delta[o * inDim + i] += layout.scale * B.data[o * layout.rank + r] *
            A.data[r * inDim + i] / members.length;
        }
      }
    }
  }
  return delta;
}

async function setting() {
  const work = await commandWorkspace();
  const members = await tinyMembers(3);
  await writeRun(`${work.dir}/run`, `${work.dir}/model`, members);
  return { work, members, run: `--run ${work.dir}/run` };
}

Deno.test("EXPORT of a run --to peft is the members' exact mean, with a folder a member below it", async () => {
  const { work, members, run } = await setting();
  using _work = work;
  const out = `${work.dir}/peft`;
  const { code, out: lines, errors } = await runIn(EXPORT, `${run} --to peft --out ${out}`);
  assertEquals(code, 0, errors.join("\n"));
  assertEquals(Deno.readDirSync(out).map(({ name }) => name).toArray().sort(), [
    "adapter_config.json",
    "adapter_model.safetensors",
    "member-1",
    "member-2",
    "member-3",
  ]);
  assertEquals(lines[0], `${out}: mean of 3 members, rank 6, exact`);
  for (const [k, { params }] of members.entries()) {
    assertEquals((await readPeft(`${out}/member-${k + 1}`)).params, params);
  }
  const mean = await readPeft(out);
  assertEquals(mean.layout.rank, 6);
  const wanted = meanDelta(members, Q), found = meanDelta([mean], Q);
  const size = Math.max(...wanted.map(Math.abs));
  // B is rounded to f32 once more: each of 6 products is off by 2⁻²⁴ of itself at most
  wanted.forEach((x, i) => assertAlmostEquals(found[i], x, 6 * 2 ** -23 * size));
});

Deno.test("EXPORT --to peft --rank is the mean of that rank, with the exact one below it", async () => {
  const { work, run } = await setting();
  using _work = work;
  const out = `${work.dir}/peft`;
  const { code, out: lines, errors } = await runIn(
    EXPORT,
    `${run} --to peft --rank 2 --out ${out}`,
  );
  assertEquals(code, 0, errors.join("\n"));
  assertMatch(lines[0], /peft: mean of 3 members, rank 2 of 6, relative error of ΔW 0\.\d+$/);
  const ranks = [out, `${out}/mean`, `${out}/member-3`].map(async (dir) =>
    (await readPeft(dir)).layout.rank
  );
  assertEquals(await Promise.all(ranks), [2, 6, 2]);
});

Deno.test("EXPORT --to peft names a base in the hub's cache as the hub does, and reads its own folder", async () => {
  const { work, run } = await setting();
  using _work = work;
  const snapshot = `${work.dir}/hub/models--org--tiny/snapshots/0123abcd`;
  await Deno.mkdir(`${work.dir}/hub/models--org--tiny/snapshots`, { recursive: true });
  await Deno.rename(`${work.dir}/model`, snapshot);
  const model = `--model ${snapshot}`;
  const first = await runIn(EXPORT, `${run} ${model} --to peft --out ${work.dir}/peft`);
  assertEquals(first.code, 0, first.errors.join("\n"));
  const config = JSON.parse(await Deno.readTextFile(`${work.dir}/peft/adapter_config.json`));
  assertEquals(config.base_model_name_or_path, "org/tiny");
  const again = `--adapter ${work.dir}/peft ${model} --to peft --out ${work.dir}/again`;
  assertEquals((await runIn(EXPORT, again)).code, 0);
  const [mean, copy] = [await readPeft(`${work.dir}/peft`), await readPeft(`${work.dir}/again`)];
  assertEquals(copy.params, mean.params);
});

Deno.test("EXPORT --to peft of one adapter is the folder itself; a member is RUN#2", async () => {
  const { work, members } = await setting();
  using _work = work;
  const out = `${work.dir}/peft`;
  const { code, errors } = await runIn(
    EXPORT,
    `--model ${work.dir}/model --adapter ${work.dir}/run#2 --to peft --out ${out}`,
  );
  assertEquals(code, 0, errors.join("\n"));
  assertEquals((await readPeft(out)).params, members[1].params);
});

Deno.test("EXPORT --to merged adds the mean of ΔW to the base's weights, in shards", async () => {
  const { work, members, run } = await setting();
  using _work = work;
  const out = `${work.dir}/merged`;
  const { code, out: lines, errors } = await runIn(
    EXPORT,
    `${run} --to merged --max-shard 20KB --end-token 5 --out ${out}`,
  );
  assertEquals(code, 0, errors.join("\n"));
  assertMatch(lines[0], /in \d files, 14 weights changed by the mean of 3 adapters$/);
  using merged = await openModel(out);
  using base = await openModel(`${work.dir}/model`);
  const [after, before] = [merged, base].map(({ source }) => source.read(`${Q}.weight`));
  const [now, was] = [await after, await before];
  const delta = meanDelta(members, Q);
  const size = Math.max(...now.map(Math.abs)); // one rounding to f32
  now.forEach((x, i) => assertAlmostEquals(x, was[i] + delta[i], 2 ** -22 * size));
  assert(merged.tokenizer !== undefined, "Expected the tokenizer to come along");
  assertEquals([merged, base].map(({ config }) => config.eosId?.includes(5)), [true, false]);
});

Deno.test("EXPORT --to gguf-lora writes llama.cpp's names, alpha and types", async () => {
  const { work, run } = await setting();
  using _work = work;
  const out = `${work.dir}/lora.gguf`;
  const { code, errors } = await runIn(EXPORT, `${run} --to gguf-lora --dtype f16 --out ${out}`);
  assertEquals(code, 0, errors.join("\n"));
  using file = await openLocalFile(out);
  const { metadata, tensors } = await readGgufHeader(file);
  assertEquals(metadata.get("general.architecture"), "llama");
  assertEquals(metadata.get("adapter.lora.alpha"), 24); // scale 8 / 2 at the mean's rank 6
  const a = tensors.get("blk.1.ffn_up.weight.lora_a")!;
  assertEquals([a.type.name, a.shape], ["F16", [6, 16]]);
});

Deno.test("EXPORT --to pairs.jsonl and pairs.parquet leaves ties out", async () => {
  const { work, run } = await setting();
  using _work = work;
  for (const format of ["jsonl", "parquet"]) {
    const { code, out, errors } = await runIn(
      EXPORT,
      `${run} --to pairs.${format} --out ${work.dir}/p.${format}`,
    );
    assertEquals(code, 0, errors.join("\n"));
    assertMatch(out[0], /^1 pair in .*; left out: 1 tie, 0 without a verdict$/);
  }
  const [pair] = await jsonLines(`${work.dir}/p.jsonl`);
  assertEquals([pair.chosen, pair.rejected, pair.annotator], [" no", " yes", "stories"]);
});

for (
  const [args, message] of [
    ["--to peft --out DIR/o", /--run and --adapter are not given, expected one of them$/],
    ["--run DIR/run --adapter x --to peft --out DIR/o", /are both given/],
    ["--run DIR/run --out DIR/o", /^Cannot export: --to is not given, expected --to FORMAT$/],
    ["--run DIR/run --to pft --out DIR/o", /--to is "pft", .* Did you mean peft\?$/],
    [
      "--run DIR/run --to peft --out DIR/model",
      /model is already there, expected a new name for --out$/,
    ],
    ["--run DIR/run --to merged --rank 2 --out DIR/o", /--rank is given with --to merged/],
    [
      "--run DIR/run --to merged --max-shard big --out DIR/o",
      /--max-shard is "big", expected a size/,
    ],
    ["--run DIR/run --to peft --end-token 5 --out DIR/o", /--end-token is given with --to peft/],
    ["--run DIR/run --to gguf-lora --dtype bf16 --out DIR/o", /expected f32 or f16$/],
    ["--adapter DIR/run --to pairs.jsonl --out DIR/o", /without --run, expected a run with pairs$/],
    [
      "--adapter DIR/run#9 --model DIR/model --to peft --out DIR/o",
      /the run has 3 members, expected 1 to 3/,
    ],
    [
      "--adapter base --model DIR/model --to peft --out DIR/o",
      /--adapter is base, expected an adapter/,
    ],
    [
      "--run DIR/nowhere --to peft --out DIR/o",
      /^Cannot export .*nowhere: config\.json is missing/,
    ],
    [
      "--adapter DIR/other --model DIR/model --to peft --out DIR/o",
      /^Cannot use .*other: it adapts strange/,
    ],
  ] as const
) {
  Deno.test(`EXPORT ${args} is one line, exit code 2, and writes nothing`, async () => {
    const { work } = await setting();
    using _work = work;
    await writeStrange(`${work.dir}/other`);
    const before = filesBelow(work.dir);
    const { code, out, errors } = await runIn(EXPORT, args.replaceAll("DIR", work.dir));
    assertEquals([code, out, errors.length], [2, [], 1], errors.join("\n"));
    assertMatch(errors[0], message);
    assertEquals(filesBelow(work.dir), before);
  });
}

/** An adapter of another model. */
async function writeStrange(dir: string): Promise<void> {
  const layers = [{ name: "strange.layer", inDim: 2, outDim: 2 }];
  const layout = adapterLayout(layers, { rank: 1, alpha: 1 });
  const files = peftFiles(layout, new Float32Array(layout.size).fill(1), { baseModel: "x" });
  await Deno.mkdir(dir, { recursive: true });
  for (const [name, bytes] of files) await Deno.writeFile(`${dir}/${name}`, bytes);
}
