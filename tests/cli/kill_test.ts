// Kill −9 at random moments of a run, resume until it is done: the same bits as a run that nobody disturbed.
import { assert, assertEquals } from "@std/assert";
import { isThere } from "../../cli/run_folder.ts";
import { tinyFlags, tinyWorkspace } from "../support/tiny_run.ts";

const TRAIN = new URL("../../cli/train.ts", import.meta.url);
const KILLS = 10;
const SHARE = 0.4; // of the whole duration: what a life may last, so that ten lives do not finish the run early

function start(args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      TRAIN.href,
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Resolves with what was printed so far once a line begins with `text`; reads on behind it. */
async function untilPrinted(child: Deno.ChildProcess, text: string): Promise<void> {
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let printed = "";
  while (!`\n${printed}`.includes(`\n${text}`)) {
    const { done, value } = await reader.read();
    if (done) return;
    printed += value;
  }
  (async () => {
    while (!(await reader.read()).done);
  })();
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a run that is killed at ten random moments and resumed ends with the same bits", async () => {
  using work = await tinyWorkspace();
  const flags = [...tinyFlags(work.dir), "--steps", "12", "--phases", "4", "--eval-every", "6"];
  const dir = `${work.dir}/killed`, whole = `${work.dir}/whole`;
  const undisturbed = start([...flags, "--out", whole]);
  await untilPrinted(undisturbed, "Folder:");
  const begun = performance.now();
  assertEquals((await undisturbed.status).code, 0);
  const duration = performance.now() - begun;

  const offset = new Uint32Array(crypto.getRandomValues(new Uint32Array(1)))[0] / 2 ** 32;
  let kills = 0, alive = 0;
  for (;;) {
    const resumes = await isThere(`${dir}/config.json`);
    const child = start(resumes ? ["--resume", dir] : [...flags, "--out", dir]);
    await untilPrinted(child, "Folder:");
    if (kills === KILLS) {
      assertEquals((await child.status).code, 0, "Expected the last resume to end the run");
      break;
    }
    // Low-discrepancy moments after the folder is open; most of them before the end of what is left.
    const moment = (offset + kills * 0.6180339887) % 1;
    const ended = await Promise.race([child.status, sleep(moment * duration * SHARE)]);
    if (ended === undefined) {
      child.kill("SIGKILL");
      await child.status;
      alive++;
    }
    kills++;
  }
  assert(alive >= 5, `Expected most kills to hit a living run, found ${alive} of ${KILLS}`);
  for (
    const file of [
      "metrics.jsonl",
      "pairs.jsonl",
      "answers.jsonl",
      "adapter/adapter_model.safetensors",
    ]
  ) {
    assertEquals(
      await Deno.readFile(`${dir}/${file}`),
      await Deno.readFile(`${whole}/${file}`),
      file,
    );
  }
  const sha = async (of: string) => JSON.parse(await Deno.readTextFile(`${of}/summary.json`));
  assertEquals((await sha(dir)).adapterSha256, (await sha(whole)).adapterSha256);
});
