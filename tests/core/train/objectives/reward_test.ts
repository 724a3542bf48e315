import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Arena, type Device, Slot } from "../../../../backend/mod.ts";
import {
  type AdapterLayout,
  adapterLayout,
  bradleyTerry,
  downloadTrainState,
  initAdapter,
  initTrainState,
  keyOf,
  linearLayers,
  mergedLayout,
  type Model,
  rewardBatch,
  rewardHead,
  rewardScores,
  Tape,
  tinyModel,
  type TrainState,
  trainStep,
} from "../../../../core/mod.ts";
import { rewardLoss } from "../../../../core/train/objectives/reward.ts";
import { assertClose } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { uniform } from "../../../support/random.ts";

const K = 2;
const pair = { prompt: [1, 5], chosen: [6, 2], rejected: [7] };
/** The answer with a 9 is the better one, wherever it is. */
const ranking = rewardBatch([
  { prompt: [1, 3], chosen: [4, 9, 5, 2], rejected: [4, 8, 5, 2] },
  { prompt: [1, 4], chosen: [9, 6, 2], rejected: [7, 6, 6, 2] },
  { prompt: [1, 5, 6], chosen: [7, 9, 2], rejected: [7, 7, 2] },
  { prompt: [1, 10], chosen: [11, 12, 9, 2], rejected: [11, 2] },
  { prompt: [1, 7, 7], chosen: [9, 2], rejected: [3, 2] },
]);

function scored(model: Model, bare = false): AdapterLayout {
  const head = { name: "score", inDim: model.config.hiddenSize };
  return adapterLayout(linearLayers(model.config), {
    ...{ rank: 2, alpha: 4 },
    ...(bare ? {} : { head }),
  });
}

/** Steps on the ranking; the row of each and the state after them. */
async function train(device: Device, model: Model, steps: number, centering?: number) {
  const layout = scored(model), objective = bradleyTerry({ centering });
  const state: Slot<ReturnType<TrainState["borrow"]>> = new Slot(
    initTrainState(device, layout, K, keyOf(3)),
  );
  const rows = [];
  for (let step = 0; step < steps; step++) {
    using arena = new Arena(device, `step ${step}`);
    const options = { step, learningRate: 0.02 };
    const run = { model, layout, objective };
    const next = await trainStep(arena, run, state.current, ranking, options);
    rows.push(objective.summarise(await arena.readAll(next.metrics), ranking));
    state.set(next.state);
  }
  return { layout, rows, state };
}

deviceTest("bradleyTerry() learns to rank, every member with a head of its own", async (device) => {
  const model = tinyModel(device);
  using _weights = model.weights;
  const { layout, rows, state } = await train(device, model, 40);
  using _state = state;
  const first = rows[0], last = rows[rows.length - 1];
  assert(first.accuracy < 1 && Math.abs(first.loss - Math.LN2) < 0.05, `${first.loss}`);
  assert(last.accuracy === 1 && last["accuracy/std"] === 0, `${last.accuracy}`);
  assert(last.loss < 0.1 && last.margin > 2, `${last.loss}, ${last.margin}`);
  const { params } = await downloadTrainState(device, state.current);
  const { offset, inDim } = layout.head!, before = initAdapter(layout, K, keyOf(3));
  const headOf = (all: Float32Array, k: number) =>
    all.slice(k * layout.size + offset, k * layout.size + offset + inDim);
  assertNotEquals(headOf(before, 0), headOf(before, 1));
  assertNotEquals(headOf(params, 0), headOf(params, 1));
  for (const k of [0, 1]) assertNotEquals(headOf(params, k), headOf(before, k));
  const padding = params.slice(offset + inDim, layout.size); // a row ends where the next begins
  assert(padding.every((x) => x === 0));
  const sequences = Array.from(
    ranking.packed.starts,
    (start, s) => ranking.packed.ids.slice(start, start + ranking.packed.lengths[s]),
  );
  const adapter = { layout, params: state.current.borrow().params };
  const rewards = await rewardScores(device, model, sequences, adapter);
  for (let i = 0; i < K * 10; i++) if (i % 10 < 5) assert(rewards[i] > rewards[i + 5]);
});

deviceTest("bradleyTerry() with centering holds the rewards' mean near 0", async (device) => {
  const model = tinyModel(device);
  using _weights = model.weights;
  const off = async (centering?: number) => {
    const { rows, state } = await train(device, model, 40, centering);
    using _state = state;
    assertEquals(rows[39].accuracy, 1);
    return Math.abs(rows[39].mean_reward);
  };
  const [free, held] = [await off(), await off(1)];
  assert(held < 0.2 && held < free, `${held} against ${free}`);
});

deviceTest("rewardHead() has the rewards and gradients of f64", async (device) => {
  const model = tinyModel(device);
  using _weights = model.weights;
  const layout = scored(model), { offset } = layout.head!;
  const D = model.config.hiddenSize, S = 6;
  const values = { h: uniform(K * S * D, 1), params: uniform(K * layout.size, 2) };
  const slope = uniform(K * S, 3);
  using arena = new Arena(device, "head");
  const tape = new Tape(arena, true);
  const h = arena.upload([K * S, D], values.h, "h");
  const gradient = arena.zeros([K, layout.size], "gradient");
  const adapter = {
    ...{ layout, gradient },
    params: arena.upload([K, layout.size], values.params, "params"),
  };
  const pass = { config: model.config, weights: model.weights.borrow(), adapter };
  const { reading, back } = rewardHead(tape, pass, h);
  back(arena.upload([K * S], slope, "slopes"));
  const read = await arena.readAll({ reading, gradient, dh: tape.gradient(h)! });
  const w = (k: number, d: number) => values.params[k * layout.size + offset + d];
  const near = { rtol: 1e-5, atol: 8 * Math.sqrt(D) * 2 ** -24 }; // sums of D or S terms of size 1
  const rewards = slope.map((_, i) => {
    let sum = 0;
    for (let d = 0; d < D; d++) sum += values.h[i * D + d] * w(Math.floor(i / S), d);
    return sum;
  });
  assertClose(read.reading, rewards, near, "rewards");
  const dh = values.h.map((_, i) => slope[Math.floor(i / D)] * w(Math.floor(i / D / S), i % D));
  assertClose(read.dh, dh, near, "dh");
  const dw = new Float64Array(K * layout.size);
  values.h.forEach((x, i) => {
    const s = Math.floor(i / D);
    dw[Math.floor(s / S) * layout.size + offset + i % D] += slope[s] * x;
  });
  assertClose(read.gradient, dw, near, "dw, and 0 for all that is not the head");
  const merged = { ...pass, adapter: { ...adapter, layout: mergedLayout(layout, 2) } };
  assertThrows(
    () => rewardHead(tape, merged, h),
    TypeError,
    "Cannot train the head: it is the mean of 2 members",
  );
  const none = { ...pass, adapter: { ...adapter, layout: scored(model, true) } };
  assertThrows(
    () => rewardHead(tape, none, h),
    TypeError,
    "Cannot read rewards: the adapter's layout has no head",
  );
});

Deno.test("bradleyTerry() summarises under TRL's names", () => {
  const batch = rewardBatch([pair, { ...pair, margin: 1 }]);
  const row = bradleyTerry().summarise({
    losses: [1, 2, 3, 4],
    rewards: [2, 1, -1, 1, /* the other member */ 5, 6, 7, 8],
    normSquares: [9, 16],
    nonFinite: [0, 2],
  }, batch);
  const names = ["accuracy", "grad_norm", "loss", "margin", "max_reward", "mean_reward"];
  const all = [...names, "min_reward"].flatMap((name) => [name, `${name}/std`]);
  assertEquals(Object.keys(row).sort(), [...all, "skipped_members", "step_tokens"].sort());
  const { loss, accuracy, min_reward, mean_reward, max_reward, margin } = row;
  assertEquals([loss, accuracy, min_reward, max_reward], [2.5, 0.25, 2, 5]); // a tie is no hit
  assertEquals([mean_reward, margin], [(0.75 + 6.5) / 2, (1.5 - 2) / 2]);
  assertEquals([row.grad_norm, row["accuracy/std"], row.step_tokens], [3.5, 0.25, 14]);
  assertEquals(row.skipped_members, 1);
});

Deno.test("rewardLoss() is ln 2 at equal rewards, and finite far from them", () => {
  const at = (lw: number, ll: number, m = 0) => ({ dw: lw - m, dl: ll, nw: 1, nl: 1, lw, ll });
  const plain = rewardLoss(), centred = rewardLoss({ centering: 0.5 });
  assertEquals([plain.value(at(3, 3)), centred.value(at(1, 1))], [Math.LN2, Math.LN2 + 2]);
  assertEquals(plain.value(at(0, 2000)), 2000);
  assertEquals(plain.value(at(2000, 0)), 0);
  assertEquals(plain.value(at(4, 1, 3)), Math.LN2); // as far apart as the margin asks
  assertEquals(centred.slopes(at(1, 1)), { dw: 1.5, dl: 2.5 });
});

Deno.test("rewardBatch() packs prompt and answer whole, and bradleyTerry() splits by pairs", () => {
  const batch = rewardBatch([pair, { prompt: [1], chosen: [8], rejected: [9, 9, 2], margin: 2 }]);
  assertEquals([...batch.packed.lengths], [4, 2, 3, 4]);
  assertEquals([...batch.packed.headRows], [3, 5, 8, 12]);
  const parts = bradleyTerry().split(batch, 1);
  assertEquals(parts.map(({ sequences, examples }) => [sequences, examples]), [
    [[0, 2], [0]],
    [[1, 3], [1]],
  ]);
  assertEquals([...parts[1].packed.ids], [1, 8, 1, 9, 9, 2]);
  assertEquals([...parts[1].packed.headRows], [1, 5]);
  assertEquals([...parts[1].batch.margins], [2]);
  assertEquals(bradleyTerry().split(batch)[0].batch, batch);
});

Deno.test("bradleyTerry() refuses what it cannot train on", () => {
  assertThrows(() => rewardBatch([]), RangeError, "it has 0 pairs, expected at least 1");
  const nothing = { prompt: [], chosen: [1], rejected: [] };
  assertThrows(() => rewardBatch([nothing]), RangeError, "sequence 1 has 0 tokens");
  const bad = { ...pair, margin: 1e39 };
  assertThrows(() => rewardBatch([pair, bad]), RangeError, "the margin of pair 1 is Infinity");
  const batch = { ...rewardBatch([pair]), margins: Float32Array.of(NaN) };
  assertThrows(() => bradleyTerry().split(batch), RangeError, "the margin of pair 0 is NaN");
  assertThrows(() => bradleyTerry().split(rewardBatch([pair]), 0), RangeError, "microBatch is 0");
  assertThrows(() => bradleyTerry({ centering: -1 }), RangeError, "centering is -1");
});
