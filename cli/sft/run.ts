// The loop of `leash sft`: batches epoch by epoch, a measurement now and then, everything in the run's folder.
import {
  divergence,
  type Key,
  type PackedSequences,
  scheduleByName,
  type ScheduleName,
} from "../../core/mod.ts";
import type { JsonlAppender } from "../../files/mod.ts";
import { clock, statusLine } from "../terminal/progress.ts";
import { epochBatches, type SftData } from "./data.ts";
import type { SftLearner } from "./learner.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** How long and how fast. */
export interface SftPlan {
  /** Updates; absent where `epochs` says it. */
  readonly steps?: number;
  /** Times through the data; absent where `steps` says it. */
  readonly epochs?: number;
  /** Tokens of a batch. */
  readonly batchTokens: number;
  /** Base learning rate. */
  readonly lr: number;
  /** Its decay. */
  readonly schedule: ScheduleName;
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
}

/** Where a run prints and writes. */
export interface SftSurroundings {
  /** metrics.jsonl. */
  readonly metrics: JsonlAppender;
  /** Where it prints. */
  readonly terminal: Terminal;
  /** Ends it between two steps. */
  readonly signal?: AbortSignal;
  /** What was done when it was saved; absent at a start. */
  readonly done?: SftResult;
  /** Keeps what was done so far, with the learner as it is. */
  save(done: SftResult): Promise<void>;
}

/** What a run came to, at its end or so far. */
export interface SftResult {
  /** Updates. */
  readonly steps: number;
  /** Times through the data. */
  readonly epochs: number;
  /** Tokens that were read, prompts among them. */
  readonly tokens: number;
  /** Loss of the first and of the last step, nats a token. */
  readonly loss: { readonly first: number; readonly last: number };
  /** Loss on the held-out rows before and after; absent where none are held out. */
  readonly evaluation?: { readonly before: number; readonly after: number };
}

const MEASUREMENTS = 5; // within a run, besides the start

/** Updates of a plan. */
export function countSteps(data: SftData, plan: SftPlan, key: Key): number {
  if (plan.steps !== undefined) return plan.steps;
  const epochs = Array.from({ length: plan.epochs ?? 1 }, (_, epoch) => epoch);
  return epochs.reduce(
    (sum, epoch) => sum + epochBatches(data.train, plan.batchTokens, key, epoch).length,
    0,
  );
}

function* batchesOf(
  data: SftData,
  { batchTokens }: SftPlan,
  key: Key,
): Generator<{ readonly packed: PackedSequences; readonly epoch: number }> {
  for (let epoch = 0;; epoch++) {
    const batches = epochBatches(data.train, batchTokens, key, epoch);
    for (const [i, packed] of batches.entries()) {
      yield { packed, epoch: epoch + (i + 1) / batches.length };
    }
  }
}

/**
 * Trains, from the start or from where an earlier process saved. A signal between two steps leaves that moment saved.
 *
 * @throws What the device throws, the signal's reason, or a RangeError if the loss is not finite any more.
 */
export async function runSft(
  learner: SftLearner,
  data: SftData,
  plan: SftPlan,
  key: Key,
  { metrics, terminal, signal, done, save }: SftSurroundings,
): Promise<SftResult> {
  const steps = countSteps(data, plan, key);
  const rateAt = scheduleByName(plan.schedule, { base: plan.lr, steps });
  const every = Math.ceil(steps / MEASUREMENTS);
  const began = performance.now();
  const measure = async (step: number): Promise<number | undefined> => {
    if (data.evaluation.length === 0) return undefined;
    const loss = await learner.evaluate(data.evaluation);
    metrics.append({ step, eval_loss: loss, eval_rows: data.evaluation.length });
    terminal.line(`Step ${step}/${steps} · held-out loss ${loss.toFixed(4)} nats a token`);
    return loss;
  };
  const from = done?.steps ?? 0;
  const before = done === undefined ? await measure(0) : done.evaluation?.before;
  let after = done?.evaluation?.after ?? before;
  let { tokens, epochs, loss: { first, last } } = done ??
    { tokens: 0, epochs: 0, loss: { first: NaN, last: NaN } };
  const soFar = (steps: number): SftResult => ({
    steps,
    epochs,
    tokens,
    loss: { first, last },
    ...(before === undefined || after === undefined ? {} : { evaluation: { before, after } }),
  });
  const batches = batchesOf(data, plan, key).drop(from);
  try {
    for (let step = from; step < steps; step++) {
      await new Promise((resolve) => setTimeout(resolve, 0)); // lets Ctrl-C be heard
      if (signal?.aborted && step > 0) await save(soFar(step));
      signal?.throwIfAborted();
      const next = batches.next().value!;
      const rate = rateAt(step);
      const numbers = await learner.step(next.packed, { step, learningRate: rate });
      const { loss, gradNorm } = numbers;
      const error = divergence({ step: step + 1, ...numbers }, "Lower --lr");
      if (error !== undefined) throw error;
      epochs = next.epoch;
      tokens += next.packed.ids.length;
      if (step === 0) first = loss;
      last = loss;
      metrics.append({
        step: step + 1,
        epoch: epochs,
        loss,
        grad_norm: gradNorm,
        learning_rate: rate,
        num_tokens: tokens,
      });
      const left = (performance.now() - began) / 1000 / (step + 1 - from) * (steps - step - 1);
      terminal.status(
        statusLine(
          (step + 1) / steps,
          [`step ${step + 1}/${steps}`, `loss ${loss.toFixed(3)}`, `${clock(left)} left`],
          terminal.columns,
        ),
      );
      if ((step + 1) % every === 0 || step + 1 === steps) after = await measure(step + 1);
      if ((step + 1) % plan.checkpointEvery === 0) await save(soFar(step + 1));
    }
  } finally {
    terminal.status("");
  }
  return soFar(steps);
}
