import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { Annotator } from "../../../core/mod.ts";
import { type Annotators, buildAnnotators } from "../../../cli/judge/annotators.ts";
import { storiesSettings } from "../../support/run_settings.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { withAbsolutePaths } from "../../../cli/flags/paths.ts";
import { resumedConfig } from "../../../cli/train/resume.ts";
import { readIdentity, writeIdentity } from "../../../cli/folder/run_folder.ts";
import {
  filesBelow,
  recordingTerminal,
  runTrain,
  tinyFlags,
  tinyWorkspace,
} from "../../support/tiny_run.ts";

const LOGS = ["metrics.jsonl", "pairs.jsonl", "answers.jsonl", "adapter/adapter_model.safetensors"];

/** Annotators of which the training one does something at its n-th call. */
async function annotatorsThat(act: (call: number) => void): Promise<Annotators> {
  const { training, ...others } = await buildAnnotators("stories", 1);
  let call = 0;
  const acting: Annotator = {
    name: training.name, // it stands in the pairs
    annotate: (pairs, options) => {
      act(call++);
      return training.annotate(pairs, options);
    },
  };
  return { training: acting, ...others };
}

async function assertSameResult(dir: string, whole: string): Promise<void> {
  for (const file of LOGS) {
    assertEquals(
      await Deno.readFile(`${dir}/${file}`),
      await Deno.readFile(`${whole}/${file}`),
      file,
    );
  }
}

for (const reference of ["behaviour", "ema"]) {
  Deno.test(`main() --resume after failures and aborts ends with the same bits (${reference})`, async () => {
    using work = await tinyWorkspace();
    const flags = [...tinyFlags(work.dir), "--reference", reference];
    const dir = `${work.dir}/run`, whole = `${work.dir}/whole`;
    assertEquals((await runTrain([...flags, "--out", whole])).code, 0);

    const fails = await annotatorsThat((call) => {
      if (call === 1) throw new Error("the judge is out");
    });
    const first = await runTrain([...flags, "--out", dir], { annotators: fails });
    assertEquals(first.code, 1);
    assertEquals(
      first.lines.at(-1),
      "Cannot annotate: annotator stories failed (the judge is out), expected 6 verdicts. " +
        `Go on with: deno task train --resume ${dir}`,
    );
    assert(!filesBelow(dir).includes("summary.json"));

    const controller = new AbortController();
    const stops = await annotatorsThat(() => controller.abort(new Error("Interrupted")));
    const second = await runTrain(["--resume", dir], {
      annotators: stops,
      signal: controller.signal,
    });
    assertEquals(second.code, 130);
    assertEquals(second.lines.at(-1), `Interrupted. Go on with: deno task train --resume ${dir}`);

    const third = await runTrain(["--resume", dir, "--threads", "2"]);
    assertEquals(third.code, 0, third.lines.join("\n"));
    assertStringIncludes(third.lines.join("\n"), `Folder: ${dir}, going on after step 2`);
    await assertSameResult(dir, whole);

    const fourth = await runTrain(["--resume", dir]);
    assertEquals(fourth.code, 0);
    assertStringIncludes(fourth.lines[0], "is done");
  });
}

Deno.test("main() --resume goes on within a phase, and cuts what came after its checkpoint", async () => {
  using work = await tinyWorkspace();
  const flags = tinyFlags(work.dir); // the second phase of two begins after step 2
  const whole = `${work.dir}/whole`;
  assertEquals((await runTrain([...flags, "--out", whole])).code, 0);
  for (const [every, from] of [["1", "3"], ["9", "2"]]) { // at 2 its pairs are there, and no step of them
    const dir = `${work.dir}/run${every}`;
    const controller = new AbortController();
    let steps = 0;
    const { code } = await runTrain([...flags, "--checkpoint-every", every, "--out", dir], {
      signal: controller.signal,
      terminal: {
        ...recordingTerminal(),
        status: (text) => {
          // The status is drawn before each step: the fourth is trained, and its evaluation then stops.
          if (text.includes("training")) steps++;
          if (steps === 4 && text.includes("evaluating")) controller.abort(new Error("stop"));
        },
      },
    });
    assertEquals(code, 130);
    await Deno.writeTextFile(`${dir}/metrics.jsonl`, '{"step":99}\n{"cut', { append: true });
    const resumed = await runTrain(["--resume", dir]);
    assertEquals(resumed.code, 0, resumed.lines.join("\n"));
    assertStringIncludes(resumed.lines.join("\n"), `going on after step ${from}`);
    await assertSameResult(dir, whole);
  }
});

Deno.test("main() --resume refuses what differs, by name, and writes nothing", async () => {
  using work = await tinyWorkspace();
  const dir = `${work.dir}/run`;
  const fails = await annotatorsThat((call) => {
    if (call === 1) throw new Error("out");
  });
  await runTrain([...tinyFlags(work.dir), "--out", dir], { annotators: fails });
  const before = filesBelow(dir);
  const original = await Deno.readTextFile(`${dir}/config.json`);
  const refuse = async (args: string[], line: string) => {
    const { code, lines } = await runTrain(["--resume", dir, ...args]);
    assertEquals(code, 2, lines.join("\n"));
    assertStringIncludes(lines.at(-1)!, line);
    assertEquals(filesBelow(dir), before);
  };
  const edit = (from: string, to: string) =>
    Deno.writeTextFile(`${dir}/config.json`, original.replace(from, to));
  await refuse(["--lr", "0.5"], "--lr is 0.5, expected 0.01 as when the run began");
  await refuse(["--refresh-every", "2"], "--refresh-every is 2, expected not given as when");
  await edit('"lr": 0.01', '"lr": 0.02');
  await refuse([], `Cannot resume ${dir}/config.json: it was changed since it was written`);
  await edit('"seal": "', '"sea1": "');
  await refuse([], "config.json: it has no seal");
  const stored = await (async () => {
    await Deno.writeTextFile(`${dir}/config.json`, original);
    return await readIdentity(dir);
  })();
  await writeIdentity(dir, { ...stored, config: { ...stored.config, lr: 0.02 } }, {});
  await refuse([], "--lr is 0.02, expected 0.01 as its checkpoint says");
  await writeIdentity(dir, { ...stored, kernelPath: "cpu, on the moon" }, {});
  await refuse([], "the kernel path is cpu, on the moon, expected cpu, ");
  await Deno.writeTextFile(`${dir}/config.json`, original);
  await Deno.writeTextFile(`${work.dir}/prompts.txt`, "Other prompts.\nAnd one more.\n");
  await refuse([], "the prompts' fingerprint is ");
});

Deno.test("resumedConfig() takes relative paths for the same files, and keeps those that are stored", async () => {
  const before = Deno.cwd();
  const dir = await Deno.realPath(await Deno.makeTempDir());
  await Deno.writeTextFile(`${dir}/prompts.txt`, "");
  Deno.chdir(dir);
  try {
    const begun = storiesSettings("--prompts prompts.txt");
    const stored = withAbsolutePaths(begun);
    assertEquals(stored.prompts, `${dir}/prompts.txt`);
    assertEquals(resumedConfig("run", stored, { prompts: "prompts.txt", threads: 3 }), {
      ...stored,
      threads: 3,
    });
    assertEquals(
      resumedConfig("run", begun, { prompts: "./prompts.txt" }),
      begun,
    );
    await Deno.writeTextFile(`${dir}/others.txt`, "");
    assertThrows(
      () => resumedConfig("run", stored, { prompts: "others.txt" }),
      UsageError,
      `--prompts is ${dir}/others.txt, expected ${dir}/prompts.txt as when the run began`,
    );
  } finally {
    Deno.chdir(before);
    await Deno.remove(dir, { recursive: true });
  }
});
