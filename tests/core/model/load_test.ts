import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Arena,
  dequantise,
  type Device,
  isMatrix,
  quantise,
  type Tensor,
} from "../../../backend/mod.ts";
import {
  completionLogps,
  loadModel,
  type Model,
  ropeFrequencies,
  sourceOfTensors,
  streamModel,
} from "../../../core/mod.ts";
import { LOCAL_ROPE_TABLE, ROPE_TABLE } from "../../../core/model/load.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture, familyTensors } from "../../support/families.ts";
import { Mistake } from "../../../core/base/mistake.ts";

async function hostModel(variant: string) {
  const fixture = await familyFixture(variant);
  const config = familyConfig(variant, fixture);
  return { fixture, config, tensors: familyTensors(config, 1) };
}

async function read(device: Device, model: Model, name: string): Promise<Float32Array> {
  using arena = new Arena(device, "look");
  return await arena.read(model.weights.borrow()[name] as Tensor) as Float32Array;
}

deviceTest("streamModel() puts the same model on the device as loadModel()", async (device) => {
  for (const variant of ["gemma3", "gpt2"]) {
    const { fixture, config, tensors } = await hostModel(variant);
    using source = sourceOfTensors(tensors);
    const seen: string[] = [];
    const streamed = await streamModel(device, config, source, {
      onProgress: (done, of) => seen.push(`${done}/${of}`),
    });
    using _streamed = streamed.weights;
    const whole = loadModel(device, config, tensors);
    using _whole = whole.weights;
    assertEquals([seen[0], seen.at(-1)], [`1/${tensors.size}`, `${tensors.size}/${tensors.size}`]);
    const texts = [{ ids: fixture.cases[0].sequences[1], promptLength: 1 }];
    const [a, b] = [
      await completionLogps(device, streamed, texts),
      await completionLogps(device, whole, texts),
    ];
    assertEquals(a.perToken, b.perToken);
  }
});

deviceTest(
  "loadModel() transposes GPT-2's matrices and adds the 1 to Gemma's norms",
  async (device) => {
    const gpt2 = await hostModel("gpt2");
    const model = loadModel(device, gpt2.config, gpt2.tensors);
    using _model = model.weights;
    const name = "transformer.h.0.mlp.c_fc.weight", stored = gpt2.tensors.get(name)!;
    const [rows, cols] = stored.shape;
    assertEquals((model.weights.borrow()[name] as Tensor).shape, [cols, rows]);
    const there = await read(device, model, name);
    assertEquals(there[3 * rows + 2], stored.data[2 * cols + 3]);
    assertEquals(
      await read(device, model, "transformer.wpe.weight"),
      gpt2.tensors.get("transformer.wpe.weight")!.data,
    );
    const gemma = await hostModel("gemma3");
    const other = loadModel(device, gemma.config, gemma.tensors);
    using _other = other.weights;
    const norm = "model.layers.0.self_attn.q_norm.weight";
    assertEquals(await read(device, other, norm), gemma.tensors.get(norm)!.data.map((w) => 1 + w));
  },
);

deviceTest(
  "loadModel() holds a rotary table for each way that a layer turns, and none for GPT-2",
  async (device) => {
    const gemma = await hostModel("gemma3");
    const model = loadModel(device, gemma.config, gemma.tensors, { context: 16 });
    using _model = model.weights;
    assertEquals(model.config.maxPositions, 16);
    for (
      const [table, rope] of [[ROPE_TABLE, gemma.config.rope!], [
        LOCAL_ROPE_TABLE,
        gemma.config.localRope!,
      ]] as const
    ) {
      const values = await read(device, model, table);
      assertEquals(values.length, 16 * rope.dim);
      const [, second] = ropeFrequencies(rope, 16);
      assertAlmostEquals(values[rope.dim + 1], Math.cos(second), 1e-6);
    }
    const gpt2 = await hostModel("gpt2");
    const plain = loadModel(device, gpt2.config, gpt2.tensors);
    using _plain = plain.weights;
    assertEquals(plain.weights.borrow()[ROPE_TABLE], undefined);
  },
);

deviceTest(
  "streamModel() narrows the base: log-probs are those of the rounded weights",
  async (device) => {
    const { fixture, config, tensors } = await hostModel("llama");
    const texts = fixture.cases[0].sequences.map((ids) => ({ ids, promptLength: 1 }));
    for (const baseDtype of ["f16", "int8", "int4"] as const) {
      using source = sourceOfTensors(tensors);
      const narrow = await streamModel(device, config, source, { baseDtype });
      using weights = narrow.weights;
      const rounded = new Map([...tensors].map(([name, { shape, data }]) => {
        if (shape.length !== 2) return [name, { shape, data }];
        const embeds = name.includes("embed") || name.startsWith("lm_head");
        const dtype = embeds && baseDtype === "int4" ? "int8" : baseDtype;
        const stored = weights.borrow()[name];
        assert(isMatrix(stored) && stored.dtype === dtype, name);
        return [name, { shape, data: dequantise(quantise([shape[0], shape[1]], data, dtype)) }];
      }));
      const truth = loadModel(device, config, rounded);
      using _truth = truth.weights;
      const a = await completionLogps(device, narrow, texts);
      const b = await completionLogps(device, truth, texts);
      // Sums of 99 log-probs of the same numbers, in the same order but for how a panel is packed
      a.sums.forEach((sum, i) =>
        assert(Math.abs(sum - b.sums[i]) < 1e-5 * Math.abs(sum), `${sum} and ${b.sums[i]}`)
      );
    }
  },
);

deviceTest(
  "loadModel() refuses a context that the model has no positions for, and leaves nothing",
  async (device) => {
    const { config, tensors } = await hostModel("llama");
    const live = device.stats().live;
    for (const context of [0, 129, 1.5]) {
      const error = assertThrows(() => loadModel(device, config, tensors, { context }), Mistake);
      assertEquals(
        error.message,
        `Cannot load the model: the context is ${context} tokens, expected 1 to 128`,
      );
    }
    const source = {
      ...sourceOfTensors(tensors),
      read: (name: string) =>
        name === "model.norm.weight"
          ? Promise.reject(new TypeError("cut"))
          : sourceOfTensors(tensors).read(name),
    };
    await assertRejects(() => streamModel(device, config, source), TypeError, "cut");
    assertEquals(device.stats().live, live);
  },
);
