import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertRejects,
} from "@std/assert";
import { Arena, Slot, type Tensor } from "../../../backend/mod.ts";
import { leaves } from "../../../backend/tensor.ts";
import {
  cloneTrainState,
  completionLogps,
  downloadTrainState,
  exactMean,
  initTrainState,
  keyOf,
  packSequences,
  pairwise,
  type PreferenceBatch,
  preferenceBatch,
  trainStep,
  uploadTrainState,
} from "../../../core/mod.ts";
import { dpo, type PreferenceLoss } from "../../../losses/mod.ts";
import { assertClose, assertRelativeToMax } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { jsonFixture } from "../../support/fixtures.ts";
import { midway, runStep, type Setting, setting } from "../../support/step_setting.ts";

deviceTest(
  "trainStep() of two clones gives identical bits, and another result than the input",
  async (device) => {
    using all = await setting(device);
    using a = new Slot(midway(all, 3));
    using b = new Slot(cloneTrainState(device, a.current));
    const before = await downloadTrainState(device, a.current);
    const metrics = [await runStep(all, a), await runStep(all, b)];
    assertEquals(metrics[0], metrics[1]);
    const after = [
      await downloadTrainState(device, a.current),
      await downloadTrainState(device, b.current),
    ];
    assertEquals(after[0], after[1]);
    assertNotEquals(after[0].params, before.params);
  },
);

deviceTest("trainStep() leaves the base weights as they were", async (device) => {
  using all = await setting(device);
  const weights = async () => {
    using arena = new Arena(device, "weights");
    return await arena.readAll(all.model.weights.borrow() as Record<string, Tensor>);
  };
  const before = await weights();
  using state = new Slot(midway(all, 2));
  await runStep(all, state);
  assertEquals(await weights(), before);
});

deviceTest(
  "trainStep() creates no buffer and no pipeline after the first step, in one submit and one readback",
  async (device) => {
    using all = await setting(device);
    using state = new Slot(midway(all, 2));
    await runStep(all, state);
    const before = device.stats();
    await runStep(all, state, { step: 1 });
    const after = device.stats();
    assertEquals(after.created - before.created, 0);
    assertEquals(after.pipelines - before.pipelines, 0);
    assertEquals(after.submits - before.submits, 1);
    assertEquals(after.readbacks - before.readbacks, 1);
  },
);

deviceTest("trainStep() that throws leaves the state bit-identical and usable", async (device) => {
  using all = await setting(device);
  using state = new Slot(midway(all, 2));
  const before = await downloadTrainState(device, state.current);
  await assertRejects(
    async () => {
      using arena = new Arena(device, "doomed");
      await trainStep(
        arena,
        { ...all, objective: pairwise(dpo({ beta: 0.1 })) },
        state.current,
        all.batch,
        {
          step: 0,
          learningRate: 0.01,
        },
      );
      throw new Error("boom"); // after the donation, before the commit
    },
    Error,
    "boom",
  );
  assertEquals(await downloadTrainState(device, state.current), before);
  await runStep(all, state);
});

deviceTest(
  "trainStep() of one fresh member starts at log-ratio 0 exactly and at ln 2",
  async (device) => {
    using all = await setting(device);
    using state = new Slot(initTrainState(device, all.layout, 1, keyOf(1)));
    const { losses, logps } = await runStep(all, state);
    assertEquals(logps, [...all.batch.reference]);
    for (const loss of losses) assertAlmostEquals(loss, Math.LN2, 1e-7);
  },
);

deviceTest(
  "trainStep() of a trained member starts at log-ratio 0 against its own snapshot",
  async (device) => {
    using all = await setting(device);
    using state = new Slot(midway(all, 1));
    using arena = new Arena(device, "snapshot");
    const snapshot = exactMean(arena, {
      layout: all.layout,
      params: state.current.borrow().params,
    });
    arena.commit();
    const { packed } = all.batch;
    const sequences = [...packed.starts].map((start, s) => ({
      ids: packed.ids.slice(start, start + packed.lengths[s]),
      promptLength: packed.lengths[s] - packed.headCounts[s],
    }));
    const { sums } = await completionLogps(device, all.model, sequences, { adapter: snapshot });
    const { logps } = await runStep(all, state);
    assertEquals(logps, [...sums]);
  },
);

deviceTest(
  "trainStep() dispatches and reads base weights no more often for five members than for one",
  async (device) => {
    using all = await setting(device);
    const counted = async (members: number) => {
      using state = new Slot(midway(all, members));
      await runStep(all, state);
      const binds = () => leaves(all.model.weights.borrow()).map(({ storage }) => storage.binds);
      const before = { dispatches: device.stats().dispatches, binds: binds() };
      await runStep(all, state, { step: 1 });
      return {
        dispatches: device.stats().dispatches - before.dispatches,
        binds: binds().map((n, i) => n - before.binds[i]),
      };
    };
    const one = await counted(1);
    assert(one.dispatches > 50 && one.binds.every((n) => n > 0));
    assertEquals(await counted(5), one);
  },
);

deviceTest("trainStep() of three equal members equals one member three times", async (device) => {
  using all = await setting(device);
  using one = new Slot(midway(all, 1));
  const { params, m, v } = await downloadTrainState(device, one.current);
  const thrice = (x: Float32Array) => new Float32Array(3 * x.length).map((_, i) => x[i % x.length]);
  using three = new Slot(uploadTrainState(device, all.layout, 3, {
    params: thrice(params),
    m: thrice(m),
    v: thrice(v),
  }));
  const a = await runStep(all, one), b = await runStep(all, three);
  assertEquals(b.losses, [...a.losses, ...a.losses, ...a.losses]);
  const after = await downloadTrainState(device, one.current);
  assertEquals((await downloadTrainState(device, three.current)).params, thrice(after.params));
});

deviceTest(
  "trainStep() with a loss that has no WGSL equals the same loss with it",
  async (device) => {
    using all = await setting(device);
    using a = new Slot(midway(all, 2));
    using b = new Slot(cloneTrainState(device, a.current));
    const loss = dpo({ beta: 0.5 });
    const plain: PreferenceLoss = { ...loss, name: "mine", wgsl: undefined };
    const before = device.stats().submits;
    const [x, y] = [await runStep(all, a, { loss }), await runStep(all, b, { loss: plain })];
    assertEquals(device.stats().submits - before, device.info.kind === "webgpu" ? 3 : 2);
    assertClose(y.losses, x.losses, { rtol: 1e-6, atol: 1e-6 }, "losses");
    const [pa, pb] = [
      await downloadTrainState(device, a.current),
      await downloadTrainState(device, b.current),
    ];
    assertClose(pb.m, pa.m, { rtol: 1e-4, atol: 1e-7 }, "first moments");
  },
);

/** The same pairs with the answers exchanged, in packed order: rejected rows first. */
function exchanged({ pairs, reference, packed, ...ids }: PreferenceBatch): PreferenceBatch {
  const order = Array.from({ length: 2 * pairs }, (_, s) => (s + pairs) % (2 * pairs));
  const sequences = order.map((s) => ({
    ids: packed.ids.slice(packed.starts[s], packed.starts[s] + packed.lengths[s]),
    promptLength: packed.lengths[s] - packed.headCounts[s],
  }));
  return {
    ...ids,
    pairs,
    packed: packSequences(sequences),
    reference: Float32Array.from(order, (s) => reference[s]),
  };
}

deviceTest(
  "trainStep() with chosen and rejected exchanged has the negated margins and, at 0, the negated gradient",
  async (device) => {
    using all = await setting(device);
    const there = { ...all, batch: all.batch }, back = { ...all, batch: exchanged(all.batch) };
    const moments = async (setting: Setting, fresh: boolean) => {
      using state = new Slot(
        fresh ? initTrainState(device, all.layout, 1, keyOf(1)) : midway(all, 1),
      );
      const metrics = await runStep(setting, state);
      return { ...metrics, m: (await downloadTrainState(device, state.current)).m };
    };
    const margins = ({ logps }: { logps: number[] }, { reference }: PreferenceBatch) =>
      [0, 1].map((i) => logps[i] - reference[i] - (logps[2 + i] - reference[2 + i]));
    const [a, b] = [await moments(there, false), await moments(back, false)];
    assertEquals(margins(b, back.batch), margins(a, there.batch).map((margin) => -margin));
    const [c, d] = [await moments(there, true), await moments(back, true)];
    assertRelativeToMax(d.m, c.m.map((x) => -x), 1e-5, "first moments"); // rows are summed in another order
  },
);

deviceTest(
  "trainStep() gives a pair the same log-probs and loss whatever pairs stand beside it",
  async (device) => {
    using all = await setting(device);
    const { pairs } = await jsonFixture("lora.json");
    const one = preferenceBatch(
      [{
        ...pairs[1],
        referenceChosen: all.batch.reference[1],
        referenceRejected: all.batch.reference[3],
      }],
      { snapshotId: "s", referenceId: "s", requireSame: true },
    );
    using a = new Slot(midway(all, 2));
    using b = new Slot(cloneTrainState(device, a.current));
    const both = await runStep(all, a), alone = await runStep({ ...all, batch: one }, b);
    assertEquals(alone.losses, [both.losses[1], both.losses[3]]);
    assertEquals(alone.logps, [1, 3, 5, 7].map((i) => both.logps[i]));
  },
);

const defaults = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };
const others = { beta1: 0.8, beta2: 0.95, eps: 1e-6, weightDecay: 0.2, maxGradNorm: 0.5 };
for (const [name, given, used] of [["default", {}, defaults], ["given", others, others]] as const) {
  deviceTest(
    `trainStep() is AdamW at its own step number, with ${name} options`,
    async (device) => {
      const { beta1, beta2, eps, weightDecay, maxGradNorm } = used;
      using all = await setting(device);
      using state = new Slot(midway(all, 2));
      const before = await downloadTrainState(device, state.current);
      const { normSquares } = await runStep(all, state, { step: 4, adamw: given });
      const after = await downloadTrainState(device, state.current);
      // What AdamW was given, from the first moments: g = (m′ − β₁m) / (1 − β₁).
      const g = after.m.map((m, i) => (m - beta1 * before.m[i]) / (1 - beta1));
      for (const k of [0, 1]) {
        const member = g.subarray(k * all.layout.size, (k + 1) * all.layout.size);
        const clipped = Math.min(maxGradNorm, Math.sqrt(normSquares[k]));
        assertAlmostEquals(Math.hypot(...member), clipped, 1e-4);
      }
      const v = g.map((x, i) => beta2 * before.v[i] + (1 - beta2) * x * x);
      assertClose(after.v, v, { rtol: 1e-5, atol: 1e-8 }, "second moments");
      const [c1, c2] = [1 - beta1 ** 5, 1 - beta2 ** 5]; // step 4 is the fifth
      const params = after.m.map((m, i) =>
        (1 - 0.01 * weightDecay) * before.params[i] -
        0.01 / c1 * m / (Math.sqrt(after.v[i] / c2) + eps)
      );
      assertClose(after.params, params, { rtol: 1e-6, atol: 1e-6 }, "params");
    },
  );
}
