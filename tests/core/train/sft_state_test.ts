import { assertEquals, assertThrows } from "@std/assert";
import { Arena, Slot } from "../../../backend/mod.ts";
import {
  downloadSftState,
  initSftState,
  packSequences,
  sftStep,
  uploadSftState,
} from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { modelFixture } from "../../support/fixtures.ts";

for (const name of ["tiny_llama", "tiny_llama_tied"]) {
  deviceTest(
    `uploadSftState() of what downloadSftState() gives goes on to the bit, ${name}`,
    async (device) => {
      const model = await modelFixture(device, name);
      using _weights = model.weights;
      const packed = packSequences([{ ids: [1, 14, 43, 8, 27], promptLength: 2 }]);
      using whole = new Slot(initSftState(device, model));
      const step = (state: typeof whole, step: number) => {
        using arena = new Arena(device, "sft step");
        const next = sftStep(arena, model.config, state.current, packed, {
          step,
          learningRate: 0.01,
        });
        arena.commit();
        state.set(next.state);
      };
      step(whole, 0);
      const host = await downloadSftState(device, whole.current);
      using again = new Slot(uploadSftState(device, model, host));
      assertEquals(await downloadSftState(device, again.current), host);
      for (const state of [whole, again]) step(state, 1);
      assertEquals(
        await downloadSftState(device, again.current),
        await downloadSftState(device, whole.current),
      );
      const short = { ...host.m, "model.norm.weight": new Float32Array(1) };
      const { shape } = whole.current.borrow().m["model.norm.weight"];
      assertThrows(
        () => uploadSftState(device, model, { ...host, m: short }),
        TypeError,
        `m of model.norm.weight is 1 numbers, expected the ${shape[0]} of [${shape[0]}]`,
      );
    },
  );
}
