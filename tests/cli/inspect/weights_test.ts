import { assertEquals, assertRejects } from "@std/assert";
import { encodeSafetensors } from "../../../core/mod.ts";
import { inspectGguf, inspectIndex, inspectSafetensors } from "../../../cli/inspect/weights.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const GGUF = new URL("../../fixtures/gguf/llama.gguf", import.meta.url).pathname;
const shard = (name: string) =>
  encodeSafetensors(new Map([[name, { shape: [2], data: Float32Array.of(1, 2) }]]));

Deno.test("inspectIndex() reads every shard, and says which is missing", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeFile(`${dir}/1.safetensors`, shard("a"));
  await Deno.writeFile(`${dir}/2.safetensors`, shard("b"));
  const path = `${dir}/model.safetensors.index.json`;
  await Deno.writeTextFile(path, '{"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}');
  const report = await inspectIndex(path, { values: false });
  assertEquals([report.shards, report.tensors, report.bytes], [2, 2, 16]);
  const { fileBytes } = await inspectSafetensors(`${dir}/1.safetensors`, { values: false });
  assertEquals(fileBytes, shard("a").length);
  await Deno.remove(`${dir}/2.safetensors`);
  await assertRejects(
    () => inspectIndex(path, { values: false }),
    Mistake,
    "2.safetensors: it is missing",
  );
  await Deno.remove(dir, { recursive: true });
});

Deno.test("inspectGguf() reads a model under another name too", async () => {
  const named = await inspectGguf(GGUF, { values: false });
  const path = await Deno.makeTempFile();
  await Deno.copyFile(GGUF, path);
  const report = await inspectGguf(path, { values: false });
  assertEquals([report.architecture, report.fileBytes], ["llama", named.fileBytes]);
  await Deno.remove(path);
});
