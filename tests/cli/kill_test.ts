// Kill −9 at random moments of a run, resume until it is done: the same bits as a run that nobody disturbed.
import { assert, assertEquals } from "@std/assert";
import { isThere } from "../../cli/run_folder.ts";
import { tinyFlags, tinyWorkspace } from "../support/tiny_run.ts";

const TRAIN = new URL("../../cli/train.ts", import.meta.url);
const KILLS = 10;
const STEPS = 12;

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

/** Steps that a run has written down. */
async function stepsOf(dir: string): Promise<number> {
  const text = await Deno.readTextFile(`${dir}/metrics.jsonl`).catch(() => "");
  return text.split("\n").length - 1;
}

Deno.test("a run that is killed at ten random moments and resumed ends with the same bits", async () => {
  using work = await tinyWorkspace();
  const flags = [
    ...tinyFlags(work.dir),
    ..."--phases 4 --eval-every 6 --steps".split(" "),
    `${STEPS}`,
  ];
  const dir = `${work.dir}/killed`, whole = `${work.dir}/whole`;
  const undisturbed = start([...flags, "--out", whole]);
  await untilPrinted(undisturbed, "Folder:");
  const begun = performance.now();
  assertEquals((await undisturbed.status).code, 0);
  const stepMs = (performance.now() - begun) / STEPS;

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
    // A low-discrepancy moment within a step, of every second life the next one: no life finishes the run, however
    // fast or slow this machine is at that time.
    let ended: unknown;
    child.status.then((status) => ended = status);
    const goal = await stepsOf(dir) + kills % 2;
    while (ended === undefined && await stepsOf(dir) < goal) await sleep(2);
    await sleep(((offset + kills * 0.6180339887) % 1) * stepMs);
    if (ended === undefined) {
      child.kill("SIGKILL");
      await child.status;
      alive++;
    }
    kills++;
  }
  assert(alive >= 8, `Expected most kills to hit a living run, found ${alive} of ${KILLS}`);
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
