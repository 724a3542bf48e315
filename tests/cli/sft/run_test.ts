import { assert, assertEquals, assertRejects } from "@std/assert";
import { keyOf, type PackedSequences } from "../../../core/mod.ts";
import type { SftLearner } from "../../../cli/sft/learner.ts";
import { countSteps, runSft, type SftPlan, type SftResult } from "../../../cli/sft/run.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const rows = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ ids: [1, i, i], promptLength: 1 }));
const data = { train: rows(8), evaluation: rows(2), report: "" };
const plan: SftPlan = { batchTokens: 9, lr: 0.5, schedule: "linear", checkpointEvery: 2 };

type Numbers = Awaited<ReturnType<SftLearner["step"]>>;

/** A learner whose loss is 1 / (1 + steps); it remembers what it was given. */
function fake(lossOf = (step: number) => 1 / (1 + step), others: Partial<Numbers> = {}) {
  const seen: { packed: PackedSequences; learningRate: number }[] = [];
  const learner: SftLearner = {
    trained: 1,
    step(packed, { step, learningRate }) {
      seen.push({ packed, learningRate });
      return Promise.resolve({ loss: lossOf(step), gradNorm: 2, ...others });
    },
    evaluate: () => Promise.resolve(10 - seen.length),
    capture: () => Promise.resolve(new Map()),
    save: () => Promise.resolve("adapter"),
    [Symbol.dispose]: () => {},
  };
  return { learner, seen };
}

const save = () => Promise.resolve();

function log() {
  const lines: Record<string, number>[] = [];
  return {
    ...{ lines, offset: 0, sync: () => Promise.resolve(), close: () => {} },
    mark: () => ({ bytes: 0, sha256: "" }),
    append: (value: unknown) => lines.push(value as Record<string, number>),
    [Symbol.dispose]: () => {},
  };
}

Deno.test("runSft() goes through the epochs, decays the rate, measures and logs", async () => {
  const { learner, seen } = fake();
  const metrics = log(), terminal = recordingTerminal();
  const result = await runSft(learner, data, { ...plan, epochs: 2 }, keyOf(1), {
    metrics,
    terminal,
    save,
  });
  assertEquals(countSteps(data, { ...plan, epochs: 2 }, keyOf(1)), 6); // 3 + 3 + 2 rows an epoch
  assertEquals(result, {
    ...{ steps: 6, epochs: 2, tokens: 48, loss: { first: 1, last: 1 / 6 } },
    evaluation: { before: 10, after: 4 },
  });
  assertEquals(seen.map(({ learningRate }) => learningRate.toFixed(3)), [
    ...["0.500", "0.417", "0.333", "0.250", "0.167", "0.083"],
  ]);
  assertEquals(seen.map(({ packed }) => packed.starts.length), [3, 3, 2, 3, 3, 2]);
  const steps = metrics.lines.filter((line) => "loss" in line);
  assertEquals(steps.map(({ step, epoch }) => [step, epoch]).at(-1), [6, 2]);
  assertEquals(Object.keys(steps[0]), [
    "step",
    "epoch",
    "loss",
    "grad_norm",
    "learning_rate",
    "num_tokens",
  ]);
  const evaluations = metrics.lines.filter((line) => "eval_loss" in line);
  assertEquals(evaluations.map(({ step }) => step), [0, 2, 4, 6]);
  assertEquals(terminal.lines.length, 4);
});

Deno.test("runSft() does as many steps as are asked, and needs nothing held out", async () => {
  const { learner } = fake();
  const surroundings = { metrics: log(), terminal: recordingTerminal(), save };
  const result = await runSft(
    learner,
    { ...data, evaluation: [] },
    { ...plan, steps: 4 },
    keyOf(1),
    surroundings,
  );
  assertEquals([result.steps, result.epochs, result.evaluation], [4, 1 + 1 / 3, undefined]);
});

Deno.test("runSft() stops between two steps, and where the loss is lost", async () => {
  const controller = new AbortController();
  const stopping = fake((step) => {
    if (step === 1) controller.abort(new Error("stop"));
    return 1;
  });
  const surroundings = { metrics: log(), terminal: recordingTerminal(), save };
  await assertRejects(
    () =>
      runSft(stopping.learner, data, plan, keyOf(1), {
        ...surroundings,
        signal: controller.signal,
      }),
    Error,
    "stop",
  );
  assertEquals(stopping.seen.length, 2);
  const lost = fake((step) => step === 1 ? NaN : 1);
  const error = await assertRejects(
    () => runSft(lost.learner, data, plan, keyOf(1), surroundings),
    Mistake,
    "Cannot go on after step 2: the loss is NaN",
  );
  assert(!error.message.includes("\n"));
  for (
    const [numbers, message] of [
      [{ gradNorm: Infinity }, "the loss is 1 and the gradient norm Infinity"],
      [{ nonFinite: [1] }, "a parameter or a moment is not finite"],
    ] as const
  ) {
    await assertRejects(
      () => runSft(fake(() => 1, numbers).learner, data, plan, keyOf(1), surroundings),
      Mistake,
      `Cannot go on after step 1: ${message}`,
    );
  }
});

Deno.test("runSft() goes on where it was saved: what both processes log is what one would", async () => {
  const long = { ...plan, steps: 7 };
  const whole = fake(), metrics = log();
  const surroundings = { metrics, terminal: recordingTerminal(), save };
  const result = await runSft(whole.learner, data, long, keyOf(1), surroundings);

  const controller = new AbortController();
  const first = fake((step) => {
    if (step === 4) controller.abort(new Error("stop"));
    return 1 / (1 + step);
  });
  const saved: { readonly done: SftResult; readonly lines: number }[] = [];
  const logged = log();
  await assertRejects(
    () =>
      runSft(first.learner, data, long, keyOf(1), {
        ...{ metrics: logged, terminal: recordingTerminal(), signal: controller.signal },
        save: (done) => Promise.resolve(void saved.push({ done, lines: logged.lines.length })),
      }),
    Error,
    "stop",
  );
  assertEquals(saved.map(({ done }) => done.steps), [2, 4, 5], "as the plan says, and at the end");

  for (const { done, lines } of saved.slice(0, 2)) {
    const second = fake(), rest = log();
    second.seen.push(...whole.seen.slice(0, done.steps)); // what its loss on held-out rows follows from
    const both = await runSft(second.learner, data, long, keyOf(1), {
      ...{ metrics: rest, terminal: recordingTerminal(), save },
      done: JSON.parse(JSON.stringify(done)),
    });
    assertEquals(both, result);
    assertEquals([...logged.lines.slice(0, lines), ...rest.lines], metrics.lines);
    assertEquals(second.seen, whole.seen);
  }
});
