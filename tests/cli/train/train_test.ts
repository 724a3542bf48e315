import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parsePeftConfig, parseSafetensors } from "../../../core/mod.ts";
import { readJsonl } from "../../../files/mod.ts";
import { sha256 } from "../../../core/base/sha256.ts";
import { filesBelow, runTrain, tinyFlags, tinyWorkspace } from "../../support/tiny_run.ts";

const STEPS = 4, PAIRS = 3, MEMBERS = 2;

Deno.test("train() leaves a whole run folder and the same bits every time", async () => {
  using work = await tinyWorkspace();
  const dir = `${work.dir}/run`;
  const { code, lines } = await runTrain([...tinyFlags(work.dir), "--out", dir]);
  assertEquals(code, 0, lines.join("\n"));
  const files = filesBelow(dir).filter((file) => !file.startsWith("checkpoints/"));
  assertEquals(files, [
    ".lock",
    "MANIFEST.json",
    "adapter/adapter_config.json",
    "adapter/adapter_model.safetensors",
    "answers.jsonl",
    "config.json",
    "metrics.jsonl",
    "pairs.jsonl",
    "samples.md",
    "summary.json",
    "timing.jsonl",
    "win_rate.png",
    "win_rate.svg",
  ]);
  await checkPairs(dir);
  await checkMetrics(dir);
  await checkSummary(dir);
  await checkAdapter(dir);
  checkScreen(lines, dir);
  const config = JSON.parse(await Deno.readTextFile(`${dir}/config.json`));
  assertEquals([config.config.lr, config.about.phases, config.about.method], [
    0.01,
    2,
    "bpo (dpo)",
  ]);
  assertMatch(config.kernelPath, /^cpu, (relaxed FMA|no FMA)$/);

  const again = await runTrain([...tinyFlags(work.dir), "--threads", "2", "--out", `${dir}2`]);
  assertEquals(again.code, 0);
  for (const file of ["metrics.jsonl", "pairs.jsonl", "adapter/adapter_model.safetensors"]) {
    assertEquals(
      await Deno.readFile(`${dir}2/${file}`),
      await Deno.readFile(`${dir}/${file}`),
      file,
    );
  }
});

async function checkPairs(dir: string): Promise<void> {
  // deno-lint-ignore no-explicit-any -- as any reader of the file
  const pairs = await readJsonl(`${dir}/pairs.jsonl`) as any[];
  assertEquals(pairs.length, STEPS * PAIRS);
  const snapshots = new Set(pairs.map(({ snapshotId }) => snapshotId));
  const named = new Set(
    pairs.map(({ snapshotId, snapshotHash }) => `${snapshotId} ${snapshotHash}`),
  );
  const hashes = new Set(pairs.map(({ snapshotHash }) => snapshotHash));
  assertEquals([named.size, hashes.size], [snapshots.size, snapshots.size], "a hash a snapshot");
  for (const [i, pair] of pairs.entries()) {
    assertEquals([pair.step, pair.phase], [Math.floor(i / PAIRS), Math.floor(i / PAIRS / 2)]);
    assertEquals(pair.snapshotId, `snapshot-${2 * pair.phase}`);
    assertEquals(pair.referenceId, pair.snapshotId);
    assertEquals(pair.sampling, { temperature: 0.8, topP: 1, maxNew: 6 });
    assertEquals([pair.annotator, pair.order], ["stories", "a,b"]);
    assert(/^[0-9a-f]{64}$/.test(pair.snapshotHash), `Expected a hash, found ${pair.snapshotHash}`);
    assert(["a", "b", "tie", "failed"].includes(pair.verdict.outcome));
    for (const answer of [pair.a, pair.b]) {
      assertEquals(answer.logps.length, answer.ids.length);
      assert(answer.finish === "stop" || answer.ids.length === 6);
      const sum = answer.logps.reduce((a: number, b: number) => a + b, 0);
      assert(Math.abs(sum - answer.referenceLogp) < 1e-3, "Expected the behaviour's own log-probs");
    }
  }
}

async function checkMetrics(dir: string): Promise<void> {
  const rows = await readJsonl(`${dir}/metrics.jsonl`) as Record<string, number>[];
  const steps = rows.filter((row) => "loss" in row),
    evaluations = rows.filter((row) => "eval_kl" in row);
  assertEquals(steps.map(({ step }) => step), [1, 2, 3, 4]);
  assertEquals(evaluations.map(({ step, phase }) => [step, phase]), [[0, 0], [2, 1], [4, 2]]);
  assert(Math.abs(steps[0].loss - Math.LN2) < 1e-6, "Expected ln 2 at the start of a phase");
  assertEquals(evaluations[0].eval_kl, 0);
  assert(evaluations[2].eval_kl !== 0);
  for (
    const name of ["grad_norm", "learning_rate", "rewards/margins", "logps/chosen/std", "epoch"]
  ) {
    assert(Number.isFinite(steps[3][name]), `Expected ${name}`);
  }
  const clocks = Object.keys(Object.assign({}, ...rows)).filter((name) => /second|time/.test(name));
  assertEquals(clocks, [], "Expected nothing that depends on the clock");
}

async function checkSummary(dir: string): Promise<void> {
  const summary = JSON.parse(await Deno.readTextFile(`${dir}/summary.json`));
  const wanted = "device adapterInfo method loss reference phases members steps seed seconds " +
    "tokensPerSecond pairs ties failed kl winRate heldOutWinRate judgeCorrelation text dispatches " +
    "submits readbacks bytesPeak adapterSha256";
  for (const field of wanted.split(" ")) assert(field in summary, `Expected ${field}`);
  assertEquals([summary.device, summary.loss, summary.reference], ["cpu", "dpo", "behaviour"]);
  assertEquals([summary.phases, summary.members, summary.steps, summary.seed], [
    2,
    MEMBERS,
    STEPS,
    1,
  ]);
  assertEquals(summary.pairs, STEPS * PAIRS);
  assertEquals(summary.winRate.n, 6);
  for (const rate of [summary.winRate, summary.heldOutWinRate]) {
    for (const { value, low, high } of [rate.before, rate.after]) {
      assert(0 <= low && low <= value && value <= high && high <= 1);
    }
  }
  // The word list is the embedded model's: of another nobody can say what it misspells.
  assertEquals(Object.keys(summary.text), ["repetition", "distinct3", "words"]);
  for (const count of ["dispatches", "submits", "readbacks", "bytesPeak", "seconds"]) {
    assert(summary[count] > 0, `Expected ${count} above 0`);
  }
  const weights = await Deno.readFile(`${dir}/adapter/adapter_model.safetensors`);
  assertEquals(summary.adapterSha256, await sha256(weights));
}

async function checkAdapter(dir: string): Promise<void> {
  const read = (name: string) => Deno.readFile(`${dir}/adapter/${name}`);
  const { rank, alpha, targetModules } = parsePeftConfig(await read("adapter_config.json"), "it");
  assertEquals([rank, alpha, targetModules?.length], [MEMBERS * 2, MEMBERS * 16, 7]);
  const { tensors } = parseSafetensors(await read("adapter_model.safetensors"), "it");
  assertEquals(tensors.size, 2 * 14); // A and B of seven modules in two layers
}

function checkScreen(lines: readonly string[], dir: string): void {
  const text = lines.join("\n");
  assertMatch(lines[0], /^Device: CPU \(.*\), as --device says$/);
  assertMatch(text, /^Before training · win rate \d\.\d{3} \[/m);
  assertMatch(text, /^Phase 2\/2, step 4 · win rate .* · KL to SFT .* · margin .* tokens\/s$/m);
  assertStringIncludes(text, `Files in ${dir}:`);
  for (const line of lines.slice(lines.findIndex((line) => line.startsWith("Phase 2")) + 1)) {
    assert([...line].length <= 100 || line.includes(dir), line);
  }
}

for (
  const [args, line] of [
    [["--beta", "x"], 'Cannot train: --beta is "x", expected a number from 0.000001 to 1000000'],
    [["--annotator", "storys"], "Did you mean stories?"],
    [["--reference", "behavior"], "Did you mean behaviour?"],
    [["--model", "no-such-model"], "Cannot open the model no-such-model: it is not there"],
    [
      ["--max-new", "64"],
      "Cannot train: --max-new is 64, expected fewer than the model's 64 positions",
    ],
    [["--prompts", "no-such-file"], 'Cannot read --prompts "no-such-file": it is not there'],
    [["--replay", "no-such-run"], "Cannot replay no-such-run: pairs.jsonl is missing"],
  ] as const
) {
  Deno.test(`main() with ${args.join(" ")} is one line, exit code 2, and writes nothing`, async () => {
    using work = await tinyWorkspace();
    const before = filesBelow(work.dir);
    const { code, lines } = await runTrain([
      ...tinyFlags(work.dir),
      "--out",
      `${work.dir}/run`,
      ...args,
    ]);
    assertEquals([code, lines.length], [2, 1], lines.join("\n"));
    assertStringIncludes(lines[0], line);
    assert(!lines[0].includes("\n"));
    assertEquals(filesBelow(work.dir), before);
  });
}

Deno.test("main() --help prints the flags", async () => {
  const { code, lines } = await runTrain(["--help"]);
  assertEquals(code, 0);
  assertStringIncludes(lines.join("\n"), "--refresh-every K");
});

Deno.test("main() refuses a folder that has a run, and one that another run owns", async () => {
  using work = await tinyWorkspace();
  const dir = `${work.dir}/run`;
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${dir}/config.json`, "{}");
  const taken = await runTrain([...tinyFlags(work.dir), "--out", dir]);
  assertEquals(taken.code, 2);
  assertStringIncludes(taken.lines[0], "it has a config.json already, expected a new folder");
  await Deno.remove(`${dir}/config.json`);
  using lock = await Deno.open(`${dir}/.lock`, { write: true, create: true });
  await lock.tryLock(true);
  const owned = await runTrain([...tinyFlags(work.dir), "--out", dir]);
  assertEquals(owned.code, 2);
  assertStringIncludes(owned.lines.at(-1)!, "another run owns it");
});
