import { assertEquals, assertThrows } from "@std/assert";
import { CountingDevice, Slot } from "../../../backend/mod.ts";
import {
  downloadTrainState,
  microBatches,
  packSequences,
  preferenceBatch,
  rowBatches,
  type TokenPair,
} from "../../../core/mod.ts";
import { dpo, ipo, type PreferenceLoss, slic } from "../../../losses/mod.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { midway, runStep, type Setting, setting } from "../../support/step_setting.ts";

/** Five pairs of different lengths, the reference log-probs a number of their own each. */
function fivePairs(length: (i: number) => number): TokenPair[] {
  const ids = (n: number, from: number) => Array.from({ length: n }, (_, i) => 3 + (from + i) % 90);
  return [0, 1, 2, 3, 4].map((i) => ({
    prompt: ids(1 + length(i), 7 * i),
    chosen: ids(2 + length(i + 1), 11 * i),
    rejected: ids(1 + length(i + 2), 13 * i),
    referenceChosen: -20 - i,
    referenceRejected: -22 + i,
  }));
}
const ids = { snapshotId: "s", referenceId: "s", requireSame: true };

Deno.test("microBatches() packs its pairs as if they were all there is", () => {
  const pairs = fivePairs((i) => (3 * i) % 4);
  const whole = preferenceBatch(pairs, ids);
  const parts = microBatches(whole, 2);
  assertEquals(parts.map(({ examples }) => examples), [[0, 1], [2, 3], [4]]);
  assertEquals(parts.map(({ sequences }) => sequences), [[0, 1, 5, 6], [2, 3, 7, 8], [4, 9]]);
  for (const { batch, packed, examples: [first] } of parts) {
    assertEquals(batch, preferenceBatch(pairs.slice(first, first + 2), ids));
    assertEquals(packed, batch.packed);
  }
  const all = { examples: [0, 1, 2, 3, 4], sequences: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] };
  assertEquals(microBatches(whole, 5), [{ batch: whole, packed: whole.packed, ...all }]);
  assertEquals(microBatches(whole), microBatches(whole, 9));
  for (const size of [0, 1.5]) {
    assertThrows(() => microBatches(whole, size), RangeError, `microBatch is ${size}, expected`);
  }
});

Deno.test("rowBatches() keeps sequences whole and in order", () => {
  const sequences = [3, 4, 9, 3, 3].map((length, s) => ({
    ids: Array.from({ length }, (_, i) => 10 * s + i),
    promptLength: 1 + s % 2,
  }));
  const packed = packSequences(sequences);
  const parts = (most: number) => rowBatches(packed, most);
  assertEquals(parts(22), [packed]);
  assertEquals(parts(21), [packSequences(sequences.slice(0, 4)), packSequences([sequences[4]])]);
  assertEquals(parts(7).map(({ lengths }) => [...lengths]), [[3, 4], [9], [3, 3]]);
  assertEquals(parts(1).length, 5);
});

const losses: PreferenceLoss[] = [
  dpo({ beta: 0.1 }),
  ipo({ tau: 0.1, reduction: "mean" }),
  slic({ beta: 0.1 }),
  { ...dpo({ beta: 0.3 }), name: "without WGSL", wgsl: undefined },
];
for (const loss of losses) {
  deviceTest(
    `trainStep() in micro-batches equals the whole step but for the rounding of sums: ${loss.name}`,
    async (device) => {
      using base = await setting(device);
      const all: Setting = { ...base, batch: preferenceBatch(fivePairs((i) => (3 * i) % 4), ids) };
      const step = async (microBatch?: number) => {
        using state = new Slot(midway(all, 2));
        const { normSquares, ...rest } = await runStep(all, state, { loss, microBatch });
        return { normSquares, rest, state: await downloadTrainState(device, state.current) };
      };
      const whole = await step();
      assertEquals(await step(5), whole);
      for (const size of [1, 2, 4]) {
        const split = await step(size), what = `micro-batches of ${size}`;
        assertEquals(split.rest, whole.rest, what);
        assertClose(split.normSquares, whole.normSquares, { rtol: 1e-5, atol: 0 }, what);
        for (const part of ["params", "m", "v"] as const) {
          const tolerance = { rtol: 1e-4, atol: 1e-6 };
          assertClose(split.state[part], whole.state[part], tolerance, `${part}, ${what}`);
        }
      }
      assertEquals(await step(2), await step(2));
    },
  );
}

deviceTest(
  "trainStep() in micro-batches takes the memory of the largest, and a throw leaves the state as it was",
  async (device) => {
    using base = await setting(device);
    const all: Setting = { ...base, batch: preferenceBatch(fivePairs((i) => (7 * i) % 25), ids) };
    using state = new Slot(midway(all, 2));
    const peak = async (batch: Setting["batch"], microBatch?: number) => {
      using counting = new CountingDevice(device.info);
      const model = { ...all.model, weights: counting.look(all.model.weights.borrow()) };
      const one = new Slot(counting.look(state.current.borrow()));
      await runStep({ ...all, batch, device: counting, model }, one, { microBatch });
      return counting.stats().bytesPeak;
    };
    const whole = await peak(all.batch), split = await peak(all.batch, 1);
    const alone = Math.max(
      ...await Array.fromAsync(microBatches(all.batch, 1), ({ batch }) => peak(batch)),
    );
    const sums = 3 * state.current.borrow().params.storage.block.bytes; // the gradient so far, and its sum
    if (!(split < 0.6 * whole && split <= alone + sums)) {
      throw new Error(
        `${split} bytes in micro-batches, ${whole} at once, ${alone} for the largest`,
      );
    }
    const before = await downloadTrainState(device, state.current);
    let asked = 0;
    const bad: PreferenceLoss = {
      ...dpo({ beta: 0.1 }),
      wgsl: undefined,
      slopes() {
        if (++asked > 4) throw new Error("boom");
        return { dw: 1, dl: -1 };
      },
    };
    const failed = await runStep(all, state, { loss: bad, microBatch: 1 }).catch((error) => error);
    assertEquals(failed.message, "boom");
    assertEquals(await downloadTrainState(device, state.current), before);
  },
);
