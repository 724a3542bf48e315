// What a run will take of a device's memory, counted before it begins by the run's own code on a device that runs nothing.
import { CountingDevice, type Device } from "../backend/mod.ts";
import { completionLogps, fitSplit, generate, keyOf, type Model } from "../core/mod.ts";
import { Learner } from "./pairs/learner.ts";
import { learnerLayout } from "./learner_start.ts";
import { type RunOptions, settle, type SettledOptions } from "./run_options.ts";
import type { PairRecord } from "../scheduler/pairs.ts";
import { Mistake } from "../core/base/mistake.ts";

/** How long a pair is, tokens. */
export interface PairLength {
  /** Of the prompt. */
  readonly prompt: number;
  /** Of both answers. */
  readonly answers: readonly [number, number];
}

/** How a run fits. */
export interface MemoryPlan {
  /** Pairs that go through the model at once. */
  readonly microBatch: number;
  /** Whether only each block's input is kept for the backward pass. */
  readonly gradientCheckpointing: boolean;
  /** The most that lives during a step, bytes, with what lies on the device already. */
  readonly stepBytes: number;
  /** The most that lives while answers are made, scored and evaluated, as many together as there is room for, bytes. */
  readonly sampleBytes: number;
}

/** What a plan is made for. */
export interface PlanOptions {
  /** The run; a `microBatch` is a split that is settled. Who evaluates or hears of it does not matter. */
  readonly run: Omit<RunOptions, "evaluator" | "stops" | "sinks">;
  /** Pairs that steps may train on: of answers that are not there yet the longest there can be. */
  readonly pairs: readonly PairLength[];
  /** Longest text that is scored or continued, tokens: its prompt, and what may follow. */
  readonly longest: { readonly prompt: number; readonly answer: number };
  /** Whether answers are generated at all. */
  readonly generates: boolean;
  /** Bytes that may live at a time. */
  readonly budget: number;
}

/** So much of a budget is used: blocks of many sizes leave holes. */
const USED = 0.95;

/**
 * Finds the split of a step that fits, by counting what the step allocates. Nothing runs; the model stays as it is.
 *
 * @example
 * ```ts
 * import { openDevice } from "@leash/bpo/backend";
 * import { ruleAnnotator, tinyModel } from "@leash/bpo/core";
 * import { dpo } from "@leash/bpo/losses";
 * import { cadence } from "@leash/bpo/scheduler";
 * import { online, planMemory } from "@leash/bpo/training";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using _weights = model.weights;
 * const ids = { vocabSize: 16, bosId: 1, eosId: 2, padId: 0 };
 * const tokenizer = { ...ids, encode: () => [3], decode: () => "a" };
 * const annotator = ruleAnnotator("long", (_prompt, answer) => answer.length);
 * const run = {
 *   ...{ model, tokenizer, source: online({ prompts: ["a"], annotator, maxNew: 30 }) },
 *   ...{ loss: dpo({ beta: 0.1 }), learningRate: 1e-3, cadence: cadence({ steps: 4, phases: 2 }) },
 *   ...{ pairsPerStep: 8, members: 2, rank: 2, alpha: 4 },
 * };
 * const pair = { prompt: 10, answers: [30, 30] as const }, longest = { prompt: 10, answer: 30 };
 * const budgets = [2 ** 30, 300e3].map((budget) => ({ run, pairs: [pair], longest, generates: true, budget }));
 * const plans = await Promise.all(budgets.map((options) => planMemory(device, options)));
 * const [whole, split] = plans.map(({ microBatch }) => microBatch);
 * assert(whole === 8 && split < 8, `${split} pairs at once`);
 * ```
 *
 * @throws {OutOfMemory} If one pair with gradient checkpointing, the settled split, or one text does not fit.
 */
export async function planMemory(device: Device, options: PlanOptions): Promise<MemoryPlan> {
  const { budget, longest } = options;
  const run = settle(options.run);
  const { pairsPerStep, members } = run;
  const longestFirst = options.pairs.toSorted((a, b) => rowsOf(b) - rowsOf(a));
  const live = device.stats().bytes, { kind, maxBindingBytes } = device.info;
  const fits = (bytes: number) => Number.isFinite(bytes) && bytes <= USED * budget;
  const measure = async (size: number, gradientCheckpointing: boolean) => {
    const worst = Array.from({ length: size }, (_, i) => longestFirst[i] ?? longestFirst[0]);
    const parts = Math.min(3, Math.ceil(pairsPerStep / size)); // the third is as the second: a sum is there
    using dry = new DryRun(device, { ...run, microBatch: size, gradientCheckpointing });
    await dry.step(Array.from({ length: parts }, () => worst).flat().slice(0, pairsPerStep));
    return dry.fitsBindings ? live + dry.bytesPeak : Infinity;
  };
  const split = await fitSplit({
    whole: pairsPerStep,
    given: run.microBatch,
    gradientCheckpointing: run.gradientCheckpointing,
    measure,
    fits,
  });
  const { size: microBatch, gradientCheckpointing, bytes: stepBytes } = split;
  if (!fits(stepBytes)) {
    const pairs = Math.min(microBatch, pairsPerStep);
    throw new OutOfMemory(
      `a step of ${pairs} pair${pairs === 1 ? "" : "s"} × ${members} member${
        members === 1 ? "" : "s"
      } with gradient checkpointing`,
      stepBytes,
      stepBytes === Infinity && kind === "webgpu" ? maxBindingBytes : budget,
      options.generates,
    );
  }
  using dry = new DryRun(device, { ...run, microBatch, gradientCheckpointing });
  dry.device.byteBudget = USED * budget - live;
  await dry.sample(longest, options.generates);
  const sampleBytes = live + dry.bytesPeak;
  if (!dry.fitsBindings || !fits(sampleBytes)) {
    const what = `a text of ${longest.prompt} and ${longest.answer} tokens`;
    throw new OutOfMemory(what, sampleBytes, budget, options.generates);
  }
  return { microBatch, gradientCheckpointing, stepBytes, sampleBytes };
}

/** What cannot fit, however it is split. */
export class OutOfMemory extends Mistake {
  /** What it is. */
  override readonly name = "OutOfMemory";

  /**
   * Says what does not fit.
   *
   * @param what The least that has to.
   * @param bytes That it takes; Infinity where one of its tensors is larger than the device can bind.
   * @param most That there may be.
   * @param generates Whether its answers are made by the run.
   */
  constructor(
    readonly what: string,
    readonly bytes: number,
    readonly most: number,
    readonly generates: boolean,
  ) {
    const bound = `${what} has a tensor larger than the ${most} bytes that the device can bind`;
    super("device", {
      verb: "train",
      found: bytes === Infinity ? bound : `${what} takes ${bytes} bytes`,
      expected: bytes === Infinity ? "smaller ones" : `at most ${most}`,
    });
  }
}

const rowsOf = ({ prompt, answers: [a, b] }: PairLength) => 2 * prompt + a + b;

/** A run on a device that runs nothing. */
class DryRun implements Disposable {
  readonly device: CountingDevice;
  readonly #learner: Learner;
  readonly #model: Model;

  constructor(device: Device, options: SettledOptions) {
    this.device = new CountingDevice(device.info);
    const { model, members } = options;
    this.#model = { ...model, weights: this.device.look(model.weights.borrow()) };
    const layout = learnerLayout(options);
    const params = new Float32Array(members * layout.size); // fresh ones would be drawn at some length
    this.#learner = Learner.start(this.device, {
      ...options,
      model: this.#model,
      startFrom: { layout, params },
    });
  }

  get bytesPeak(): number {
    return this.device.stats().bytesPeak;
  }

  /** Whether kernels could bind every tensor; the CPU device binds all that it holds. */
  get fitsBindings(): boolean {
    const { kind, maxBindingBytes } = this.device.info;
    return kind === "cpu" || this.device.largest <= maxBindingBytes;
  }

  async step(lengths: readonly PairLength[]): Promise<void> {
    this.#learner.refresh(0);
    await this.#learner.train(0, lengths.map(recordOf));
  }

  /** Continues and scores the longest text, as many at once as the room allows, beside the snapshots of a run. */
  async sample(longest: { prompt: number; answer: number }, generates: boolean): Promise<void> {
    this.#learner.refresh(0);
    using policy = this.#learner.snapshotNow("evaluation");
    const adapter = policy.adapter();
    const text = new Uint32Array(longest.prompt + longest.answer);
    const all = Array.from({ length: 128 }, () => ({ ids: text, promptLength: longest.prompt }));
    await completionLogps(this.device, this.#model, all, { adapter });
    if (!generates) return;
    const enough = new AbortController();
    let submits = 0;
    this.device.onSubmit = (commands) => {
      if (++submits === 2) enough.abort(); // the prompts, and the first tokens after them
      return commands;
    };
    const prompts = all.map(({ ids }) => ids.subarray(0, longest.prompt));
    const options = { maxNew: longest.answer, key: keyOf(0), adapter, signal: enough.signal };
    await generate(this.device, this.#model, prompts, options).catch((error) => {
      if (!enough.signal.aborted) throw error;
    });
  }

  [Symbol.dispose](): void {
    this.#learner[Symbol.dispose]();
    this.device[Symbol.dispose]();
  }
}

function recordOf({ prompt, answers }: PairLength): PairRecord {
  const answer = (length: number) => ({
    text: "",
    ids: Array<number>(length).fill(0),
    finish: "length" as const,
    logps: [],
    referenceLogp: 0,
  });
  return {
    phase: 0,
    step: 0,
    prompt: "",
    promptIds: Array<number>(prompt).fill(0),
    a: answer(answers[0]),
    b: answer(answers[1]),
    verdict: { outcome: "a" },
    snapshotId: "snapshot-0",
    referenceId: "snapshot-0",
  };
}
