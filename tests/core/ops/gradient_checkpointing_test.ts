import { assert, assertEquals } from "@std/assert";
import { Arena, type Device, Slot } from "../../../backend/mod.ts";
import {
  activation,
  adapterLayout,
  checkpointed,
  initModel,
  initTrainState,
  keyOf,
  linearLayers,
  loadModel,
  type Model,
  type ModelConfig,
  pairwise,
  preferenceBatch,
  Tape,
  trainStep,
} from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../support/families.ts";
import { DPO } from "../../support/step_setting.ts";

const TEXT = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => 3 + (seed * 31 + i * 17) % 50);
const BATCH = preferenceBatch([
  {
    prompt: [1, ...TEXT(1, 5)],
    chosen: TEXT(2, 9),
    rejected: TEXT(3, 12),
    referenceChosen: -30,
    referenceRejected: -40,
  },
  {
    prompt: [1],
    chosen: TEXT(4, 3),
    rejected: TEXT(5, 7),
    referenceChosen: -9,
    referenceRejected: -21,
  },
], { snapshotId: "0", referenceId: "0", requireSame: true });

async function twoSteps(
  device: Device,
  model: Model,
  gradientCheckpointing: boolean,
) {
  const layout = adapterLayout(linearLayers(model.config), { rank: 3, alpha: 6 });
  using state = new Slot(initTrainState(device, layout, 2, keyOf(5)));
  const out: number[][] = [];
  for (let step = 0; step < 2; step++) {
    using arena = new Arena(device, `step ${step}`);
    const run = { model, layout, objective: pairwise(DPO), gradientCheckpointing };
    const next = await trainStep(arena, run, state.current, BATCH, { step, learningRate: 0.01 });
    const { losses, normSquares } = await arena.readAll(next.metrics);
    state.set(next.state);
    out.push([...losses], [...normSquares]);
  }
  using arena = new Arena(device, "read");
  return { out, params: await arena.read(state.current.borrow().params) };
}

deviceTest(
  "trainStep() with gradient checkpointing has the same bits, in every kind of block",
  async (device) => {
    for (const variant of ["llama", "gemma3", "gpt2", "gpt_neox", "olmo2", "phi3"]) {
      const fixture = await familyFixture(variant);
      const config = familyConfig(variant, fixture);
      const model = loadModel(device, config, familyTensors(config, 1));
      using _weights = model.weights;
      const plain = await twoSteps(device, model, false),
        again = await twoSteps(device, model, true);
      assertEquals(again.out, plain.out, variant);
      assertEquals(again.params, plain.params, variant);
      assert(plain.out[3].every((square) => square > 0));
    }
  },
);

const DEEP: ModelConfig = {
  vocabSize: 64,
  hiddenSize: 64,
  intermediateSize: 192,
  layers: 12,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  ropeTheta: 10000,
  rmsEps: 1e-5,
  tied: true,
  maxPositions: 64,
};

/** Most bytes that live at once in a step, over those of the state and the model. */
async function peakOf(device: Device, gradientCheckpointing: boolean): Promise<number> {
  const model = loadModel(device, DEEP, initModel(DEEP, keyOf(1)));
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(DEEP), { rank: 2, alpha: 4 });
  using state = initTrainState(device, layout, 1, keyOf(5));
  const before = device.stats().bytes;
  let most = 0;
  class Watching extends Arena {
    override dispatch(...args: Parameters<Arena["dispatch"]>): void {
      super.dispatch(...args);
      most = Math.max(most, device.stats().bytes - before);
    }
  }
  using arena = new Watching(device, "step");
  const run = { model, layout, objective: pairwise(DPO), gradientCheckpointing };
  const next = await trainStep(arena, run, state, BATCH, { step: 0, learningRate: 0.01 });
  using _next = next.state;
  await arena.readAll(next.metrics);
  return most;
}

deviceTest(
  "trainStep() with gradient checkpointing keeps a block's insides for one block at a time",
  async (device) => {
    const plain = await peakOf(device, false), less = await peakOf(device, true);
    assert(less < plain / 3, `${less} bytes against ${plain}`);
  },
);

deviceTest(
  "checkpointed() only runs the part where no backward pass follows, and stops where nobody trains",
  async (device) => {
    using arena = new Arena(device, "test");
    const x = arena.upload([2], new Float32Array([0, 1]), "x");
    let runs = 0;
    const part = (tape: Tape, t: typeof x) => {
      runs++;
      return activation(tape, "silu", t);
    };
    checkpointed(new Tape(arena, false), x, part, { trains: false });
    assertEquals(runs, 1);
    const frozen = new Tape(arena, true);
    frozen.flow(x, []);
    assertEquals(frozen.wants(checkpointed(frozen, x, part, { trains: false })), false);
    const tape = new Tape(arena, true);
    const y = checkpointed(tape, x, part, { trains: false });
    tape.accumulate(y, () => arena.upload([2], new Float32Array([1, 1]), "dy"));
    tape.accumulate(x, () => arena.upload([2], new Float32Array([5, 5]), "another use of x"));
    tape.backward();
    assertEquals(runs, 4); // forward twice, and again in one backward pass
    const dx = await arena.read(tape.gradient(x)!);
    assert(Math.abs(dx[0] - 5.5) < 1e-6 && Math.abs(dx[1] - 5.92767) < 1e-4, `${dx}`);
  },
);
