import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/mod.ts";
import { forward, loadModel, packSequences, Tape, uploadBatch } from "../../../core/mod.ts";
import { assertRelativeToMax } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../support/families.ts";
import {
  adapterFixture,
  jsonFixture,
  logitsOf,
  modelFixture,
  tensorFixture,
  uploadMembers,
} from "../../support/fixtures.ts";
import { Mistake } from "../../../core/base/mistake.ts";

interface Sequences {
  inputIds: number[][];
  lengths: number[];
}

/** Every position but the last predicts: pack so that all rows from 0 to n − 2 are head rows. */
function packAll({ inputIds, lengths }: Sequences) {
  return packSequences(
    inputIds.map((ids, s) => ({ ids: ids.slice(0, lengths[s]), promptLength: 1 })),
  );
}

for (const name of ["tiny_llama", "tiny_llama_tied"]) {
  deviceTest(`forward() gives transformers' logits for ${name} to 1e-4`, async (device) => {
    const model = await modelFixture(device, name);
    using _weights = model.weights;
    const sequences = (await jsonFixture("forward.json"))[name];
    const expected = await tensorFixture("forward.safetensors");
    using arena = new Arena(device, "test");
    const batch = uploadBatch(arena, packAll(sequences));
    const pass = { config: model.config, weights: model.weights.borrow() };
    const h = forward(new Tape(arena, false), pass, batch);
    const logits = await arena.read(logitsOf(arena, model, h));
    let at = 0;
    sequences.lengths.forEach((length: number, s: number) => {
      const truth = expected.get(`${name}.seq${s}.logits`)!.data;
      const V = model.config.vocabSize;
      const rows = (length - 1) * V;
      assertRelativeToMax(
        logits.subarray(at, at + rows),
        truth.subarray(0, rows),
        1e-4,
        `sequence ${s}`,
      );
      at += rows;
    });
  });
}

deviceTest(
  "forward() with a PEFT adapter gives peft's logits to 1e-4, alone and as two members",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const { forward: sequences } = await jsonFixture("lora.json");
    const expected = await tensorFixture("lora.safetensors");
    const { layout, params } = await adapterFixture(model, "tiny_llama_lora");
    for (const groups of [1, 2]) {
      using arena = new Arena(device, "test");
      // With two members the first is a zero adapter: the second must not see it.
      const members = groups === 1 ? [params] : [new Float32Array(layout.size), params];
      const adapter = uploadMembers(arena, layout, members);
      const packed = packAll(sequences);
      const batch = uploadBatch(arena, packed, groups);
      const pass = { config: model.config, weights: model.weights.borrow(), adapter };
      const h = forward(new Tape(arena, false), pass, batch);
      const all = await arena.read(logitsOf(arena, model, h));
      const logits = all.subarray((groups - 1) * all.length / groups);
      let at = 0;
      sequences.lengths.forEach((length: number, s: number) => {
        const truth = expected.get(`seq${s}.logits`)!.data;
        const rows = (length - 1) * model.config.vocabSize;
        assertRelativeToMax(
          logits.subarray(at, at + rows),
          truth.subarray(0, rows),
          1e-4,
          `sequence ${s}`,
        );
        at += rows;
      });
    }
  },
);

deviceTest("forward() refuses a sequence beyond the model's positions", async (device) => {
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  using arena = new Arena(device, "test");
  const tooLong = { ids: new Uint32Array(model.config.maxPositions + 1), promptLength: 1 };
  const batch = uploadBatch(arena, packSequences([tooLong]));
  const pass = { config: model.config, weights: model.weights.borrow() };
  assertThrows(
    () => forward(new Tape(arena, false), pass, batch),
    Mistake,
    "max_position_embeddings",
  );
});

deviceTest(
  "forward() goes by the tables that were loaded, whatever config it is given",
  async (device) => {
    const { config, tensors } = await hostFamily("gpt2");
    const llama = await hostFamily("llama");
    for (
      const [parsed, model] of [
        [llama.config, loadModel(device, llama.config, llama.tensors, { context: 8 })],
        [config, loadModel(device, config, tensors, { context: 8 })],
      ] as const
    ) {
      using weights = model.weights;
      using arena = new Arena(device, "test");
      const batch = uploadBatch(
        arena,
        packSequences([{ ids: [1, ...new Array(200).fill(3)], promptLength: 1 }]),
      );
      const error = assertThrows(
        () => forward(new Tape(arena, false), { config: parsed, weights: weights.borrow() }, batch),
        Mistake,
      );
      const most = parsed === config ? 128 : 8; // learned positions are whole in memory
      assertEquals(
        error.message.includes(`has 201 tokens, expected at most ${most} `),
        true,
        error.message,
      );
    }
  },
);

async function hostFamily(variant: string) {
  const fixture = await familyFixture(variant);
  const config = familyConfig(variant, fixture);
  return { config, tensors: familyTensors(config, 1) };
}
