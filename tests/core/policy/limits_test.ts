import { assert, assertEquals } from "@std/assert";
import { CountingDevice, type Device } from "../../../backend/mod.ts";
import {
  adapterLayout,
  completionLogps,
  generate,
  initModel,
  initTrainState,
  keyOf,
  linearLayers,
  loadModel,
} from "../../../core/mod.ts";
import { rowsWithin, sequencesWithin } from "../../../core/policy/limits.ts";
import { deviceTest } from "../../support/devices.ts";
import { familyConfig, familyFixture } from "../../support/families.ts";
import { modelFixture } from "../../support/fixtures.ts";

const config = {
  ...{
    vocabSize: 50,
    hiddenSize: 8,
    intermediateSize: 10,
    layers: 1,
    heads: 4,
    kvHeads: 2,
    headDim: 3,
  },
};

const limits = (maxBindingBytes: number, room = Infinity) =>
  ({ info: { runsTwins: true, maxBindingBytes }, room }) as const;

Deno.test("rowsWithin() fits the widest layer, fused ones too", () => {
  assertEquals(rowsWithin(limits(4 * 24 * 7 + 95), config), 7); // q, k and v in one: 8 heads of 3
  assertEquals(rowsWithin(limits(4 * 40 * 7), { ...config, intermediateSize: 20 }), 7); // gate and up in one
  assertEquals(rowsWithin(limits(4 * 99 * 7), { ...config, hiddenSize: 99 }), 7);
  assertEquals(rowsWithin(limits(1), config), 1);
  assertEquals(rowsWithin(limits(2 ** 30, 1), config), 1);
});

Deno.test("sequencesWithin() fits prompts, caches and logits", () => {
  const within = (bytes: number, longest: number, maxNew: number) =>
    sequencesWithin(limits(bytes), config, { longest, maxNew });
  assertEquals(within(4 * 50 * 3 + 199, 1, 1), 3); // logits
  assertEquals(within(4 * 10 * 24 * 3, 10, 1), 3); // prompt rows
  assertEquals(within(4 * 110 * 6 * 3, 10, 100), 3); // keys
  assertEquals(within(4 * 110 * 6 * 3 - 1, 10, 100), 2);
  assertEquals(within(1, 10, 100), 1);
  // 7B: 32 layers of 4,096 keys and as many values, 4 bytes each: 1 MiB a token, 1 GiB for all
  const large = { ...config, layers: 32, kvHeads: 32, headDim: 128 };
  const tokens = { longest: 100, maxNew: 28 };
  assertEquals(sequencesWithin(limits(2 ** 40), large, tokens), 8);
  assertEquals(sequencesWithin(limits(2 ** 40, 1), large, tokens), 1);
});

for (const family of ["gpt2", "llama", "gemma2", "phi3"]) {
  Deno.test(`generate() and completionLogps() stay within the room that is left, and use it: ${family}`, async () => {
    const config = familyConfig(family, await familyFixture(family));
    const info = { kind: "cpu", name: "", detail: "", software: false, runsTwins: true } as const;
    using counting = new CountingDevice({ ...info, maxBindingBytes: 2 ** 30 });
    const model = loadModel(counting, config, initModel(config, keyOf(1)));
    using _weights = model.weights;
    const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8 });
    using state = initTrainState(counting, layout, 1, keyOf(1));
    const adapter = { layout, params: state.borrow().params };
    const maxNew = 2, longest = config.maxPositions - maxNew;
    const prompts = Array.from({ length: 60 }, () => Array(longest).fill(5));
    const sequences = prompts.map((ids) => ({ ids: [...ids, 5], promptLength: 1 }));
    const before = counting.stats().bytes, room = 3 * 2 ** 18;
    counting.byteBudget = before + room;
    const works = {
      generate: () => generate(counting, model, prompts, { maxNew, key: keyOf(1), adapter }),
      completionLogps: () => completionLogps(counting, model, sequences, { adapter }),
    };
    for (const [name, work] of Object.entries(works)) {
      let most = 0, parts = 0;
      counting.onSubmit = (commands) => {
        most = Math.max(most, counting.stats().bytes - before);
        parts++;
        return commands;
      };
      await work();
      assert(most <= room && most > 0.2 * room, `${name}: ${most} of ${room} bytes`);
      assert(parts > 2, `${name} in ${parts} parts`);
    }
  });
}

/** The device as it would be if it bound less; notes the largest storage that is asked for. */
function withLimit(device: Device, maxBindingBytes: number): Device & { largest: number } {
  const limited = new Proxy(device, {
    get(target, name) {
      if (name === "info") return { ...target.info, maxBindingBytes };
      if (name === "largest") return largest;
      const value = Reflect.get(target, name, target);
      if (name === "acquire") {
        return (bytes: number, label: string) => {
          largest = Math.max(largest, bytes);
          return target.acquire(bytes, label);
        };
      }
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  let largest = 0;
  return limited as Device & { largest: number };
}

deviceTest(
  "completionLogps() and generate() keep every buffer within the binding limit, and their results",
  async (device) => {
    const model = await modelFixture(device, "tiny_llama");
    using _weights = model.weights;
    const prompts = Array.from({ length: 12 }, (_, i) => [1, 5 + i, 9, 30 + i, 7]);
    const sequences = prompts.map((ids) => ({ ids, promptLength: 2 }));
    const options = { maxNew: 6, key: keyOf(4) };
    const small = withLimit(device, 4096), free = withLimit(device, 2 ** 27);
    const logps = await completionLogps(small, model, sequences);
    const texts = await generate(small, model, prompts, options);
    assert(small.largest <= 4096, `${small.largest} bytes`);
    assertEquals(logps, await completionLogps(free, model, sequences));
    assertEquals(texts, await generate(free, model, prompts, options));
    assert(free.largest > 4096, `${free.largest} bytes`);
    device.byteBudget = device.stats().bytes + 2 ** 17; // fewer at once, for there is no room
    const submits = device.stats().submits;
    assertEquals(texts, await generate(free, model, prompts, options));
    assertEquals(logps, await completionLogps(free, model, sequences));
    assert(device.stats().submits - submits > 6, "in parts");
    device.byteBudget = undefined;
    // Asking for more does not help.
    await completionLogps(small, model, sequences, { rowsPerPass: 1000 });
    await generate(small, model, prompts, { ...options, batchSize: 100 });
    assert(small.largest <= 4096, `${small.largest} bytes`);
  },
);
