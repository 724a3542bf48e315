import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { planOf, type PlanOptions } from "../../../cli/compare/plan.ts";
import { makeRuns, ownComparison, secondsLeft, type Train } from "../../../cli/compare/runs.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { Interrupted } from "../../../cli/terminal/interrupt.ts";
import { fakeTrain, temporaryFolder } from "../../support/fake_train.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const SMALL: PlanOptions = { seeds: 2, members: [1], shared: { steps: "4" } };
const plan = planOf(SMALL);

async function run(dir: string, train: Train, signal = new AbortController().signal) {
  const terminal = recordingTerminal();
  const runs = await makeRuns(dir, plan, { terminal, signal, train });
  return { runs, lines: terminal.lines };
}

Deno.test("makeRuns() trains every run in its folder, in order, with one line each", async () => {
  using temporary = await temporaryFolder();
  const { train, asked } = fakeTrain();
  const { runs, lines } = await run(temporary.dir, train);
  assertEquals(asked, plan.map(({ name }) => `start ${name}`));
  assertEquals(
    runs.map(({ method, seed }) => [method.id, seed]),
    plan.map((p) => [p.method.id, p.seed]),
  );
  assertEquals(runs.map(({ evidence }) => evidence.wins.length), Array(8).fill(3));
  assertEquals(lines.length, 8);
  assertEquals(
    lines[0].replace(/\d\.\d{3}/g, "R"),
    "[1/8] offline-dpo-k1-seed1   · win rate R · held-out R · KL 1.0 · 10 s · 1:10 left",
  );
  assertStringIncludes(lines[7], "[8/8] bpo-ft-k1-seed2");
  assert(!lines[7].includes("left"));
});

Deno.test("makeRuns() skips what is done and resumes what was interrupted", async () => {
  using temporary = await temporaryFolder();
  const { dir } = temporary;
  const broken = fakeTrain({
    before: (name) => {
      if (name === "bpo-f2-k1-seed1") throw new Error("no power");
    },
  });
  const error = await assertRejects(() => run(dir, broken.train), Interrupted);
  assertEquals(error.message, "no power in bpo-f2-k1-seed1; 2 of 8 runs are done");
  assertEquals(error.dir, dir);
  const { train, asked } = fakeTrain();
  const { lines, runs } = await run(dir, train);
  assertEquals(asked, [
    "resume bpo-f2-k1-seed1",
    ...plan.slice(3).map(({ name }) => `start ${name}`),
  ]);
  assertEquals(runs.length, 8);
  assertEquals(lines.map((line) => line.includes("done before")), plan.map((_, i) => i < 2));
  const again = fakeTrain();
  assertEquals((await run(dir, again.train)).runs, runs);
  assertEquals(again.asked, []);
  const answers = `${dir}/${plan[0].name}/answers.jsonl`;
  await Deno.writeTextFile(answers, "{}\n", { append: true });
  await assertRejects(() => run(dir, again.train), UsageError, `${answers} is changed`);
});

Deno.test("makeRuns() hands the abort on, and stops before a run that it has not begun", async () => {
  using temporary = await temporaryFolder();
  const controller = new AbortController();
  const { train, asked } = fakeTrain({
    before: (name) => {
      if (name === "on-policy-dpo-k1-seed1") controller.abort();
    },
  });
  const error = await assertRejects(
    () => run(temporary.dir, train, controller.signal),
    Interrupted,
  );
  assertEquals(error.message, "Interrupted in bpo-f2-k1-seed1; 2 of 8 runs are done");
  assertEquals(asked.length, 2);
});

Deno.test("makeRuns() lets a user's mistake through", async () => {
  using temporary = await temporaryFolder();
  const { train } = fakeTrain({
    before: () => {
      throw new UsageError({ verb: "read", thing: "it", found: "gone" });
    },
  });
  await assertRejects(() => run(temporary.dir, train), UsageError, "Cannot read it: gone");
});

for (
  const [field, identity, message] of [
    ["model", { model: "m2" }, "the model's fingerprint is m2, expected m1 as in"],
    ["prompts", { prompts: "p2" }, "the prompts' fingerprint is p2, expected p1 as in"],
    [
      "kernel path",
      { kernelPath: "webgpu, x" },
      "the kernel path is webgpu, x, expected cpu, relaxed FMA as in",
    ],
  ] as const
) {
  Deno.test(`makeRuns() refuses runs that differ in their ${field}`, async () => {
    using temporary = await temporaryFolder();
    const { dir } = temporary;
    let count = 0;
    const first = fakeTrain(), other = fakeTrain({ identity });
    const error = await assertRejects(
      () => run(dir, (...args) => count++ === 0 ? first.train(...args) : other.train(...args)),
      UsageError,
    );
    assertStringIncludes(error.message, `Cannot compare ${dir}/on-policy-dpo-k1-seed1: ${message}`);
    // What is there is looked at before anything is trained.
    const { train, asked } = fakeTrain();
    await assertRejects(() => run(dir, train), UsageError);
    assertEquals(asked, []);
  });
}

Deno.test("makeRuns() refuses a run that is not the planned one", async () => {
  using temporary = await temporaryFolder();
  const { dir } = temporary;
  await makeRuns(dir, planOf({ ...SMALL, shared: { steps: "4", pairs: "3" } }).slice(0, 1), {
    terminal: recordingTerminal(),
    signal: new AbortController().signal,
    train: fakeTrain().train,
  });
  await assertRejects(
    () => run(dir, fakeTrain().train),
    UsageError,
    "--pairs is 3, expected 8 as planned",
  );
});

Deno.test("ownComparison() keeps the plan and lets the same one in again", async () => {
  using temporary = await temporaryFolder();
  const dir = `${temporary.dir}/new`;
  (await ownComparison(dir, plan)).release();
  const before = await Deno.readTextFile(`${dir}/plan.json`);
  assertEquals(JSON.parse(before).configs[plan[3].name], plan[3].settings);
  using _lock = await ownComparison(
    dir,
    planOf({ ...SMALL, shared: { steps: "4", threads: "1" } }),
  );
  assertEquals(await Deno.readTextFile(`${dir}/plan.json`), before);
});

for (
  const [changed, message] of [
    [{ seeds: 3 }, "--seeds is 3, expected 2 as when the comparison began"],
    [{ members: [1, 5] }, "--members is 1,5, expected 1 as"],
    [{ shared: { steps: "5" } }, "--steps is 5, expected 4 as"],
    [{ shared: { steps: "4", pairs: "9" } }, "--pairs is 9, expected 8 as"],
    [{ shared: { steps: "4", device: "cpu" } }, "--device is cpu, expected auto as"],
    [{ shared: { steps: "4", model: "m" } }, "--model is m, expected not given as"],
  ] as const
) {
  Deno.test(`ownComparison() refuses a changed plan: ${message}`, async () => {
    using temporary = await temporaryFolder();
    (await ownComparison(temporary.dir, plan)).release();
    const error = await assertRejects(
      () => ownComparison(temporary.dir, planOf({ ...SMALL, ...changed })),
      UsageError,
    );
    assertStringIncludes(error.message, `Cannot compare in ${temporary.dir}: ${message}`);
  });
}

Deno.test("ownComparison() refuses a folder that is a run's, another process's, or has no plan in it", async () => {
  using temporary = await temporaryFolder();
  const { dir } = temporary;
  {
    using _lock = await ownComparison(dir, plan);
    await assertRejects(() => ownComparison(dir, plan), Mistake, "another run owns it");
  }
  await Deno.writeTextFile(`${dir}/plan.json`, "{}");
  await assertRejects(() => ownComparison(dir, plan), UsageError, "plan.json has format undefined");
  await Deno.writeTextFile(`${dir}/config.json`, "{}");
  await assertRejects(() => ownComparison(dir, plan), UsageError, "it has a config.json");
});

Deno.test("secondsLeft() takes runs of the same cell, else of as many members, else all", () => {
  const cell = (method: string, members: number) => ({ method, members });
  const done = [
    { ...cell("a", 1), seconds: 10 },
    { ...cell("b", 1), seconds: 20 },
    { ...cell("a", 5), seconds: 60 },
  ];
  assertEquals(secondsLeft([], [cell("a", 1)]), undefined);
  assertEquals(secondsLeft(done, [cell("a", 1)]), 10);
  assertEquals(secondsLeft(done, [cell("c", 1)]), 15);
  assertEquals(secondsLeft(done, [cell("b", 5), cell("c", 9)]), 60 + 30);
  assertEquals(secondsLeft(done, []), 0);
});
