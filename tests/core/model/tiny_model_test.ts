import { assertEquals, assertNotEquals } from "@std/assert";
import { Arena, CpuDevice, type Tensor } from "../../../backend/mod.ts";
import { keyOf } from "../../../core/base/random.ts";
import type { Model } from "../../../core/model/load.ts";
import { tinyModel } from "../../../core/model/tiny_model.ts";

Deno.test("tinyModel() has the same weights each time, and others for another key", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const embedding = async (model: Model): Promise<ArrayLike<number>> => {
    using weights = model.weights;
    using arena = new Arena(device, "read");
    return await arena.read(weights.borrow()["model.embed_tokens.weight"] as Tensor);
  };
  const first = tinyModel(device);
  assertEquals([first.config.vocabSize, first.config.layers, first.config.maxPositions], [
    16,
    1,
    2048,
  ]);
  const bits = await embedding(first);
  assertEquals(await embedding(tinyModel(device)), bits);
  assertNotEquals(await embedding(tinyModel(device, keyOf(2))), bits);
});
