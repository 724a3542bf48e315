import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena, type Tensor } from "../../../backend/mod.ts";
import {
  adapterLayout,
  checkIds,
  completionLogps,
  initSftState,
  initTrainState,
  keyOf,
  linearLayers,
  nll,
  packSequences,
  sftStep,
  trainStep,
  uploadBatch,
} from "../../../core/mod.ts";
import { deviceTest } from "../../support/devices.ts";
import { modelFixture } from "../../support/fixtures.ts";
import { Mistake } from "../../../core/base/mistake.ts";

deviceTest(
  "uploadBatch() repeats the sequences for every member, with rows counted on",
  async (device) => {
    const packed = packSequences([
      { ids: [7, 8, 9], promptLength: 1 },
      { ids: [4, 5], promptLength: 1 },
    ]);
    using arena = new Arena(device, "test");
    const batch = uploadBatch(arena, packed, 2);
    assertEquals([batch.groups, batch.maxLength], [2, 3]);
    const expected = {
      ids: [7, 8, 9, 4, 5, 7, 8, 9, 4, 5],
      positions: [0, 1, 2, 0, 1, 0, 1, 2, 0, 1],
      starts: [0, 3, 5, 8],
      lengths: [3, 2, 3, 2],
      headRows: [0, 1, 3, 5, 6, 8],
      targets: [8, 9, 5, 8, 9, 5],
      headStarts: [0, 2, 3, 5],
      headCounts: [2, 1, 2, 1],
    };
    const tensors = Object.fromEntries(
      Object.keys(expected).map((name) => [name, batch[name as keyof typeof expected]]),
    ) as Record<string, Tensor>;
    const read = await arena.readAll(tensors);
    for (const [name, values] of Object.entries(expected)) {
      assertEquals(
        [...read[name]],
        values,
        name,
      );
    }
  },
);

Deno.test("checkIds() refuses what is no row of the embedding, and says where", () => {
  const what = { verb: "do", thing: "it", holder: "the prompt" };
  checkIds([], 1, what);
  checkIds(new Uint32Array([0, 96, 5]), 97, what);
  for (const id of [97, -1, 0.5, NaN]) {
    assertThrows(
      () => checkIds([0, id, 99], 97, what),
      Mistake,
      `Cannot do it: the prompt has the id ${id} at place 1, expected whole numbers from 0 to 96. They are of another tokenizer`,
    );
  }
});

deviceTest("every pass over texts refuses ids that the vocabulary has not", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const layout = adapterLayout(linearLayers(model.config), { rank: 2, alpha: 4 });
  const sequence = { ids: [1, 5, 97], promptLength: 1 }, packed = packSequences([sequence]);
  const pace = { step: 0, learningRate: 0.1 }, message = "has the id 97 at place 2";
  await assertRejects(() => completionLogps(device, model, [sequence]), Mistake, message);
  using adapter = initTrainState(device, layout, 1, keyOf(1));
  using all = initSftState(device, model);
  using arena = new Arena(device, "test");
  const run = { model, layout, objective: nll() };
  await assertRejects(
    () => trainStep(arena, run, adapter, packed, pace),
    Mistake,
    message,
  );
  assertThrows(() => sftStep(arena, model.config, all, packed, pace), Mistake, message);
}, ["cpu"]);
