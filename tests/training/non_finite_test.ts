// NaN and infinity, planted wherever a step reads a number: the state stays as it was, bit for bit, or one line says why.
import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena, type Device, Slot } from "../../backend/mod.ts";
import {
  downloadSftState,
  downloadTrainState,
  type HostSftState,
  type HostTrainState,
  initSftState,
  nll,
  packSequences,
  pairwise,
  sftStep,
  trainStep,
  type TrainStepOptions,
  uploadSftState,
  uploadTrainState,
} from "../../core/mod.ts";
import { dpo, type PreferenceLoss } from "../../losses/mod.ts";
import type { PairRecord } from "../../scheduler/mod.ts";
import { Run, type RunCheckpoint } from "../../training/mod.ts";
import { deviceTest } from "../support/devices.ts";
import { modelFixture } from "../support/fixtures.ts";
import { DPO, midway, type Setting, setting } from "../support/step_setting.ts";
import { Steps } from "../support/run_steps.ts";
import { tinyTask } from "../support/tiny_task.ts";
import { Diverged } from "../../core/train/divergence.ts";

const VALUES = [NaN, Infinity, -Infinity];
const PARTS = ["params", "m", "v"] as const;
const PACKED = packSequences([{ ids: [1, 14, 63, 8, 27], promptLength: 2 }]);

/** The bits of a state, to be compared where NaN is. */
function bitsOf<T extends object>(state: T): { [K in keyof T]: Uint32Array } {
  const bits = ({ buffer, byteOffset, length }: Float32Array) =>
    new Uint32Array(buffer.slice(byteOffset, byteOffset + 4 * length));
  return Object.fromEntries(
    Object.entries(state).map(([name, array]) => [name, bits(array as Float32Array)]),
  ) as { [K in keyof T]: Uint32Array };
}

/** A state with `value` at the second member's number `at`. */
function plant(state: HostTrainState, part: typeof PARTS[number], value: number): HostTrainState {
  const copy = { params: state.params.slice(), m: state.m.slice(), v: state.v.slice() };
  copy[part][copy[part].length / 2 + 5] = value;
  return copy;
}

const halves = (state: HostTrainState, k: number) =>
  bitsOf(Object.fromEntries(
    Object.entries(state).map((
      [name, x],
    ) => [name, x.slice(k * x.length / 2, (k + 1) * x.length / 2)]),
  ));

/** A step of two members from `host`, and what it says. */
async function step(
  { device, model, layout, batch }: Setting,
  host: HostTrainState,
  kind: "pairwise" | "nll",
  { loss = DPO, ...options }: Partial<TrainStepOptions> & { loss?: PreferenceLoss } = {},
) {
  using state = new Slot(uploadTrainState(device, layout, 2, host));
  using arena = new Arena(device, "step");
  const all = { step: 3, learningRate: 0.01, ...options };
  let nonFinite: number[], row: Record<string, number> = {};
  if (kind === "pairwise") {
    const objective = pairwise(loss);
    const out = await trainStep(arena, { model, layout, objective }, state.current, batch, all);
    const read = await arena.readAll(out.metrics);
    row = objective.summarise(read, batch);
    nonFinite = [...read.nonFinite];
    state.set(out.state);
  } else {
    const run = { model, layout, objective: nll() };
    const out = await trainStep(arena, run, state.current, PACKED, all);
    nonFinite = [...(await arena.readAll(out.metrics)).nonFinite];
    state.set(out.state);
  }
  return { nonFinite, row, after: await downloadTrainState(device, state.current) };
}

async function hostState(all: Setting): Promise<HostTrainState> {
  using state = midway(all, 2);
  return await downloadTrainState(all.device, state);
}

for (const kind of ["pairwise", "nll"] as const) {
  deviceTest(
    `trainStep() with ${kind}() leaves a member with a number that is none as it is, and trains the other`,
    async (device) => {
      using all = await setting(device);
      const host = await hostState(all);
      const healthy = await step(all, host, kind);
      assertEquals(healthy.nonFinite, [0, 0]);
      assertEquals(healthy.row.skipped_members, undefined);
      assertNotEquals(halves(healthy.after, 1), halves(host, 1));
      for (const part of PARTS) {
        for (const value of VALUES) {
          const sick = plant(host, part, value), name = `${value} in ${part}`;
          const { after, nonFinite, row } = await step(all, sick, kind);
          assert(nonFinite[0] === 0 && nonFinite[1] > 0, `${name}: ${nonFinite}`);
          if (kind === "pairwise") assertEquals(row.skipped_members, 1, name);
          assertEquals(halves(after, 1), halves(sick, 1), name);
          assertEquals(halves(after, 0), halves(healthy.after, 0), name);
        }
      }
      // Sound numbers, and an update that would pass f32.
      const tooFast = await step(all, host, kind, { learningRate: 1e39 });
      assert(tooFast.nonFinite.every((count) => count > 0));
      assertEquals(bitsOf(tooFast.after), bitsOf(host));
    },
  );

  deviceTest(
    `trainStep() with ${kind}() refuses a learning rate and a step that are none`,
    async (device) => {
      using all = await setting(device);
      const host = await hostState(all);
      for (const learningRate of [...VALUES, -1]) {
        await assertRejects(
          () => step(all, host, kind, { learningRate }),
          RangeError,
          `Cannot train a step: learningRate is ${learningRate}, expected a number from 0 up`,
        );
      }
      await assertRejects(
        () => step(all, host, kind, { step: NaN }),
        RangeError,
        "Cannot train a step: step is NaN, expected a whole number from 0 up",
      );
    },
  );
}

/** DPO of which value or slopes are `found`, on the host or in WGSL. */
function sickLoss(what: "value" | "slopes", found: number, isHost: boolean): PreferenceLoss {
  const sound = dpo({ beta: 0.1 });
  const bits = new Uint32Array(new Float32Array([found]).buffer)[0];
  const number = `bitcast<f32>(${bits}u | u32(x.nw * 0.0))`; // no constant: WGSL refuses those
  return {
    ...sound,
    name: `${what} ${found}`,
    value: (x) => what === "value" ? found : sound.value(x),
    slopes: (x) => what === "slopes" ? { dw: found, dl: 0.5 } : sound.slopes(x),
    wgsl: isHost ? undefined : `
fn lossValue(x: LossInput) -> f32 { return ${what === "value" ? number : "0.5"}; }
fn lossSlopes(x: LossInput) -> vec2f { return vec2f(${what === "slopes" ? number : "0.5"}, 0.5); }`,
  };
}

deviceTest(
  "trainStep() updates nobody by a loss or slopes that are none, nor all where one must not be",
  async (device) => {
    using all = await setting(device);
    const host = await hostState(all);
    for (const what of ["value", "slopes"] as const) {
      for (const found of VALUES) {
        // By WGSL too, where there is any.
        for (const isHost of device.info.kind === "webgpu" && found > 0 ? [true, false] : [true]) {
          const loss = sickLoss(what, found, isHost);
          const { after, nonFinite, row } = await step(all, host, "pairwise", { loss });
          assert(nonFinite.every((count) => count > 0), `${what} ${found}: ${nonFinite}`);
          assertEquals([bitsOf(after), row.skipped_members], [bitsOf(host), 2]);
        }
      }
    }
    for (const part of PARTS) {
      const sick = plant(host, part, NaN);
      const { after, nonFinite } = await step(all, sick, "pairwise", { allOrNone: true });
      assert(nonFinite[0] === 0 && nonFinite[1] > 0);
      assertEquals(bitsOf(after), bitsOf(sick));
    }
    for (const part of PARTS) { // in parts as in one
      const sick = plant(host, part, NaN);
      const { after, nonFinite } = await step(all, sick, "pairwise", { microBatch: 1 });
      assert(nonFinite[0] === 0 && nonFinite[1] > 0);
      assertEquals(halves(after, 1), halves(sick, 1));
    }
    const first = {
      ...sickLoss("value", NaN, true),
      value: (x: { nw: number }) => x.nw === all.batch.packed.headCounts[0] ? NaN : 0.5,
    };
    const parts = await step(all, host, "pairwise", { loss: first, microBatch: 1 });
    assert(all.batch.packed.headCounts[0] !== all.batch.packed.headCounts[1]);
    assertEquals(bitsOf(parts.after), bitsOf(host));
    const sound = await step(all, host, "pairwise", { allOrNone: true });
    assertEquals(sound.after, (await step(all, host, "pairwise")).after);
  },
);

deviceTest(
  "trainStep() refuses reference log-probs that are none, whoever made the batch",
  async (device) => {
    using all = await setting(device);
    const host = await hostState(all);
    for (const value of VALUES) {
      for (
        const [i, name] of [[1, "chosen answer of pair 1"], [
          2,
          "rejected answer of pair 0",
        ]] as const
      ) {
        const reference = all.batch.reference.slice();
        reference[i] = value;
        await assertRejects(
          () => step({ ...all, batch: { ...all.batch, reference } }, host, "pairwise"),
          RangeError,
          `the reference log-prob of the ${name} is ${value}, expected a finite number`,
        );
      }
    }
  },
);

deviceTest("sftStep() leaves all weights as they are where one number is none", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  using start = initSftState(device, model);
  const host = await downloadSftState(device, start);
  const flat = (state: HostSftState) => Object.values(state).map((part) => bitsOf(part));
  const once = async (given: HostSftState, learningRate = 0.01) => {
    using state = new Slot(uploadSftState(device, model, given));
    using arena = new Arena(device, "sft");
    const out = sftStep(arena, model.config, state.current, PACKED, { step: 3, learningRate });
    const { nonFinite } = await arena.readAll(out.metrics);
    state.set(out.state);
    return { nonFinite: nonFinite[0], after: flat(await downloadSftState(device, state.current)) };
  };
  const healthy = await once(host);
  assertEquals(healthy.nonFinite, 0);
  assertNotEquals(healthy.after, flat(host));
  for (const part of ["weights", "m", "v"] as const) {
    for (const value of VALUES) {
      for (const name of [value > 0 ? "model.norm.weight" : "lm_head.weight"]) {
        const tensor = host[part][name].slice();
        tensor[3] = value;
        const sick = { ...host, [part]: { ...host[part], [name]: tensor } };
        const { nonFinite, after } = await once(sick);
        assert(nonFinite > 0, `${value} in ${part} ${name}`);
        assertEquals(after, flat(sick), `${value} in ${part} ${name}`);
      }
    }
  }
  const tooFast = await once(host, 1e39);
  assert(tooFast.nonFinite > 0);
  assertEquals(tooFast.after, flat(host));
  for (const learningRate of VALUES) {
    await assertRejects(
      () => once(host, learningRate),
      RangeError,
      `learningRate is ${learningRate}`,
    );
  }
});

deviceTest("A step of a run stops with one line and everything as it was", async (device) => {
  using options = await tinyTask(device);
  using first = Run.start(device, options);
  await new Steps(first).until("checkpoint"); // after the pairs
  const saved = await first.capture();
  const bits = (
    checkpoint: RunCheckpoint,
  ) => [bitsOf(checkpoint.train), checkpoint.step, checkpoint.updates];
  const refused = async (sick: RunCheckpoint, changes: object, message: string) => {
    using run = Run.resume(device, { ...options, ...changes }, sick);
    const error = await assertRejects(() => new Steps(run).step(), Error, message);
    assertEquals(error instanceof Diverged, message.startsWith("Cannot go on after step "));
    assert(!(error as Error).message.includes("\n"));
    assertEquals(bits(await run.capture()), bits(sick));
  };
  for (const part of PARTS) {
    for (const value of VALUES) {
      await refused(
        { ...saved, train: plant(saved.train, part, value) },
        {},
        "Cannot go on after step 0: ",
      );
    }
  }
  for (const value of VALUES) {
    const sick = (answer: PairRecord["a"]) => ({ ...answer, referenceLogp: value });
    const records = saved.records.map((r) => ({ ...r, a: sick(r.a), b: sick(r.b) }));
    await refused(
      { ...saved, records },
      {},
      "the reference log-prob of the chosen answer of pair 0 is",
    );
    for (const what of ["value", "slopes"] as const) {
      await refused(
        saved,
        { loss: sickLoss(what, value, true) },
        "Cannot go on after step 0: the loss is",
      );
    }
    for (
      const make of [
        Run.start,
        (d: Device, o: typeof options) => Run.resume(d, o, saved),
      ]
    ) {
      assertThrows(
        () => make(device, { ...options, learningRate: value }),
        RangeError,
        `learningRate is ${value}, expected a number from 0 up`,
      );
    }
  }
  await refused(
    saved,
    { learningRate: 1e39 },
    "Cannot go on after step 0: in members 0, 1 of 2 a parameter or a moment is not finite or would not be after the " +
      "update, expected finite numbers. Lower the learning rate or raise beta",
  );
});
