import { assertEquals, assertRejects } from "@std/assert";
import { openLocalFile } from "../../files/local_file.ts";
import { writeMergedFolder } from "../../files/merged_folder.ts";
import { openSafetensors, openShardedSafetensors } from "../../core/formats/safetensors_stream.ts";
import { sourceOfTensors } from "../../core/base/tensor_source.ts";
import { adapterLayout } from "../../core/lora/adapter.ts";
import { addDelta } from "../../core/lora/delta.ts";
import { uniform } from "../support/random.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { inFolder } from "../support/in_folder.ts";

const names = ["model.layers.0.up", "model.layers.1.up"];
const layout = adapterLayout(names.map((name) => ({ name, inDim: 6, outDim: 4 })), {
  rank: 2,
  alpha: 2,
});
const members = [{ layout, params: uniform(layout.size, 1) }];
const base = new Map(
  names.map((name, i) => [`${name}.weight`, { shape: [4, 6], data: uniform(24, i) }]),
);
const merged = (i: number) => {
  const data = base.get(`${names[i]}.weight`)!.data.slice();
  addDelta(data, members, names[i]);
  return data;
};

const list = async (dir: string) =>
  (await Array.fromAsync(Deno.readDir(dir))).map((e) => e.name).sort();

Deno.test("writeMergedFolder() writes shards, index, config and tokenizer, and no code", async () => {
  await inFolder(async (dir) => {
    await Deno.mkdir(`${dir}/base`);
    const files = ["config.json", "tokenizer.json", "modeling_x.py", "model.safetensors"];
    for (const name of files) {
      await Deno.writeTextFile(`${dir}/base/${name}`, '{"torch_dtype":"float32","a":1}');
    }
    await Deno.mkdir(`${dir}/base/additional_chat_templates`);
    await Deno.writeTextFile(`${dir}/base/additional_chat_templates/rag.jinja`, "{{ rag }}");
    await Deno.writeTextFile(`${dir}/base/additional_chat_templates/run.py`, "");
    const extraFiles = new Map([["README.md", new TextEncoder().encode("mine")]]);
    const done = await writeMergedFolder(`${dir}/out`, sourceOfTensors(base), members, {
      ...{ from: `${dir}/base`, dtype: "F16", maxShardBytes: 48, extraFiles },
    });
    const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    assertEquals(done.files, [...shards, "model.safetensors.index.json"]);
    assertEquals(await list(`${dir}/out`), [
      "README.md",
      "additional_chat_templates",
      "config.json",
      ...done.files,
      "tokenizer.json",
    ]);
    assertEquals(await list(`${dir}/out/additional_chat_templates`), ["rag.jinja"]);
    const config = JSON.parse(await Deno.readTextFile(`${dir}/out/config.json`));
    assertEquals(config, { torch_dtype: "float16", a: 1 });
    using source = await openShardedSafetensors(
      await openLocalFile(`${dir}/out/model.safetensors.index.json`),
      (name) => openLocalFile(`${dir}/out/${name}`),
    );
    const found = await source.read(`${names[1]}.weight`);
    assertEquals(found, new Float32Array(new Float16Array(merged(1))));
  });
});

Deno.test("writeMergedFolder() keeps config.json as it is where the type stays", async () => {
  await inFolder(async (dir) => {
    const text = '{"rms_norm_eps": 1e-05, "dtype": "float32"}';
    const extraFiles = new Map([["config.json", new TextEncoder().encode(text)]]);
    await writeMergedFolder(`${dir}/out`, sourceOfTensors(base), members, { extraFiles });
    assertEquals(await Deno.readTextFile(`${dir}/out/config.json`), text);
    using source = await openSafetensors(await openLocalFile(`${dir}/out/model.safetensors`));
    assertEquals(await source.read(`${names[0]}.weight`), merged(0));
  });
});

Deno.test("writeMergedFolder() leaves nothing when it fails, and an old folder as it was", async () => {
  await inFolder(async (dir) => {
    const broken = {
      ...sourceOfTensors(base),
      read: (name: string) =>
        name === `${names[1]}.weight`
          ? Promise.reject(new TypeError("the disk is gone"))
          : Promise.resolve(base.get(name)!.data.slice()),
    };
    const write = () => writeMergedFolder(`${dir}/out`, broken, members, { replace: true });
    await assertRejects(write, TypeError, "the disk is gone");
    assertEquals(await list(dir), []);
    await writeMergedFolder(`${dir}/out`, sourceOfTensors(base), members);
    await assertRejects(write, TypeError, "the disk is gone");
    assertEquals(await list(`${dir}/out`), ["model.safetensors"]);
    const again = () => writeMergedFolder(`${dir}/out`, sourceOfTensors(base), members);
    await assertRejects(again, Mistake, "it is already there, expected a new name");
  });
});

Deno.test("writeMergedFolder() refuses names with a path in them", async () => {
  const extraFiles = new Map([["../x", new Uint8Array(1)]]);
  await assertRejects(
    () => writeMergedFolder("nowhere", sourceOfTensors(base), members, { extraFiles }),
    Mistake,
    'Cannot write "../x": it is a path, expected a file\'s bare name',
  );
});
