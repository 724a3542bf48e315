import { assert, assertEquals } from "@std/assert";
import { Arena, type Device, Slot, type Tensor } from "../../../../backend/mod.ts";
import {
  adapterLayout,
  completionLogps,
  initTrainState,
  keyOf,
  linearLayers,
  nll,
  packSequences,
  sftGradients,
  trainStep,
} from "../../../../core/mod.ts";
import { ROPE_TABLE } from "../../../../core/model/load.ts";
import { assertClose, assertRelativeToMax } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { modelFixture } from "../../../support/fixtures.ts";

const TEXTS = [
  { ids: [1, 14, 63, 8, 27, 90, 5], promptLength: 3 },
  { ids: [1, 55, 20, 71], promptLength: 1 },
];

async function train(device: Device, members: number, steps: number) {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(model.config), { rank: 4, alpha: 8 });
  using state = new Slot(initTrainState(device, layout, members, keyOf(3)));
  const losses: number[] = [];
  let norm = 0;
  for (let step = 0; step < steps; step++) {
    using arena = new Arena(device, `step ${step}`);
    const options = { step, learningRate: 2e-2 };
    const out = await trainStep(
      arena,
      { model, layout, objective: nll() },
      state.current,
      packSequences(TEXTS),
      options,
    );
    const read = await arena.readAll(out.metrics);
    const logps = read.logps as Float32Array, { normSquares } = read;
    state.set(out.state);
    losses.push(-logps.reduce((a, b) => a + b, 0) / logps.length);
    if (step === 0) norm = Math.sqrt(normSquares[0]);
  }
  const params = state.current.borrow().params;
  const adapter = { layout, params: { ...params, shape: [1, layout.size] } };
  const { sums } = await completionLogps(device, model, TEXTS, { adapter });
  return { losses, norm, sums };
}

deviceTest(
  "trainStep() with nll() starts at the base's mean NLL and learns the texts",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using weights = model.weights;
    const before = await completionLogps(device, model, TEXTS);
    const tokens = TEXTS.reduce((n, { ids, promptLength }) => n + ids.length - promptLength, 0);
    const { losses, sums } = await train(device, 1, 12);
    const start = -before.sums.reduce((a, b) => a + b, 0) / tokens;
    assert(Math.abs(losses[0] - start) < 1e-5 * start); // ΔW = 0: sums of 7 f32 log-probs in two orders
    assert(losses[11] < losses[0] / 2, `${losses}`);
    assert(sums[0] > before.sums[0] && sums[1] > before.sums[1]);
    assert(weights.borrow()["model.norm.weight"] !== undefined);
  },
);

deviceTest(
  "trainStep() with nll()'s gradient is the full one, seen through B = 0",
  async (device) => {
    // With B = 0 only ∂B lives: scale·∂W·Aᵀ, summed over layers. Its norm follows from sftGradients()'s ∂W.
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const layout = adapterLayout(linearLayers(model.config), { rank: 4, alpha: 8 });
    using state = initTrainState(device, layout, 1, keyOf(3));
    using arena = new Arena(device, "gradients");
    const { [ROPE_TABLE]: rope, ...weights } = model.weights.borrow() as Record<string, Tensor>;
    const tables = { [ROPE_TABLE]: rope };
    const { gradients } = sftGradients(
      arena,
      model.config,
      { weights, tables },
      packSequences(TEXTS),
    );
    const read = await arena.readAll<Record<string, Tensor>>({
      ...gradients,
      params: state.borrow().params,
    });
    let squares = 0;
    for (const { name, inDim, outDim, aOffset } of layout.modules.values()) {
      const dW = read[`${name}.weight`];
      for (let o = 0; o < outDim; o++) {
        for (let r = 0; r < layout.rank; r++) {
          let sum = 0;
          for (let i = 0; i < inDim; i++) {
            sum += dW[o * inDim + i] * read.params[aOffset + r * inDim + i];
          }
          squares += (layout.scale * sum) ** 2;
        }
      }
    }
    const { norm } = await train(device, 1, 1);
    assert(Math.abs(norm / Math.sqrt(squares) - 1) < 1e-4, `${norm} against ${Math.sqrt(squares)}`);
  },
);

deviceTest("trainStep() with nll() trains each member as if it were alone", async (device) => {
  const alone = await train(device, 1, 3), both = await train(device, 2, 3);
  assert(Math.abs(both.norm / alone.norm - 1) < 1e-5, `${both.norm} against ${alone.norm}`);
  assertEquals(both.sums.length, alone.sums.length);
  both.sums.forEach((sum, i) => assert(Math.abs(sum - alone.sums[i]) < 1e-4 * Math.abs(sum)));
});

deviceTest(
  "trainStep() with nll() in micro-batches equals the whole step but for the rounding of sums",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const layout = adapterLayout(linearLayers(model.config), { rank: 4, alpha: 8 });
    const packed = packSequences([...TEXTS, { ids: [9, 8, 7, 6, 5], promptLength: 2 }]);
    const step = async (microBatch?: number) => {
      using state = new Slot(initTrainState(device, layout, 2, keyOf(3)));
      using arena = new Arena(device, "step");
      const options = { step: 0, learningRate: 2e-2, microBatch };
      const out = await trainStep(
        arena,
        { model, layout, objective: nll() },
        state.current,
        packed,
        options,
      );
      const { logps, entropy, normSquares } = await arena.readAll(out.metrics);
      state.set(out.state);
      return { sums: { logps, entropy }, normSquares, m: await arena.read(out.state.borrow().m) };
    };
    const whole = await step();
    for (const most of [1, 9]) {
      const split = await step(most), what = `micro-batches of ${most} tokens`;
      assertEquals(split.sums, whole.sums, what);
      assertClose(split.normSquares, whole.normSquares, { rtol: 1e-5, atol: 0 }, what);
      assertRelativeToMax(split.m, whole.m, 1e-5, what);
    }
  },
);
