// Kill −9 at random moments of a run, resume until it is done: the same bits as a run that nobody disturbed.
import { assertEquals } from "@std/assert";
import { commandWorkspace } from "../../support/command_run.ts";
import { checkKilledRun } from "../../support/killing.ts";
import { tinyFlags, tinyWorkspace } from "../../support/tiny_run.ts";

Deno.test("a run that is killed at ten random moments and resumed ends with the same bits", async () => {
  using work = await tinyWorkspace();
  const { killed, whole } = await checkKilledRun({
    program: new URL("../../../cli/train.ts", import.meta.url),
    start: [...tinyFlags(work.dir), "--steps", "12", "--phases", "4", "--eval-every", "6"],
    dir: work.dir,
    kills: 10,
    files: [
      "metrics.jsonl",
      "pairs.jsonl",
      "answers.jsonl",
      "adapter/adapter_model.safetensors",
    ],
  });
  const sha = async (of: string) => JSON.parse(await Deno.readTextFile(`${of}/summary.json`));
  assertEquals((await sha(killed)).adapterSha256, (await sha(whole)).adapterSha256);
});

for (
  const { what, flags, result } of [
    { what: "an adapter", flags: ["--rank", "2"], result: "adapter/adapter_model.safetensors" },
    { what: "all weights", flags: ["--full"], result: "model/model.safetensors" },
  ]
) {
  Deno.test(`leash sft of ${what} that is killed at five random moments and resumed ends with the same bits`, async () => {
    using work = await commandWorkspace();
    const { dir } = work;
    const row = (_: unknown, i: number) =>
      JSON.stringify({ prompt: `Tom saw a cat ${i}.`, completion: " He was kind." }) + "\n";
    await Deno.writeTextFile(`${dir}/rows.jsonl`, Array.from({ length: 10 }, row).join(""));
    await checkKilledRun({
      program: new URL("../../../cli/main.ts", import.meta.url),
      start: [
        ...["sft", "--model", `${dir}/model`, "--data", `${dir}/rows.jsonl`, "--device", "cpu"],
        ..."--threads 1 --batch-tokens 32 --eval-share 0.2 --steps 90 --lr 0.02".split(" "),
        ...["--checkpoint-every", "4", ...flags],
      ],
      resume: ["sft"],
      dir,
      kills: 5,
      files: ["metrics.jsonl", result],
    });
  });
}
