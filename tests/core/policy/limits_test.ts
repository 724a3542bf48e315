import { assert, assertEquals } from "@std/assert";
import type { Device } from "../../../backend/mod.ts";
import { completionLogps, generate, keyOf } from "../../../core/mod.ts";
import { rowsWithin, sequencesWithin } from "../../../core/policy/limits.ts";
import { deviceTest } from "../../support/devices.ts";
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

Deno.test("rowsWithin() fits the widest layer, fused ones too", () => {
  assertEquals(rowsWithin(4 * 24 * 7 + 95, config), 7); // q, k and v in one: 8 heads of 3
  assertEquals(rowsWithin(4 * 40 * 7, { ...config, intermediateSize: 20 }), 7); // gate and up in one
  assertEquals(rowsWithin(4 * 99 * 7, { ...config, hiddenSize: 99 }), 7);
  assertEquals(rowsWithin(1, config), 1);
});

Deno.test("sequencesWithin() fits prompts, caches and logits", () => {
  const within = (bytes: number, longest: number, maxNew: number) =>
    sequencesWithin(bytes, config, { longest, maxNew });
  assertEquals(within(4 * 50 * 3 + 199, 1, 1), 3); // logits
  assertEquals(within(4 * 10 * 24 * 3, 10, 1), 3); // prompt rows
  assertEquals(within(4 * 110 * 6 * 3, 10, 100), 3); // keys
  assertEquals(within(4 * 110 * 6 * 3 - 1, 10, 100), 2);
  assertEquals(within(1, 10, 100), 1);
  // 7B: 32 layers of 4,096 keys and as many values, 4 bytes each: 1 MiB a token, 1 GiB for all
  const large = { ...config, layers: 32, kvHeads: 32, headDim: 128 };
  assertEquals(sequencesWithin(2 ** 40, large, { longest: 100, maxNew: 28 }), 8);
});

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
    // Asking for more does not help.
    await completionLogps(small, model, sequences, { rowsPerPass: 1000 });
    await generate(small, model, prompts, { ...options, batchSize: 100 });
    assert(small.largest <= 4096, `${small.largest} bytes`);
  },
);
