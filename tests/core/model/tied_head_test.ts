// What transformers 5.23 does, tried: a head that equals the embedding is one matrix with it, another one is kept beside
// it, one alone is the embedding too, and one of another shape is refused.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openDevice } from "../../../backend/mod.ts";
import { encodeSafetensors } from "../../../core/formats/safetensors.ts";
import { openSafetensors } from "../../../core/formats/safetensors_stream.ts";
import { fileOfBytes } from "../../../core/base/random_access.ts";
import { sourceOfTensors } from "../../../core/base/tensor_source.ts";
import { initModel } from "../../../core/model/init.ts";
import { loadModel, streamModel } from "../../../core/model/load.ts";
import { parseModelConfig } from "../../../core/model/config.ts";
import { settleHead, settleHostHead, storedNames } from "../../../core/model/tied_head.ts";
import { keyOf } from "../../../core/mod.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const EMBEDDING = "model.embed_tokens.weight", HEAD = "lm_head.weight";
const config = parseModelConfig({
  ...{ model_type: "llama", vocab_size: 6, hidden_size: 4, intermediate_size: 4 },
  ...{ num_hidden_layers: 1, num_attention_heads: 2, tie_word_embeddings: true },
}, "config.json");

function withHead(change: (data: Float32Array<ArrayBuffer>) => void, shape = [6, 4]) {
  const tensors = new Map(initModel(config, keyOf(1)));
  const data = tensors.get(EMBEDDING)!.data.slice();
  change(data);
  return tensors.set(HEAD, { shape, data });
}

const CASES: [what: string, tensors: ReturnType<typeof withHead>, tied: boolean][] = [
  ["the same", withHead(() => {}), true],
  [
    "a zero of another sign",
    (() => {
      const tensors = withHead((data) => data[3] = -0);
      tensors.get(EMBEDDING)!.data[3] = 0;
      return tensors;
    })(),
    true,
  ],
  ["one other number", withHead((data) => data[23] += 1), false],
];
for (const [what, tensors, tied] of CASES) {
  Deno.test(`settleHead() and every loader agree on a tied model's own head: ${what}`, async () => {
    using file = await openSafetensors(fileOfBytes(encodeSafetensors(tensors), "m"));
    for (const source of [file, sourceOfTensors(tensors)]) {
      const settled = await settleHead(config, source);
      assertEquals([settled.config.tied, settled.tensors.tensors.has(HEAD)], [tied, !tied]);
    }
    const settled = settleHostHead(config, tensors);
    assertEquals([settled.config.tied, settled.tensors.has(HEAD)], [tied, !tied]);
    using device = await openDevice({ kind: "cpu", threads: 1 });
    for (
      const load of [
        () => Promise.resolve(loadModel(device, config, tensors)),
        () => streamModel(device, config, file),
      ]
    ) {
      const model = await load();
      using weights = model.weights;
      assertEquals([model.config.tied, HEAD in weights.borrow()], [tied, !tied]);
    }
  });
}

Deno.test("settleHead() leaves a head of another shape to be refused", async () => {
  const tensors = withHead(() => {}, [4, 6]);
  using device = await openDevice({ kind: "cpu", threads: 1 });
  const message = 'tensor "lm_head.weight" shape is [4, 6], expected [6, 4] from the config';
  await assertRejects(
    () => streamModel(device, config, sourceOfTensors(tensors)),
    Mistake,
    message,
  );
  assertThrows(() => loadModel(device, config, tensors), Mistake, message);
});

Deno.test("storedNames() takes a head that is alone for the embedding, by either of NeoX's names", async () => {
  const tensors = new Map(initModel(config, keyOf(1)));
  const embedding = tensors.get(EMBEDDING)!;
  tensors.delete(EMBEDDING);
  tensors.set(HEAD, embedding);
  assertEquals(storedNames(config, tensors.keys()).get(EMBEDDING), HEAD);
  using device = await openDevice({ kind: "cpu", threads: 1 });
  const model = await streamModel(device, config, sourceOfTensors(tensors));
  using weights = model.weights;
  assertEquals([model.config.tied, EMBEDDING in weights.borrow()], [true, true]);
  const neox = { ...config, family: "gpt_neox" as const };
  for (const head of ["embed_out.weight", HEAD]) {
    assertEquals(storedNames(neox, [head]), new Map([["gpt_neox.embed_in.weight", head]]));
  }
});
