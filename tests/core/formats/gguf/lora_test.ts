import { assertEquals, assertThrows } from "@std/assert";
import { readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { encodeLoraGguf } from "../../../../core/formats/gguf/lora.ts";
import { openGguf } from "../../../../core/formats/gguf/open.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);
const matrix = (rows: number, columns: number, seed = 1) => {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => (i * 7 + seed) % 11 - 5);
  return { shape: [rows, columns], data };
};
const Q = "model.layers.0.self_attn.q_proj";
const llama = { architecture: "llama", alpha: 16, heads: 2, kvHeads: 1 };

async function readBack(bytes: Uint8Array<ArrayBuffer>) {
  const { metadata, tensors } = await readGgufHeader(fileOfBytes(bytes, "a.gguf"));
  const numbers = new Map([...tensors].map(([name, { offset, bytes: size, type }]) => {
    const part = bytes.slice(offset, offset + size);
    return [
      name,
      type.name === "F32" ? new Float32Array(part.buffer) : new Float16Array(part.buffer),
    ];
  }));
  return { metadata, tensors, numbers };
}

Deno.test("encodeLoraGguf() says that it is an adapter, as llama.cpp wants it", async () => {
  const factors = new Map([[Q, { A: matrix(2, 6), B: matrix(8, 2) }]]);
  const { metadata, tensors } = await readBack(encodeLoraGguf({ ...llama, factors, name: "mine" }));
  assertEquals(Object.fromEntries(metadata), {
    "general.architecture": "llama",
    "general.type": "adapter",
    "adapter.type": "lora",
    "general.name": "mine",
    "general.file_type": 0,
    "adapter.lora.alpha": 16,
    "general.quantization_version": 2,
  });
  assertEquals([...tensors.values()].map(({ name, shape }) => [name, shape]), [
    ["blk.0.attn_q.weight.lora_a", [2, 6]],
    ["blk.0.attn_q.weight.lora_b", [8, 2]],
  ]);
});

for (
  const [name, module] of [
    ["llama", Q],
    ["gptneox", "gpt_neox.layers.1.attention.query_key_value"],
    ["starcoder2", "model.layers.1.mlp.c_proj"],
  ]
) {
  Deno.test(`encodeLoraGguf() merged into the ${name} file is the adapter merged into the model`, async () => {
    using file = await openLocalFile(new URL(`${name}.gguf`, FIXTURES).pathname);
    const header = await readGgufHeader(file);
    const { source, configJson } = await openGguf({ ...file, [Symbol.dispose]: () => {} });
    const weight = source.tensors.get(`${module}.weight`)!;
    const [out, width] = weight.shape;
    const factors = new Map([[module, { A: matrix(2, width), B: matrix(out, 2, 3) }]]);
    const heads = configJson.num_attention_heads as number;
    const kvHeads = (configJson.num_key_value_heads ?? heads) as number;
    const { numbers } = await readBack(
      encodeLoraGguf({ architecture: name, alpha: 2, factors, heads, kvHeads }),
    );
    // ΔW of the file's rows, row by row where the file's weight has Hugging Face's row.
    const [A, B] = [...numbers.values()];
    const delta = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Float32Array.from({ length: out * width }, (_, i) => {
        const row = Math.floor(i / width), column = i % width;
        return b[2 * row] * a[column] + b[2 * row + 1] * a[width + column];
      });
    const inFile = delta(A, B);
    const pair = factors.get(module)!;
    const ours = delta(pair.A.data, pair.B.data);
    const theirs = header.tensors.get([...numbers.keys()][0].replace(".lora_a", ""))!;
    const stored = new Float16Array((await file.read(theirs.offset, theirs.bytes)).buffer);
    const model = await source.read(`${module}.weight`);
    const rowAt = (numbers: ArrayLike<number>, row: number) =>
      Array.from({ length: width }, (_, i) => numbers[row * width + i]).join();
    const placeOf = new Map(Array.from({ length: out }, (_, row) => [rowAt(stored, row), row]));
    assertEquals(placeOf.size, out); // rows are told apart by their numbers
    for (let row = 0; row < out; row++) {
      assertEquals(rowAt(inFile, placeOf.get(rowAt(model, row))!), rowAt(ours, row), `row ${row}`);
    }
  });
}

Deno.test("encodeLoraGguf() leaves rows of other modules, and narrows to F16 when asked", async () => {
  const factors = new Map([
    ["model.layers.0.mlp.down_proj", { A: matrix(1, 4), B: matrix(6, 1) }],
    ["lm_head", { A: matrix(1, 4), B: matrix(5, 1) }],
  ]);
  const { numbers, metadata, tensors } = await readBack(
    encodeLoraGguf({ ...llama, factors, dtype: "F16" }),
  );
  assertEquals(metadata.get("general.file_type"), 1);
  assertEquals([...tensors.values()].every(({ type }) => type.name === "F16"), true);
  assertEquals([...numbers.keys()], [
    "blk.0.ffn_down.weight.lora_a",
    "blk.0.ffn_down.weight.lora_b",
    "output.weight.lora_a",
    "output.weight.lora_b",
  ]);
  assertEquals([...numbers.get("blk.0.ffn_down.weight.lora_b")!], [...matrix(6, 1).data]);
});

Deno.test("encodeLoraGguf() names what does not fit", () => {
  const factors = new Map([[Q, { A: matrix(2, 6), B: matrix(8, 2) }]]);
  const one = (module: string, B = matrix(8, 2)) => new Map([[module, { A: matrix(2, 6), B }]]);
  const lines: [Partial<Parameters<typeof encodeLoraGguf>[0]>, string][] = [
    [{ architecture: "mamba" }, 'architecture is "mamba", expected one of llama, qwen2'],
    [{ factors: new Map() }, "it has no factors, expected those of at least one module"],
    [
      { factors: one("q_proj") },
      'module "q_proj" is no part of llama, expected a linear layer of it',
    ],
    [
      { factors: one(Q, matrix(8, 3)) },
      `module "${Q}" has A [2, 6] and B [8, 3], expected A [r, in] and B [out, r]`,
    ],
    [{ factors: one(Q, matrix(6, 2)) }, `module "${Q}" has 6 rows, expected a multiple of 4`],
  ];
  for (const [change, line] of lines) {
    assertThrows(
      () => encodeLoraGguf({ ...llama, factors, ...change }),
      Mistake,
      `Cannot write the adapter: ${line}`,
    );
  }
  assertThrows(
    () => encodeLoraGguf({ ...llama, factors, alpha: 0 }),
    Mistake,
    "Cannot write the adapter: alpha is 0, expected a finite number above 0",
  );
});
