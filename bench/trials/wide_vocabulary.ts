// A head of 262,144 × 2,048 (Gemma's vocabulary) at WebGPU's default limits: bindings of 128 MiB, buffers of 256 MiB.
// deno run --allow-read bench/trials/wide_vocabulary.ts [--dtype f32|f16|int8|int4] [--device cpu|webgpu]
// Prints log-probs of one short text and a step's loss; run it on both devices and compare.
import { parseArgs } from "@std/cli";
import { Arena, type BaseDType, openDevice, Slot } from "../../backend/mod.ts";
import {
  adapterLayout,
  completionLogps,
  generate,
  initTrainState,
  keyOf,
  linearLayers,
  pairwise,
  parseModelConfig,
  preferenceBatch,
  streamModel,
  tensorShapes,
  trainStep,
} from "../../core/mod.ts";
import { dpo } from "../../losses/mod.ts";

const LIMITS = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 };

const args = parseArgs(Deno.args, {
  string: ["device", "dtype"],
  default: { device: "webgpu", dtype: "f32" },
});

/** WebGPU whose adapters have the default limits. */
const gpu = {
  requestAdapter: async () => {
    const adapter = await navigator.gpu.requestAdapter();
    if (adapter === null) return null;
    return new Proxy(adapter, {
      get(target, key) {
        if (key === "limits") {
          return new Proxy(target.limits, {
            get: (all, name) => LIMITS[name as keyof typeof LIMITS] ?? Reflect.get(all, name, all),
          });
        }
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  },
} as unknown as GPU;

const config = parseModelConfig({
  ...{ model_type: "llama", vocab_size: 262_144, hidden_size: 2048, intermediate_size: 256 },
  ...{ num_hidden_layers: 1, num_attention_heads: 8, num_key_value_heads: 1 },
  ...{ tie_word_embeddings: true, bos_token_id: 2, eos_token_id: 1 },
}, "config.json");
const shapes = tensorShapes(config);
const source = {
  name: "the trial's formula",
  tensors: new Map([...shapes].map(([name, shape]) => [name, { shape, dtype: "F32" as const }])),
  read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const data = new Float32Array(shapes.get(name)!.reduce((a, b) => a * b, 1));
    if (name.includes("norm")) return Promise.resolve(data.fill(1));
    let x = 0x9e3779b9 ^ data.length; // xorshift32
    for (let i = 0; i < data.length; i++) {
      x ^= x << 13, x ^= x >>> 17, x ^= x << 5;
      data[i] = x / 2 ** 31 / 16;
    }
    return Promise.resolve(data);
  },
  [Symbol.dispose]() {},
};

const say = (line: string) => Deno.stdout.write(new TextEncoder().encode(line + "\n"));
const began = performance.now();
const clock = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
using device = await openDevice({ kind: args.device as "cpu" | "webgpu", gpu });
const { name, maxBindingBytes } = device.info;
const model = await streamModel(device, config, source, {
  baseDtype: args.dtype as BaseDType,
  context: 32,
});
using _weights = model.weights;
const mib = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
await say(
  `${clock()}: ${name}, bindings of ${mib(maxBindingBytes)}, ${args.dtype}: model ${
    mib(device.stats().bytes)
  }`,
);
const text = { ids: [2, 262_143, 131_072, 77, 200_001], promptLength: 2 };
const { sums } = await completionLogps(device, model, [text]);
await say(`${clock()}: log-prob of 3 ids ${sums[0].toPrecision(9)}`);
const [answer] = await generate(device, model, [[2, 5]], {
  maxNew: 3,
  temperature: 0,
  key: keyOf(1),
});
await say(`${clock()}: greedy ids ${answer.ids}`);
const layout = adapterLayout(linearLayers(config), { rank: 4, alpha: 8 });
using state = new Slot(initTrainState(device, layout, 1, keyOf(2)));
const pair = { prompt: [2, 262_143], chosen: [131_072, 77], rejected: [200_001, 9] };
const reference = { referenceChosen: -20, referenceRejected: -21 };
const batch = preferenceBatch([{ ...pair, ...reference }], {
  ...{ snapshotId: "s", referenceId: "s", requireSame: true },
});
for (const step of [0, 1]) {
  using arena = new Arena(device, `step ${step}`);
  const run = { model, layout, objective: pairwise(dpo({ beta: 0.1 })) };
  const next = await trainStep(arena, run, state.current, batch, { step, learningRate: 0.01 });
  const { losses, normSquares } = await arena.readAll(next.metrics);
  state.set(next.state);
  await say(
    `${clock()}: step ${step} loss ${losses[0].toPrecision(9)} gradient norm ${
      Math.sqrt(normSquares[0]).toPrecision(7)
    }`,
  );
}
await say(`${clock()}: peak ${mib(device.stats().bytesPeak)}`);
