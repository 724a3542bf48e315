import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/mod.ts";
import { initSftState, loadModel, parseModelConfig } from "../../../core/mod.ts";
import { fromStored, sourceOfWeights } from "../../../core/model/stored.ts";
import { familyFixture, familyTensors } from "../../support/families.ts";

Deno.test("fromStored() turns GPT-2's linear layers over, and leaves its tables", async () => {
  const config = parseModelConfig((await familyFixture("gpt2")).config, "config.json");
  const name = "transformer.h.0.attn.c_attn.weight";
  const stored = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const turned = fromStored(config, name, stored);
  assertEquals(turned, { shape: [3, 2], data: Float32Array.of(1, 4, 2, 5, 3, 6) });
  for (const left of ["transformer.wte.weight", "transformer.wpe.weight", "lm_head.weight"]) {
    assertEquals(fromStored(config, left, stored), stored, left);
  }
});

// GPT-2 has its matrices the other way round, Gemma has its norms less one: on the device both are as in Llama.
for (const family of ["gpt2", "gemma", "llama", "starcoder2"]) {
  Deno.test(`sourceOfWeights() gives back the checkpoint of ${family}`, async () => {
    using device = await CpuDevice.open({ threads: 1 });
    const { config: json, cases } = await familyFixture(family);
    const config = parseModelConfig(json, "config.json");
    const tensors = familyTensors(config, cases[0].seed);
    const model = loadModel(device, config, tensors, { context: 32 }); // of 128
    using _weights = model.weights;
    using state = initSftState(device, model);
    using source = sourceOfWeights(device, model.config, state.borrow().weights);
    assertEquals([...source.tensors.keys()], [...tensors.keys()]);
    for (const [name, { shape, data }] of tensors) {
      assertEquals(source.tensors.get(name)!.shape, shape);
      const read = await source.read(name);
      // 1 + w and less 1 again rounds twice at size about 1.
      read.forEach((x, i) =>
        assert(Math.abs(x - data[i]) <= 2 ** -23, `${name} ${i}: ${x} ${data[i]}`)
      );
    }
  });
}
