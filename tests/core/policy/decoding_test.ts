import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import { completionLogps, generate, keyOf, loadModel } from "../../../core/mod.ts";
import { decodeStep, prefill } from "../../../core/policy/decoding.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../support/families.ts";

for (const variant of ["llama", "gpt2"]) { // turned and learned positions
  deviceTest(
    `prefill() and decodeStep() leave the ids of generate() with ${variant}`,
    async (device) => {
      const config = familyConfig(variant, await familyFixture(variant));
      const model = loadModel(device, config, familyTensors(config, 1), { context: 32 });
      using _weights = model.weights;
      const prompts = [[1, 5, 3], [4]], options = { maxNew: 6, key: keyOf(3) };
      const wanted = await generate(device, model, prompts, options);
      using decoding = prefill(device, model, prompts, [0, 1], options);
      const lengths = Uint32Array.of(3, 1);
      for (let step = 1; step < 6; step++) {
        using arena = new Arena(device, `step ${step}`);
        decodeStep(arena, model, decoding.borrow(), step, lengths, options);
        arena.commit();
      }
      using arena = new Arena(device, "read");
      const { ids, logps } = await arena.readAll({
        ids: decoding.borrow().ids,
        logps: decoding.borrow().logps,
      });
      // A cache and one row a step say what a pass over the whole text says: sums of 40 terms in another order.
      const texts = prompts.map((prompt, s) => ({
        ids: [...prompt, ...wanted[s].ids],
        promptLength: prompt.length,
      }));
      const { perToken } = await completionLogps(device, model, texts);
      wanted.forEach((one, s) => {
        const end = 6 * s + one.ids.length;
        assertEquals([...ids.subarray(6 * s, end)], [...one.ids]);
        assertClose(logps.subarray(6 * s, end), perToken[s], f32Sum(40, 4), `text ${s}`);
      });
    },
    ["cpu"],
  );
}
