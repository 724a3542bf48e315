import { assertEquals, assertRejects } from "@std/assert";
import type { HostModel } from "../../core/formats/model_files.ts";
import { readModelFolder, writeModelFolder } from "../../files/model_folder.ts";
import { tensorShapes } from "../../core/model/shapes.ts";
import { Mistake } from "../../core/base/mistake.ts";

function model(fill: number): HostModel {
  const config = {
    vocabSize: 3,
    hiddenSize: 2,
    intermediateSize: 5,
    layers: 1,
    heads: 1,
    kvHeads: 1,
    headDim: 2,
    ropeTheta: 10000,
    rmsEps: 1e-5,
    tied: true,
    maxPositions: 8,
  };
  const tensors = new Map([...tensorShapes(config)].map(([name, shape]) => {
    return [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(fill) }];
  }));
  return { config, tensors, tokenizerJson: { model: {} } };
}

Deno.test("writeModelFolder() then readModelFolder() is the identity, by path and by URL", async () => {
  const root = await Deno.makeTempDir();
  const dir = `${root}/new/a model`;
  await writeModelFolder(dir, model(0.5));
  assertEquals(await readModelFolder(dir), model(0.5));
  assertEquals(await readModelFolder(`${dir}/`), model(0.5));
  const url = new URL("a%20model", `file://${root}/new/`);
  assertEquals(await readModelFolder(url), model(0.5));
  assertEquals(await readModelFolder(url.href), model(0.5));
  const names = (await Array.fromAsync(Deno.readDir(dir))).map((entry) => entry.name).sort();
  assertEquals(names, ["config.json", "model.safetensors", "tokenizer.json"]);
  await Deno.remove(root, { recursive: true });
});

Deno.test("writeModelFolder() replaces a folder only where it may", async () => {
  const root = await Deno.makeTempDir();
  await writeModelFolder(`${root}/m`, model(1));
  const error = await assertRejects(() => writeModelFolder(`${root}/m`, model(2)), Mistake);
  assertEquals(error.message, `Cannot write ${root}/m: it is already there, expected a new name`);
  assertEquals(await readModelFolder(`${root}/m`), model(1));
  await writeModelFolder(`${root}/m`, model(2), { replace: true, dtype: "F16" });
  assertEquals(await readModelFolder(`${root}/m`), model(2));
  await Deno.remove(root, { recursive: true });
});

Deno.test("readModelFolder() names what is missing, by path and by URL", async () => {
  const dir = await Deno.makeTempDir();
  for (const [folder, name] of [[dir, dir], [new URL(`file://${dir}`), `file://${dir}`]] as const) {
    const error = await assertRejects(() => readModelFolder(folder), Mistake);
    assertEquals(
      error.message,
      `Cannot read ${name}: config.json is missing, expected a Hugging Face model folder`,
    );
  }
  await Deno.remove(dir);
});
