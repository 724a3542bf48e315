import { assertEquals, assertRejects } from "@std/assert";
import { fileOfBytes } from "../../../core/base/random_access.ts";
import { encodeSafetensors, parseSafetensors } from "../../../core/formats/safetensors.ts";
import {
  openSafetensors,
  openShardedSafetensors,
} from "../../../core/formats/safetensors_stream.ts";
import { mergeIntoModel, type ModelWriter } from "../../../core/formats/sharded_model.ts";
import { sourceOfTensors, type TensorSource } from "../../../core/base/tensor_source.ts";
import { adapterLayout } from "../../../core/lora/adapter.ts";
import { addDelta } from "../../../core/lora/delta.ts";
import { safetensors } from "../../malformed/safetensors.ts";
import { families } from "../../support/peft_cases.ts";
import { uniform } from "../../support/random.ts";

/** A writer that keeps files as bytes and the largest piece it was given. */
function memory(): ModelWriter & { files: Map<string, Uint8Array>; largest: number } {
  const kept = {
    files: new Map<string, Uint8Array>(),
    largest: 0,
    create(name: string) {
      const parts: Uint8Array[] = [];
      return Promise.resolve({
        write(bytes: Uint8Array) {
          kept.largest = Math.max(kept.largest, bytes.length);
          return Promise.resolve(void parts.push(bytes.slice()));
        },
        close: async () => {
          kept.files.set(name, new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer()));
        },
      });
    },
  };
  return kept;
}

const layers = families.gpt2.filter(({ name }) => name.endsWith("c_attn"));
const shape = [16, 48]; // Conv1D: [in, out]
const base = new Map([
  ...layers.map(({ name }, i) => [`${name}.weight`, { shape, data: uniform(768, i) }] as const),
  ["transformer.wte.weight", { shape: [32, 16], data: uniform(512, 9) }],
]);
const layout = adapterLayout(layers, { rank: 2, alpha: 4 });
const members = [1, 2].map((seed) => ({ layout, params: uniform(layout.size, seed) }));
const merged = (name: string) => {
  const data = base.get(`${name}.weight`)!.data.slice();
  addDelta(data, members, name);
  return data;
};

Deno.test("mergeIntoModel() adds the members' mean and leaves the rest, in one file", async () => {
  const out = memory();
  const done = await mergeIntoModel(sourceOfTensors(base), members, out);
  assertEquals(done.files, ["model.safetensors"]);
  assertEquals(done.bytes, 4 * (2 * 768 + 512));
  assertEquals(done.merged, layers.map(({ name }) => `${name}.weight`));
  const { tensors, metadata } = parseSafetensors(out.files.get("model.safetensors")!, "m");
  assertEquals(metadata.get("format"), "pt");
  for (const { name } of layers) assertEquals(tensors.get(`${name}.weight`)!.data, merged(name));
  const embedding = "transformer.wte.weight";
  assertEquals(tensors.get(embedding)!.data, base.get(embedding)!.data);
});

Deno.test("mergeIntoModel() shards at the bound, and the shards read as one model", async () => {
  const out = memory();
  const counts: number[] = [];
  const { files } = await mergeIntoModel(sourceOfTensors(base), members, out, {
    maxShardBytes: 4 * (768 + 512),
    progress: (written, all) => counts.push(written, all),
  });
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  assertEquals(files, [first, second, "model.safetensors.index.json"]);
  assertEquals(counts, [1, 3, 2, 3, 3, 3]);
  assertEquals(out.largest, 4 * 768); // one tensor
  const index = out.files.get("model.safetensors.index.json")!;
  assertEquals(JSON.parse(new TextDecoder().decode(index)), {
    metadata: { total_size: 4 * (2 * 768 + 512) },
    weight_map: {
      "transformer.h.0.attn.c_attn.weight": first,
      "transformer.h.1.attn.c_attn.weight": second,
      "transformer.wte.weight": second,
    },
  });
  using source = await openShardedSafetensors(
    fileOfBytes(index, "index"),
    (name) => Promise.resolve(fileOfBytes(out.files.get(name)!, name)),
  );
  assertEquals(await source.read(`${layers[1].name}.weight`), merged(layers[1].name));
});

Deno.test("mergeIntoModel() keeps each tensor's type, or takes the one that is asked", async () => {
  const bytes = encodeSafetensors(base, { dtype: "BF16" });
  for (const dtype of [undefined, "F16", "F32"] as const) {
    const out = memory();
    using source = await openSafetensors(fileOfBytes(bytes, "m"));
    await mergeIntoModel(source, members, out, { dtype });
    const { tensors } = parseSafetensors(out.files.get("model.safetensors")!, "m");
    assertEquals(new Set([...tensors.values()].map((t) => t.dtype)), new Set([dtype ?? "BF16"]));
    const name = `${layers[0].name}.weight`;
    const wanted = await source.read(name);
    addDelta(wanted, members, layers[0].name);
    const rounded = encodeSafetensors(new Map([[name, { shape, data: wanted }]]), {
      dtype: dtype ?? "BF16",
    });
    assertEquals(tensors.get(name)!.data, parseSafetensors(rounded, "r").tensors.get(name)!.data);
  }
});

Deno.test("mergeIntoModel() copies what is not adapted bit for bit: integers, NaN's bits", async () => {
  const data = Uint8Array.of(1, 0, 0xc0, 0xff, 9, 8, 7, 6, 5, 4, 3, 2, 1);
  const odd = safetensors({
    nan: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
    mask: { dtype: "BOOL", shape: [1], data_offsets: [4, 5] },
    ids: { dtype: "I64", shape: [1], data_offsets: [5, 13] },
  }, data);
  using source = await openSafetensors(fileOfBytes(odd, "m"));
  const out = memory();
  await mergeIntoModel(source, [], out);
  using back = await openSafetensors(fileOfBytes(out.files.get("model.safetensors")!, "m"));
  assertEquals([...back.tensors.keys()], ["ids", "nan", "mask"]); // wide types first: all aligned
  for (const name of ["nan", "mask", "ids"]) {
    assertEquals(await back.readBytes(name), await source.readBytes(name));
    assertEquals(back.tensors.get(name), source.tensors.get(name));
  }
});

Deno.test("mergeIntoModel() finds weights of checkpoints that leave out the first part of names", async () => {
  const bare = new Map([...base].map(([name, t]) => [name.replace("transformer.", ""), t]));
  const out = memory();
  const done = await mergeIntoModel(sourceOfTensors(bare), members, out);
  assertEquals(done.merged, ["h.0.attn.c_attn.weight", "h.1.attn.c_attn.weight"]);
});

Deno.test("mergeIntoModel() refuses before it writes anything", async () => {
  const quantised: TensorSource = {
    ...sourceOfTensors(base, "m.gguf"),
    tensors: new Map([["w", { shape: [32], dtype: "Q4_K" }]]),
  };
  const integers: TensorSource = {
    ...sourceOfTensors(base, "m"),
    tensors: new Map([["w", { shape: [32], dtype: "I64" }]]),
  };
  const without = new Map(base);
  without.delete("transformer.h.1.attn.c_attn.weight");
  const turned = new Map(base).set("transformer.h.0.attn.c_attn.weight", {
    shape: [48, 16],
    data: new Float32Array(768),
  });
  const rows: [() => Promise<unknown>, string][] = [
    [
      () => mergeIntoModel(sourceOfTensors(without, "m"), members, out),
      'Cannot merge into m: tensor "transformer.h.1.attn.c_attn.weight" is missing, ' +
      "expected the base model of the adapter",
    ],
    [
      () => mergeIntoModel(sourceOfTensors(turned, "m"), members, out),
      'Cannot merge into m: tensor "transformer.h.0.attn.c_attn.weight" shape is [48, 16], ' +
      "expected [16, 48] for the adapter",
    ],
    [
      () => mergeIntoModel(quantised, [], out),
      'Cannot write tensor "w": its type in m.gguf is "Q4_K", expected F32, F16 or BF16. ' +
      "Ask for one of them as dtype",
    ],
    [
      () => mergeIntoModel(integers, [], out),
      'Cannot write tensor "w": its type in m is "I64", expected F32, F16 or BF16',
    ],
    [
      () => mergeIntoModel(sourceOfTensors(base), [], out, { maxShardBytes: 0 }),
      "Cannot write the model: maxShardBytes is 0, expected a number above 0",
    ],
  ];
  const out = memory();
  for (const [act, message] of rows) {
    assertEquals((await assertRejects(act, Error)).message, message);
    assertEquals(out.files.size, 0);
  }
});
