import { assert, assertEquals, assertRejects } from "@std/assert";
import { openGguf } from "../../../../core/formats/gguf/open.ts";
import { openLocalFile } from "../../../../files/local_file.ts";
import { fileOfBytes, type RandomAccessFile } from "../../../../core/base/random_access.ts";
import { rows, smallLlama } from "../../../malformed/gguf.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);
const { models } = JSON.parse(Deno.readTextFileSync(new URL("models.json", FIXTURES))) as {
  models: Record<string, { shapes: Record<string, number[]> }>;
};

/** The numbers that gguf_fixtures.py gave a tensor. */
function numbersOf(name: string, shape: readonly number[]): Float32Array {
  const sum = [...name].reduce((total, c) => total + c.codePointAt(0)!, 0);
  const length = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length }, (_, i) => ((37 * i + sum) % 255 - 127) / 64);
}

for (const [name, { shapes }] of Object.entries(models)) {
  Deno.test(`openGguf() gives transformers' tensors of ${name}, bit for bit`, async () => {
    const path = new URL(`${name}.gguf`, FIXTURES).pathname;
    const { source } = await openGguf(await openLocalFile(path));
    using _ = source;
    assertEquals(
      Object.fromEntries([...source.tensors].map(([key, { shape }]) => [key, shape])),
      shapes,
    );
    for (const [key, shape] of Object.entries(shapes)) {
      assertEquals(await source.read(key), numbersOf(key, shape), key);
    }
  });
}

for (const { name, bytes, file, error } of rows) {
  Deno.test(`openGguf() refuses ${name} with one line`, async () => {
    const caught = await assertRejects(async () => openGguf(fileOfBytes(await bytes(), file)));
    assert(caught instanceof Mistake);
    assertEquals(caught.message, error);
  });
}

function watched(bytes: Uint8Array): { file: RandomAccessFile; closed: () => number } {
  let closed = 0;
  const file = { ...fileOfBytes(bytes, "m.gguf"), [Symbol.dispose]: () => void closed++ };
  return { file, closed: () => closed };
}

Deno.test("openGguf() closes the file with the source, and when it throws", async () => {
  const good = watched(smallLlama());
  const { source } = await openGguf(good.file);
  assertEquals(good.closed(), 0);
  source[Symbol.dispose]();
  assertEquals(good.closed(), 1);
  const bad = watched(new Uint8Array(3));
  await assertRejects(() => openGguf(bad.file));
  assertEquals(bad.closed(), 1);
});

Deno.test("openGguf() source names a tensor that is missing", async () => {
  const { source } = await openGguf(fileOfBytes(smallLlama(), "m.gguf"));
  await assertRejects(
    () => source.read("model.norm.weight"),
    Mistake,
    'Cannot read m.gguf: tensor "model.norm.weight" is missing, expected it there',
  );
});

Deno.test("openGguf() source refuses NaN unless it is allowed", async () => {
  const numbers = new Float32Array(16);
  numbers[6] = NaN;
  const tensor = {
    name: "token_embd.weight",
    shape: [4, 4],
    type: "F32",
    bytes: new Uint8Array(numbers.buffer),
  };
  const bytes = smallLlama([], [tensor]);
  const strict = await openGguf(fileOfBytes(bytes, "m.gguf"));
  await assertRejects(
    () => strict.source.read("model.embed_tokens.weight"),
    Mistake,
    'Cannot read m.gguf: tensor "model.embed_tokens.weight" is NaN at [1, 2]',
  );
  const lenient = await openGguf(fileOfBytes(bytes, "m.gguf"), { allowNonFinite: true });
  assertEquals(await lenient.source.read("model.embed_tokens.weight"), numbers);
});

Deno.test("openGguf() leaves the tokenizer out where the file has no vocabulary", async () => {
  const bytes = smallLlama([
    ["tokenizer.ggml.model", "string", "no_vocab"],
    ["tokenizer.ggml.tokens", "string[]", []],
  ]);
  const model = await openGguf(fileOfBytes(bytes, "m.gguf"));
  assertEquals("tokenizerJson" in model, false);
  assertEquals(model.metadata.get("tokenizer.ggml.model"), "no_vocab");
});
