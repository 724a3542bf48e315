import { assert, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import {
  adapterForward,
  adapterGradient,
  adapterUpdate,
} from "../../../core/train/adapter_pass.ts";
import {
  adapterLayout,
  initTrainState,
  keyOf,
  linearLayers,
  packSequences,
  vocabularyHead,
} from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { modelFixture } from "../../support/fixtures.ts";

deviceTest(
  "adapterUpdate() moves against the slopes' sign, and takes its state",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 });
    const packed = packSequences([{ ids: [1, 14, 63], promptLength: 1 }]);
    const after = async (sign: number) => {
      using state = initTrainState(device, layout, 1, keyOf(3));
      using arena = new Arena(device, "update");
      const run = { model, layout };
      const forward = adapterForward(arena, run, state.borrow().params, packed, vocabularyHead);
      const slopes = arena.upload([2], new Float32Array([sign, sign]), "slopes");
      const nonFinite = arena.zeros([1], "nonFinite", "u32");
      const options = { step: 0, learningRate: 1e-2, receiver: "a test", nonFinite };
      const { next } = adapterUpdate(
        arena,
        run,
        state,
        adapterGradient(arena, forward, { slopes, nonFinite }),
        options,
      );
      assertThrows(() => state.borrow(), ReferenceError, "donated to a test");
      using _next = next;
      const moved = adapterForward(arena, run, next.borrow().params, packed, vocabularyHead);
      const logps = await arena.read(moved.head.reading.logps) as Float32Array;
      return logps.reduce((a, b) => a + b, 0);
    };
    const up = await after(-1), down = await after(1); // the slopes are ∂loss/∂log-prob
    assert(up > down + 0.01, `${up} and ${down}`);
  },
);
