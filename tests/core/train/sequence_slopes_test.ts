import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Arena, type Device, Slot } from "../../../backend/mod.ts";
import {
  adapterLayout,
  downloadTrainState,
  type HostTrainState,
  linearLayers,
  type Objective,
  type SequenceMetric,
  trainStep,
  uploadTrainState,
} from "../../../core/mod.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";
import { midway, setting } from "../../support/step_setting.ts";
import { objectiveTable } from "./objectives/table.ts";

const mean = (x: ArrayLike<number>) => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

/** One step from `host` with what went through `slopes`; the metrics and slopes of all members. */
async function stepOf(
  { device, model, layout }: Awaited<ReturnType<typeof setting>>,
  host: HostTrainState,
  objective: Objective<unknown, SequenceMetric | "rewards">,
  batch: unknown,
  options: { step?: number; microBatch?: number } = {},
) {
  const seen: { slopes: number[]; surveyed?: Float32Array }[] = [];
  const watching: typeof objective = {
    ...objective,
    async slopes(arena, pass) {
      const own = await objective.slopes(arena, pass);
      seen.push({ slopes: [...await arena.read(own.slopes)], surveyed: pass.surveyed });
      return own;
    },
  };
  using state = new Slot(uploadTrainState(device, layout, 2, host));
  using arena = new Arena(device, "step");
  const run = { model, layout, objective: watching };
  const out = await trainStep(arena, run, state.current, batch, {
    ...{ step: 0, learningRate: 0.02, ...options },
  });
  const { normSquares, nonFinite, ...metrics } = await arena.readAll(out.metrics);
  state.set(out.state);
  const after = await downloadTrainState(device, state.current);
  return { seen, metrics, normSquares, nonFinite: [...nonFinite], after };
}

async function start(device: Device, reads?: "rewards") {
  const plain = await setting(device), { config } = plain.model;
  const head = { name: "score", inDim: config.hiddenSize };
  const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8, head });
  const all = reads === undefined ? plain : { ...plain, layout };
  using state = midway(all, 2);
  return { all, host: await downloadTrainState(device, state) };
}

for (const { title, objective, batch, truth, reads } of objectiveTable) {
  Deno.test(`${title} has the slopes that central differences say`, () => {
    const S = objective.split(batch)[0].sequences.length, h = 1e-5;
    for (const spread of [3, 40]) {
      const at = Array.from(uniform(S, spread), (x) => spread * x - 30);
      const moved = (i: number, by: number) => at.map((x, j) => i === j ? x + by : x);
      const value = (logps: number[]) => mean(truth(logps).losses);
      const found = at.map((_, i) => (value(moved(i, h)) - value(moved(i, -h))) / (2 * h));
      assertClose(truth(at).slopes, found, { rtol: 1e-7, atol: 1e-10 }, `spread ${spread}`);
    }
  });

  deviceTest(
    `trainStep() with ${title} has the f64 losses and slopes, whole and in micro-batches`,
    async (device) => {
      const { all, host } = await start(device, reads);
      using _all = all;
      const whole = await stepOf(all, host, objective, batch);
      const { packed, sequences, examples } = objective.split(batch)[0];
      const S = sequences.length, N = examples.length, [{ slopes, surveyed }] = whole.seen;
      const near = { rtol: 1e-5, atol: 1e-7 }; // WGSL's exp; the host rounds once
      for (const k of [0, 1]) {
        const own = (x: ArrayLike<number>, n: number) => Array.from(x).slice(k * n, (k + 1) * n);
        const true_ = truth(
          own(whole.metrics[reads ?? "logps"], S),
          surveyed && own(surveyed, surveyed.length / 2),
        );
        assertClose(own(whole.metrics.losses, N), true_.losses, near, `losses of member ${k}`);
        const perToken = true_.slopes.flatMap((slope, s) =>
          Array(packed.headCounts[s]).fill(slope)
        );
        assertClose(own(slopes, perToken.length), perToken, near, `slopes of member ${k}`);
      }
      for (const size of [1, 2]) {
        const split = await stepOf(all, host, objective, batch, { microBatch: size });
        assertEquals(split.seen.length, Math.ceil(N / size));
        assertEquals(split.metrics, whole.metrics, `micro-batches of ${size}`);
        assertClose(split.normSquares, whole.normSquares, { rtol: 1e-5, atol: 0 }, "norms");
        assertClose(split.after.m, whole.after.m, { rtol: 1e-4, atol: 1e-6 }, "first moments");
      }
    },
  );

  deviceTest(
    `trainStep() with ${title} learns, and leaves a member with a number that is none as it is`,
    async (device) => {
      const { all, host } = await start(device, reads);
      using _all = all;
      const first = await stepOf(all, host, objective, batch);
      const second = await stepOf(all, first.after, objective, batch, { step: 1 });
      const third = await stepOf(all, second.after, objective, batch, { step: 2 });
      const losses = [first, second, third].map(({ metrics }) => mean(metrics.losses));
      assert(losses[0] > losses[1] && losses[1] > losses[2], `${losses}`);
      const half = (x: Float32Array, k: number) =>
        x.slice(k * x.length / 2, (k + 1) * x.length / 2);
      const sick = { ...host, params: host.params.slice() };
      sick.params[sick.params.length / 2 + 5] = NaN;
      for (const microBatch of [undefined, 2]) {
        const { after, nonFinite } = await stepOf(all, sick, objective, batch, { microBatch });
        assert(nonFinite[0] === 0 && nonFinite[1] > 0, `${nonFinite}`);
        assertEquals(half(after.params, 1), half(sick.params, 1));
        assertNotEquals(half(after.params, 0), half(sick.params, 0));
        if (microBatch === undefined) assertEquals(half(after.m, 0), half(first.after.m, 0));
      }
    },
    ["cpu"],
  );
}
