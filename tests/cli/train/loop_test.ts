import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { readJsonl } from "../../../files/mod.ts";
import type { PairRecord } from "../../../scheduler/mod.ts";
import { buildAnnotators } from "../../../cli/judge/annotators.ts";
import { runTrain, tinyFlags, tinyWorkspace } from "../../support/tiny_run.ts";

Deno.test("TrainingRun trains past steps whose pairs are all ties, and counts them", async () => {
  using work = await tinyWorkspace();
  const annotators = await buildAnnotators("stories", 1);
  const training = {
    name: "undecided",
    annotate: (pairs: readonly unknown[]) =>
      Promise.resolve(pairs.map((_, i) => ({ outcome: i < 3 ? "tie" as const : "a" as const }))),
  };
  const dir = `${work.dir}/run`;
  const { code, lines } = await runTrain([...tinyFlags(work.dir), "--out", dir], {
    annotators: { ...annotators, training },
  });
  assertEquals(code, 0, lines.join("\n"));
  const rows = await readJsonl(`${dir}/metrics.jsonl`) as Record<string, number>[];
  const steps = rows.filter((row) => "pairs" in row);
  assertEquals(steps.map(({ pairs }) => pairs), [0, 3, 0, 3]);
  assertEquals(steps.map((row) => "loss" in row), [false, true, false, true]);
  const summary = JSON.parse(await Deno.readTextFile(`${dir}/summary.json`));
  assertEquals([summary.pairs, summary.ties, summary.failed], [12, 6, 0]);
});

Deno.test("TrainingRun's lines say what happened: epochs, ended answers, margins, greedy answers", async () => {
  using work = await tinyWorkspace();
  const dir = `${work.dir}/run`;
  const { code, lines } = await runTrain([...tinyFlags(work.dir), "--lr", "0.1", "--out", dir]);
  assertEquals(code, 0, lines.join("\n"));
  const rows = await readJsonl(`${dir}/metrics.jsonl`) as Record<string, number>[];
  const pairs = await readJsonl(`${dir}/pairs.jsonl`) as PairRecord[];
  // 24 prompts less 6 that are held out; 3 a step.
  assertEquals(rows.flatMap(({ epoch }) => epoch ?? []), [3 / 18, 6 / 18, 9 / 18, 12 / 18]);
  const ended = rows.flatMap((row) => row["val/contain_eos_token"] ?? []);
  const answers = [0, 1].map((phase) =>
    pairs.filter((pair) => pair.phase === phase).flatMap(({ a, b }) => [a, b])
  );
  assertEquals(
    ended,
    answers.map((all) => all.filter(({ finish }) => finish === "stop").length / all.length),
  );
  const phaseLines = lines.filter((line) => line.startsWith("Phase "));
  for (const phase of [1, 2]) {
    const steps = rows.filter((row) => row.phase === phase && "loss" in row);
    const margin = steps.reduce((sum, row) => sum + row["rewards/margins"], 0) / steps.length;
    assertStringIncludes(phaseLines[phase - 1], `margin ${margin.toFixed(3)}`);
  }
  assert(
    rows.some((row) => Math.abs(row["rewards/margins"] ?? 0) > 0.001),
    "Expected a margin that a sum would double",
  );
  const [first] = await readJsonl(`${dir}/answers.jsonl`) as {
    sampled: string[];
    greedy: string[];
  }[];
  assertNotEquals(first.sampled, first.greedy);
  const again = await runTrain([
    ...tinyFlags(work.dir),
    "--temperature",
    "0.3",
    "--out",
    `${dir}2`,
  ]);
  assertEquals(again.code, 0, again.lines.join("\n"));
  const [other] = await readJsonl(`${dir}2/answers.jsonl`) as typeof first[];
  assertNotEquals(other.sampled, first.sampled);
  assertEquals(other.greedy, first.greedy); // whatever samples are drawn with
});

Deno.test("TrainingRun stops where every verdict of a phase failed", async () => {
  using work = await tinyWorkspace();
  const annotators = await buildAnnotators("stories", 1);
  const training = {
    name: "broken",
    annotate: (pairs: readonly unknown[]) =>
      Promise.resolve(pairs.map(() => ({ outcome: "failed" as const, reason: "no key" }))),
  };
  const dir = `${work.dir}/run`;
  const { code, lines } = await runTrain([...tinyFlags(work.dir), "--out", dir], {
    annotators: { ...annotators, training },
  });
  assertEquals(code, 1);
  assertStringIncludes(
    lines.at(-1)!,
    "Cannot train phase 1: all 6 verdicts failed (no key (6 times)), expected some. Go on with:",
  );
  const failures = await readJsonl(`${dir}/failures.jsonl`);
  const reasons = [{ reason: "no key", count: 6 }];
  assertEquals(failures, [
    { ...{ phase: 1, step: 0, annotator: "broken", failed: 6, of: 6 }, reasons },
  ]);
});

Deno.test("TrainingRun says why some verdicts failed, and goes on; where all of an evaluation did it stops", async () => {
  using work = await tinyWorkspace();
  const { training, heldOut, evaluation } = await buildAnnotators("stories", 1);
  let calls = 0;
  const some = {
    name: "some",
    annotate: async (pairs: Parameters<typeof training.annotate>[0]) => {
      const verdicts = await training.annotate(pairs);
      if (++calls > 1) return verdicts;
      return verdicts.map((verdict, i) =>
        i === 1 ? { outcome: "failed" as const, reason: "slow" } : verdict
      );
    },
  };
  const flags = tinyFlags(work.dir);
  const { code, lines } = await runTrain([...flags, "--out", `${work.dir}/a`], {
    annotators: { training: some, evaluation, heldOut },
  });
  assertEquals(code, 0, lines.join("\n"));
  const line = "1 of 6 verdicts of some failed: slow (once) (all in failures.jsonl)";
  assertEquals(lines.filter((each) => each.includes("failed: ")), [line]);
  const [first, ...more] = await readJsonl(`${work.dir}/a/failures.jsonl`) as { step: number }[];
  assertEquals([first.step, more], [0, []]);

  const mute = {
    name: "mute",
    annotate: (pairs: readonly unknown[]) =>
      Promise.resolve(pairs.map(() => ({ outcome: "failed" as const, reason: "no key" }))),
  };
  const ended = await runTrain([...flags, "--out", `${work.dir}/b`], {
    annotators: { training, evaluation: mute, heldOut },
  });
  assertEquals(ended.code, 1);
  assertStringIncludes(
    ended.lines.at(-1)!,
    "Cannot evaluate the policy: all 6 verdicts failed (no key (6 times)), expected some. Go on",
  );
});

Deno.test("TrainingRun on-policy evaluates no more often than --eval-every says", async () => {
  using work = await tinyWorkspace();
  const dir = `${work.dir}/run`;
  const flags = [
    ...tinyFlags(work.dir),
    ...["--phases", "4", "--eval-every", "3", "--phase-prompts", "2"],
  ];
  const { code, lines } = await runTrain([...flags, "--out", dir]);
  assertEquals(code, 0, lines.join("\n"));
  const phases = lines.filter((line) => line.startsWith("Phase "));
  assertEquals(phases.map((line) => line.includes("win rate")), [false, false, true, true]);
  const rows = await readJsonl(`${dir}/metrics.jsonl`) as Record<string, number>[];
  const sizes = rows.flatMap(({ step, eval_prompts: n }) => n === undefined ? [] : [[step, n]]);
  assertEquals(sizes, [[0, 6], [3, 2], [4, 6]], "Expected fewer prompts within the run");
});
