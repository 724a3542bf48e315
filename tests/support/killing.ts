// Kill −9 at random moments of a run, resume until it is done, and compare what it leaves with an undisturbed run's.
import { assert, assertEquals } from "@std/assert";
import { isThere } from "../../files/durable/disk.ts";

/** A run to kill. */
export interface KilledRun {
  /** The program. */
  readonly program: URL;
  /** Its arguments for a new run but `--out`. */
  readonly start: readonly string[];
  /** Those before `--resume`. */
  readonly resume?: readonly string[];
  /** Folder for both runs; "killed" and "whole" are made in it. */
  readonly dir: string;
  readonly kills: number;
  /** Files of a run's folder that must be equal in every byte. */
  readonly files: readonly string[];
}

function spawn(program: URL, args: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--no-prompt", "--allow-read", "--allow-write", program.href],
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Resolves once a line begins with `text`; reads on behind it. */
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

/** Checks it; returns the folders of both runs. */
export async function checkKilledRun(
  { program, start, resume = [], dir, kills, files }: KilledRun,
): Promise<{ readonly killed: string; readonly whole: string }> {
  const killed = `${dir}/killed`, whole = `${dir}/whole`;
  const undisturbed = spawn(program, [...start, "--out", whole]);
  await untilPrinted(undisturbed, "Folder:");
  const begun = performance.now();
  assertEquals((await undisturbed.status).code, 0);
  const steps = await stepsOf(whole);
  const stepMs = (performance.now() - begun) / steps;

  const offset = crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32;
  let alive = 0;
  for (let k = 0; k <= kills; k++) {
    const resumes = await isThere(`${killed}/config.json`);
    const args = resumes ? [...resume, "--resume", killed] : [...start, "--out", killed];
    const child = spawn(program, args);
    await untilPrinted(child, "Folder:");
    if (k === kills) {
      assertEquals((await child.status).code, 0, "Expected the last resume to end the run");
      break;
    }
    // Low-discrepancy moments, counted in steps: no life finishes the run, however fast or slow this machine is then.
    const moment = (offset + k * 0.6180339887) % 1;
    let ended: unknown;
    child.status.then((status) => ended = status);
    const goal = await stepsOf(killed) + Math.floor(moment * (Math.floor(steps / (kills + 1)) + 1));
    while (ended === undefined && await stepsOf(killed) < goal) await sleep(2);
    await sleep(((offset + k * 0.7548776662) % 1) * stepMs);
    if (ended === undefined) {
      child.kill("SIGKILL");
      await child.status;
      alive++;
    }
  }
  assert(alive > kills / 2, `Expected most kills to hit a living run, found ${alive} of ${kills}`);
  for (const file of files) {
    const [found, expected] = await Promise.all(
      [killed, whole].map((run) => Deno.readFile(`${run}/${file}`)),
    );
    assertEquals(found, expected, file);
  }
  return { killed, whole };
}
