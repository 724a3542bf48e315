// A judge behind an endpoint, from the command line: pairs that are annotated, and a run that its budget stops and that goes on.
import { assert, assertEquals } from "@std/assert";
import { ANNOTATE } from "../../../cli/commands/annotate.ts";
import { TRAIN } from "../../../cli/commands/train.ts";
import { runIn } from "../../support/command_run.ts";
import { fencedTexts } from "../../support/fake_judge.ts";
import { judgeServer, longerButRight } from "../../support/judge_server.ts";
import { TINY_PROMPTS, tinyWorkspace } from "../../support/tiny_run.ts";

const KEY = "sk-secret-in-the-environment";

Deno.test("TRAIN by a judge stops where its budget does, and goes on to the same bits without asking twice", async () => {
  using work = await tinyWorkspace();
  const { dir } = work;
  await using server = judgeServer(longerButRight);
  Deno.env.set("LEASH_JUDGE_KEY", KEY);
  const flags =
    `--model ${dir}/model --prompts ${dir}/prompts.txt --annotator judge:${server.url}#m ` +
    "--steps 4 --pairs 3 --phases 2 --members 2 --rank 2 --max-new 5 --eval-prompts 2 --device cpu --threads 1";
  try {
    const whole = await runIn(TRAIN, `${flags} --out ${dir}/whole`);
    assertEquals(whole.code, 0, whole.errors.join("\n"));
    const questions = () =>
      server.seen.map((one) => fencedTexts(one))
        .filter(([prompt]) => TINY_PROMPTS.includes(prompt)).map((texts) => texts.join("\u0000"));
    const asked = questions().length;
    assertEquals(new Set(questions()).size, asked, "each question once, but the canaries");
    const first = server.seen.length;

    const short = await runIn(TRAIN, `${flags} --out ${dir}/short --judge-calls ${first - 6}`);
    assertEquals(short.code, 1);
    assert(short.errors.at(-1)!.includes("calls are spent"), short.errors.join("\n"));
    assert(short.errors.at(-1)!.includes(`leash train --resume ${dir}/short`));
    const rest = await runIn(TRAIN, `--resume ${dir}/short --judge-calls 1000`);
    assertEquals(rest.code, 0, rest.errors.join("\n"));
    for (const file of ["pairs.jsonl", "metrics.jsonl", "adapter/adapter_model.safetensors"]) {
      const [one, other] = await Promise.all(
        ["whole", "short"].map((run) => Deno.readFile(`${dir}/${run}/${file}`)),
      );
      assertEquals(one, other, file);
    }
    assert(whole.out.some((line) => line.startsWith("Sway: ")), whole.out.join("\n"));
    assertEquals(questions().length, 2 * asked, "both processes together asked what one would");
    assertEquals([...server.keys], [`Bearer ${KEY}`]);
    for await (const { name, isFile } of Deno.readDir(`${dir}/short`)) {
      if (!isFile) continue;
      assert(
        !(await Deno.readTextFile(`${dir}/short/${name}`)).includes(KEY),
        `the key is in ${name}`,
      );
    }
  } finally {
    Deno.env.delete("LEASH_JUDGE_KEY");
  }
});

Deno.test("ANNOTATE by a judge says how its verdicts were swayed", async () => {
  using work = await tinyWorkspace();
  const { dir } = work;
  await using server = judgeServer(longerButRight);
  const rows = Array.from({ length: 20 }, (_, i) => ({
    prompt: `Say ${i}.`,
    chosen: "w".repeat(2 + i),
    rejected: "v".repeat(21 - i),
  }));
  await Deno.writeTextFile(
    `${dir}/rows.jsonl`,
    rows.map((row) => JSON.stringify(row) + "\n").join(""),
  );
  const ran = await runIn(
    ANNOTATE,
    `--pairs ${dir}/rows.jsonl --out ${dir}/out.jsonl --annotator judge:${server.url}#m --judge-cache ${dir}/v.sqlite`,
  );
  assertEquals(ran.code, 0, ran.errors.join("\n"));
  const line = ran.out.find((text) => text.startsWith("Sway: "));
  assertEquals(
    line,
    "Sway: the order decided 0.0% of 20 pairs, the first shown won 50.0% of 40 showings, the longer 100.0% of 20",
  );
});
