// A reward model on pairs: L = (1/B) Σ −log σ(r_w − r_l − m) + c·(r_w + r_l)², r = w·h at a sequence's last token.
// Axes: K members, B pairs of the batch, b of the part, D features; sequences [2B], chosen first.
import {
  type KernelLoss,
  matmul,
  type PairNumbers,
  preferenceLoss,
  type Tensor,
} from "../../../backend/mod.ts";
import { numberOption } from "../../../losses/check.ts";
import { f32Literal, sigmoid, sigmoidsWgsl, softplus } from "../../../losses/mod.ts";
import { type Part, partsOf, pickSequences } from "../../batch/micro_batches.ts";
import { type PackedSequences, sequenceOf } from "../../batch/packed_sequences.ts";
import type { Pass } from "../../model/bound_model.ts";
import type { Tape } from "../../ops/tape.ts";
import { packWhole, readRewards, requireHead } from "../../policy/rewards.ts";
import type { HeadPass } from "../head.ts";
import { type MetricRow, overMembers, skippedMembers } from "../metrics.ts";
import type { HostMetrics, Objective } from "../objective.ts";

/** A prompt with two answers, of which the first is the better one. */
export interface RewardPair {
  /** Prompt ids, BOS included. */
  readonly prompt: ArrayLike<number>;
  /** Completion ids of the answer that won, its end of text included: the reward is read at the last one. */
  readonly chosen: ArrayLike<number>;
  /** Completion ids of the answer that lost. */
  readonly rejected: ArrayLike<number>;
  /** By how much the rewards should differ at least, in the reward's unit. Default 0. */
  readonly margin?: number;
}

/** Pairs as `bradleyTerry` takes them. */
export interface RewardBatch {
  /** 2B sequences, prompt and answer together, chosen first; the head reads the last row of each. */
  readonly packed: PackedSequences;
  /** [B] margins. */
  readonly margins: Float32Array<ArrayBuffer>;
}

/**
 * Pack pairs for a step.
 *
 * @example
 * ```ts
 * import { rewardBatch } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const { packed, margins } = rewardBatch([{ prompt: [1, 5], chosen: [6, 2], rejected: [7], margin: 0.5 }]);
 * assertEquals([[...packed.ids], [...packed.headRows]], [[1, 5, 6, 2, 1, 5, 7], [3, 6]]);
 * assertEquals([...margins], [0.5]);
 * ```
 *
 * @throws {RangeError} If there is no pair, a sequence is empty, or a margin is not finite in f32.
 */
export function rewardBatch(pairs: readonly RewardPair[]): RewardBatch {
  if (pairs.length === 0) {
    throw new RangeError("Cannot build a batch: it has 0 pairs, expected at least 1");
  }
  const whole = (answer: "chosen" | "rejected") =>
    pairs.map((pair) => sequenceOf(pair.prompt, pair[answer]).ids);
  const batch = {
    packed: packWhole([...whole("chosen"), ...whole("rejected")]),
    margins: Float32Array.from(pairs, ({ margin = 0 }) => margin),
  };
  checkMargins(batch);
  return batch;
}

function checkMargins({ margins }: RewardBatch): void {
  const i = margins.findIndex((margin) => !Number.isFinite(margin));
  if (i < 0) return;
  throw new RangeError(
    `Cannot score the batch: the margin of pair ${i} is ${margins[i]}, expected a finite number`,
  );
}

/** Options of {@linkcode bradleyTerry}. */
export interface BradleyTerryOptions {
  /** Weight c of (r_w + r_l)², which centres rewards at 0, from 0 to 1e6. Default 0; TRL suggests 0.01. */
  readonly centering?: number;
}

/**
 * The loss of a pair, on the host and as WGSL: `lw` and `ll` are its rewards, `dw − dl` their difference less the margin.
 *
 * @throws {RangeError} If an option is out of its range.
 */
export function rewardLoss({ centering = 0 }: BradleyTerryOptions = {}): KernelLoss {
  const c = numberOption("bradleyTerry", { centering }, "centering", 0, 1e6);
  return {
    name: "bradleyTerry",
    options: { centering: c },
    value: ({ dw, dl, lw, ll }: PairNumbers) => softplus(dl - dw) + c * (lw + ll) ** 2,
    slopes({ dw, dl, lw, ll }: PairNumbers) {
      const apart = sigmoid(dl - dw), centre = 2 * c * (lw + ll);
      return { dw: centre - apart, dl: centre + apart };
    },
    wgsl: /* wgsl */ `${sigmoidsWgsl}
fn lossValue(x: LossInput) -> f32 {
  let sum = x.lw + x.ll;
  return lossSoftplus(x.dl - x.dw) + ${f32Literal(c)} * sum * sum;
}
fn lossSlopes(x: LossInput) -> vec2f {
  let apart = lossSigmoid(x.dl - x.dw);
  let centre = ${f32Literal(2 * c)} * (x.lw + x.ll);
  return vec2f(centre - apart, centre + apart);
}
`,
  };
}

/** Reads each head row as one number, w·h, by the head of the adapter that trains, and trains it. */
export function rewardHead(tape: Tape, { adapter }: Pass, h: Tensor): HeadPass<Tensor> {
  if (adapter === undefined) throw new TypeError("Cannot read rewards: the pass has no adapter");
  const { arena } = tape, { params, layout, gradient } = adapter;
  const { offset, rows, inDim: D } = requireHead(layout);
  if (rows !== 1) {
    throw new TypeError(
      `Cannot train the head: it is the mean of ${rows} members, expected a member's own. ` +
        "Save the adapter and load it again",
    );
  }
  const rewards = readRewards(arena, h, adapter);
  return {
    reading: rewards,
    tensors: [rewards],
    watched: rewards,
    back(slopes) {
      const groups = params.shape[0], S = h.shape[0] / groups;
      const own = { offset, groupStride: layout.size };
      // ∂L/∂h [S, D] = slopes·wᵀ and ∂L/∂w [1, D] = slopesᵀ·h, a member at a time in one dispatch each.
      tape.accumulate(h, () =>
        matmul(arena, {
          ...{ a: { tensor: slopes }, b: { tensor: params, ...own } },
          ...{ M: S, N: D, K: 1, groups, label: "dh" },
        }));
      if (gradient === undefined) return;
      matmul(arena, {
        ...{ a: { tensor: slopes }, b: { tensor: h }, transposeA: true },
        ...{ M: 1, N: D, K: S, groups, out: { tensor: gradient, ...own } },
      });
    },
  };
}

/** What a step says on the device: `losses` of pairs and the `rewards` of their answers before the update. */
export type RewardMetric = "losses" | "rewards";

/**
 * Bradley–Terry: P(chosen beats rejected) = σ(r_w − r_l), as TRL's reward trainer has it. It trains LoRA and, beside it,
 * a head of D numbers without a bias, so the layout needs one: `adapterLayout(layers, { …, head: { name: "score", inDim:
 * D } })`. Each of K members learns its own: the spread of their rewards is how sure they are. `microBatch` counts
 * pairs.
 *
 * With a margin m the pair's loss is −log σ(r_w − r_l − m) (Touvron et al. 2023, eq. 2); with `centering` c, c·(r_w +
 * r_l)² is added (Eisenstein et al. 2023, eq. 2), since a difference leaves the rewards' level open.
 *
 * @example
 * ```ts
 * import { Arena, openDevice, Slot } from "@leash/bpo/backend";
 * import { adapterLayout, initTrainState, keyOf, linearLayers } from "@leash/bpo/core";
 * import { bradleyTerry, rewardBatch, tinyModel, trainStep } from "@leash/bpo/core";
 * import { assert } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * const model = tinyModel(device);
 * using weights = model.weights;
 * const head = { name: "score", inDim: model.config.hiddenSize };
 * const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4, head });
 * using state = new Slot(initTrainState(device, layout, 2, keyOf(2)));
 * const batch = rewardBatch([{ prompt: [1, 5], chosen: [6, 2], rejected: [7, 2] }]);
 * const objective = bradleyTerry({ centering: 0.01 });
 * const losses = [];
 * for (let step = 0; step < 3; step++) {
 *   using arena = new Arena(device, `step ${step}`);
 *   const options = { step, learningRate: 0.02 };
 *   const next = await trainStep(arena, { model, layout, objective }, state.current, batch, options);
 *   const metrics = await arena.readAll(next.metrics);
 *   state.set(next.state);
 *   losses.push(objective.summarise(metrics, batch).loss); // beside it: accuracy, margin, mean_reward, …
 * }
 * assert(losses[2] < losses[0]);
 * ```
 *
 * @param options `centering`: c, default 0.
 * @throws {TypeError} If an option is not a number.
 * @throws {RangeError} If an option is out of its range.
 * @see Ouyang et al. 2022, eq. 1, https://arxiv.org/abs/2203.02155; for margins Touvron et al. 2023, eq. 2,
 * https://arxiv.org/abs/2307.09288; for centering Eisenstein et al. 2023, eq. 2, https://arxiv.org/abs/2312.09244
 */
export function bradleyTerry(
  options: BradleyTerryOptions = {},
): Objective<RewardBatch, RewardMetric, Tensor> {
  const loss = rewardLoss(options);
  return {
    name: "bradley-terry",
    metrics: { losses: "example", rewards: "sequence" },
    head: rewardHead,
    split(batch, most) {
      checkMargins(batch);
      return partsOf(batch.margins.length, most).map((pairs) => partOf(batch, pairs));
    },
    slopes(arena, { part: { batch: { margins }, packed }, examples, members, head: rewards }) {
      const b = margins.length, reference = new Float32Array(2 * b);
      reference.set(margins); // a log-ratio to it is then the reward less the margin
      const given = {
        logps: rewards,
        reference: arena.upload([2 * b], reference, "margins"),
        counts: arena.upload([2 * b], packed.headCounts, "ones"),
      };
      const sizes = { members, pairs: b, of: examples };
      const { losses, slopes } = preferenceLoss(arena, given, loss, sizes);
      return {
        slopes,
        metrics: { losses, rewards },
        watched: [losses],
        left: [given.reference, given.counts],
      };
    },
    summarise,
  };
}

function partOf(batch: RewardBatch, pairs: readonly number[]): Part<RewardBatch> {
  const { packed, margins } = batch, B = margins.length;
  const sequences = [...pairs, ...pairs.map((pair) => B + pair)];
  const part = pairs.length === B ? batch : {
    packed: pickSequences(packed, sequences),
    margins: Float32Array.from(pairs, (pair) => margins[pair]),
  };
  return { batch: part, packed: part.packed, sequences, examples: pairs };
}

/** TRL's names: rewards over both answers, `margin` the mean of r_w − r_l; a tie is no hit. */
function summarise(
  { losses, rewards, normSquares, nonFinite }: HostMetrics<RewardMetric>,
  { packed, margins }: RewardBatch,
): MetricRow {
  const B = margins.length;
  const rows = Array.from(normSquares, (squares, k): MetricRow => {
    const mean = (of: (i: number) => number, n: number) =>
      Array.from({ length: n }, (_, i) => of(i)).reduce((a, b) => a + b, 0) / n;
    const reward = (i: number) => rewards[2 * B * k + i],
      all = Array.from({ length: 2 * B }, (_, i) => reward(i));
    return {
      loss: mean((i) => losses[B * k + i], B),
      accuracy: mean((i) => reward(i) > reward(B + i) ? 1 : 0, B),
      min_reward: Math.min(...all),
      mean_reward: mean(reward, 2 * B),
      max_reward: Math.max(...all),
      margin: mean((i) => reward(i) - reward(B + i), B),
      grad_norm: Math.sqrt(squares),
    };
  });
  return { ...overMembers(rows), step_tokens: packed.ids.length, ...skippedMembers(nonFinite) };
}
