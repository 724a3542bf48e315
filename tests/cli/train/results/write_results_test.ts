import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runTrain, tinyFlags, tinyWorkspace } from "../../../support/tiny_run.ts";

Deno.test("writeResults() shows the same answers in samples.md as in answers.jsonl, and a figure", async () => {
  using work = await tinyWorkspace();
  const dir = `${work.dir}/run`;
  const { code } = await runTrain([...tinyFlags(work.dir), "--out", dir]);
  assertEquals(code, 0);
  const samples = await Deno.readTextFile(`${dir}/samples.md`);
  assertEquals(samples.match(/^## /gm)?.length, 6);
  const lines = (await Deno.readTextFile(`${dir}/answers.jsonl`)).trim().split("\n")
    .map((line) => JSON.parse(line));
  assertEquals(lines.map(({ step }) => step), [0, 2, 4]);
  assert(lines[0].greedy.length === 6 && lines[1].greedy === undefined);
  const plain = (text: string) => text.trim().replace(/[\\`*_{}[\]<>#|]/g, "\\$&").split("\n")[0];
  assertStringIncludes(samples, `**After**\n\n> ${plain(lines[2].sampled[0])}`);
  assertStringIncludes(samples, `**Before**\n\n> ${plain(lines[0].sampled[0])}`);
  assertStringIncludes(await Deno.readTextFile(`${dir}/win_rate.svg`), "bpo (dpo), seed 1");
  const png = await Deno.readFile(`${dir}/win_rate.png`);
  assertEquals([...png.subarray(1, 4)], [0x50, 0x4e, 0x47]);
});

Deno.test("an adapter that a run wrote is the reference of another", async () => {
  using work = await tinyWorkspace();
  const flags = tinyFlags(work.dir), dir = `${work.dir}/run`;
  assertEquals((await runTrain([...flags, "--out", dir])).code, 0);
  const golden = await runTrain([...flags, "--reference", `${dir}/adapter`, "--out", `${dir}2`]);
  assertEquals(golden.code, 0, golden.lines.join("\n"));
  const config = JSON.parse(await Deno.readTextFile(`${dir}2/config.json`));
  assertEquals(config.about.method, "dpo, fixed reference");
  assertEquals(config.referenceAdapter.length, 64);
  const [first] = (await Deno.readTextFile(`${dir}2/pairs.jsonl`)).split("\n", 1);
  const summary = JSON.parse(await Deno.readTextFile(`${dir}/summary.json`));
  assertEquals(JSON.parse(first).referenceId, `fixed-${summary.adapterSha256.slice(0, 16)}`);
});
