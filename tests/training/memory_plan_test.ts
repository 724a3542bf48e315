import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Device, openDevice } from "../../backend/mod.ts";
import { completionLogps, generate, keyOf } from "../../core/mod.ts";
import type { PairRecord } from "../../scheduler/mod.ts";
import {
  OutOfMemory,
  type PairLength,
  planMemory,
  Run,
  type RunOptions,
} from "../../training/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { Steps } from "../support/run_steps.ts";
import { type TinyChanges, tinyTask } from "../support/tiny_task.ts";

function recordOf({ prompt, answers }: PairLength): PairRecord {
  const ids = (length: number) => Array.from({ length }, (_, i) => 3 + i % 90);
  const answer = (length: number) => ({
    ...{ text: "", ids: ids(length), finish: "length" as const, logps: [], referenceLogp: -9 },
  });
  return {
    ...{ phase: 0, step: 0, prompt: "", promptIds: ids(prompt), verdict: { outcome: "a" } },
    ...{ a: answer(answers[0]), b: answer(answers[1]) },
    ...{ snapshotId: "snapshot-0", referenceId: "snapshot-0" },
  };
}

const pair = (prompt: number, a: number, b: number): PairLength => ({ prompt, answers: [a, b] });
const EVEN = [0, 1, 2, 3, 4, 5].map(() => pair(9, 20, 20));
const UNEVEN = [pair(1, 1, 2), pair(30, 33, 3), pair(2, 9, 4), pair(9, 7, 8), pair(20, 20, 1)];
const SHAPES: [string, readonly PairLength[], TinyChanges][] = [
  ["all at once", EVEN, { pairsPerStep: 6, members: 2 }],
  ["checkpointed", EVEN, { pairsPerStep: 6, members: 1, gradientCheckpointing: true }],
  ["in parts", EVEN, { pairsPerStep: 6, members: 3, microBatch: 2, rank: 8 }],
  ["one by one", UNEVEN, { pairsPerStep: 5, members: 2, microBatch: 1, rank: 1 }],
  ["a target", UNEVEN, { pairsPerStep: 5, members: 2, targetModules: ["q_proj"], rank: 4 }],
  ["ema", EVEN.slice(0, 1), {
    ...{ pairsPerStep: 1, members: 4, rank: 16, reference: { kind: "ema", rate: 0.5 } },
  }],
];

/** The first step of a run on these pairs. */
async function firstStep(device: Device, options: RunOptions, records: readonly PairRecord[]) {
  const phase = () => Promise.resolve({ records, generated: 0 });
  using run = Run.start(device, { ...options, source: { phase } });
  await new Steps(run).step();
}

for (const [name, pairs, changes] of SHAPES) {
  Deno.test(`planMemory() foresees what a step takes, to 15% and never less: ${name}`, async () => {
    using device = await openDevice({ kind: "cpu", threads: 1 });
    using run = await tinyTask(device, changes);
    const longest = { prompt: 30, answer: 30 };
    const plan = await planMemory(device, {
      ...{ run, pairs, longest, generates: true, budget: 2 ** 32 },
    });
    const records = pairs.map(recordOf);
    await firstStep(
      device,
      run,
      run.reference.kind === "ema"
        ? records.map((record) => ({ ...record, referenceId: "ema-0" }))
        : records,
    );
    const { bytesPeak } = device.stats();
    const off = plan.stepBytes / bytesPeak;
    assert(off >= 1 && off <= 1.15, `${plan.stepBytes} foreseen, ${bytesPeak} taken`);
  });
}

Deno.test("planMemory() foresees what generation and scoring take", async () => {
  using device = await openDevice({ kind: "cpu", threads: 1 });
  using run = await tinyTask(device, { members: 1 });
  const longest = { prompt: 24, answer: 40 }, budget = 10e6;
  const plan = await planMemory(device, {
    ...{ run, pairs: [pair(2, 3, 3)], longest, generates: true, budget },
  });
  using alignment = Run.start(device, run);
  using policy = alignment.snapshotNow("evaluation");
  const texts = Array.from({ length: 260 }, () => Array<number>(64).fill(7));
  device.byteBudget = 0.95 * budget;
  const adapter = policy.adapter();
  const sequences = texts.map((ids) => ({ ids, promptLength: 24 }));
  await completionLogps(device, run.model, sequences, { adapter });
  const prompts = texts.slice(0, 128).map((ids) => ids.slice(0, 24));
  await generate(device, run.model, prompts, { maxNew: 40, key: keyOf(1), adapter });
  const { bytesPeak } = device.stats();
  const off = plan.sampleBytes / bytesPeak;
  assert(off >= 1 && off <= 1.15, `${plan.sampleBytes} foreseen, ${bytesPeak} taken`);
  assert(bytesPeak <= budget, `${bytesPeak} bytes`);
});

deviceTest(
  "planMemory() splits a step that does not fit, and leaves the device as it was",
  async (device) => {
    using run = await tinyTask(device, { pairsPerStep: 6 });
    const before = device.stats();
    const options = { run, pairs: EVEN, longest: { prompt: 9, answer: 20 }, generates: true };
    const plan = (budget: number, changes: TinyChanges = {}) =>
      planMemory(device, { ...options, budget, run: { ...run, ...changes } });
    const whole = await plan(2 ** 32);
    assertEquals([whole.microBatch, whole.gradientCheckpointing], [6, false]);
    const lean = await plan(0.8 * whole.stepBytes);
    assertEquals([lean.microBatch, lean.gradientCheckpointing], [6, true]);
    const split = await plan(lean.stepBytes);
    assertEquals([split.microBatch, split.gradientCheckpointing], [3, true]);
    assert(split.stepBytes < 0.95 * lean.stepBytes);
    // What is settled stays.
    const given = await plan(0.8 * whole.stepBytes, { microBatch: 1 });
    assertEquals([given.microBatch, given.gradientCheckpointing], [1, false]);
    const error = await assertRejects(
      () => plan(split.stepBytes, { microBatch: 6 }),
      OutOfMemory,
      "Cannot train: a step of 6 pairs × 2 members with gradient checkpointing takes ",
    );
    assertEquals([error.bytes, error.most], [lean.stepBytes, split.stepBytes]);
    await assertRejects(() => plan(1e5), OutOfMemory, "a step of 1 pair × 2 members");
    assertEquals(device.stats(), before);
  },
);

Deno.test("planMemory() splits a step whose tensors a WebGPU device could not bind", async () => {
  using device = await openDevice({ kind: "cpu", threads: 1 });
  using run = await tinyTask(device, { pairsPerStep: 6, rank: 1 });
  const info = { ...device.info, kind: "webgpu" as const, maxBindingBytes: 60e3 };
  const like = new Proxy(device, {
    get: (target, name) => name === "info" ? info : Reflect.get(target, name, target).bind(target),
  });
  const options = { run, pairs: EVEN, longest: { prompt: 9, answer: 20 }, generates: true };
  const plan = await planMemory(like, { ...options, budget: Infinity });
  assertEquals(plan.microBatch, 2);
  info.maxBindingBytes = 20e3;
  const error = await assertRejects(() => planMemory(like, { ...options, budget: Infinity }));
  assertEquals(
    (error as Error).message,
    "Cannot train: a step of 1 pair × 2 members with gradient checkpointing has a tensor larger than the 20000 bytes that the device can bind, expected smaller ones",
  );
});
