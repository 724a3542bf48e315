import { assertEquals, assertThrows } from "@std/assert";
import { readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { encodeGguf, type GgufEntry } from "../../../../core/formats/gguf/writer.ts";
import { fileOfBytes } from "../../../../core/base/random_access.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const FIXTURES = new URL("../../../fixtures/gguf/", import.meta.url);

Deno.test("encodeGguf() writes gguf-py's bytes for the same file", async () => {
  const theirs = Deno.readFileSync(new URL("llama3.gguf", FIXTURES));
  const file = fileOfBytes(theirs, "llama3.gguf");
  const { metadata, tensors } = await readGgufHeader(file);
  const floats = ["llama.attention.layer_norm_rms_epsilon", "llama.rope.freq_base"];
  const entries = [...metadata].map(([key, value]): GgufEntry => {
    const type = typeof value === "string" ? "string" : floats.includes(key) ? "f32" : "u32";
    return [key, type, value as string | number];
  });
  const data = await Promise.all(
    [...tensors.values()].map(async ({ name, shape, type, offset, bytes }) => {
      return { name, shape, type: type.name, bytes: await file.read(offset, bytes) };
    }),
  );
  assertEquals(encodeGguf(entries, data), theirs);
});

Deno.test("encodeGguf() refuses a type that is not ggml's and bytes that do not fill the shape", () => {
  const tensor = { name: "w", shape: [2, 32], type: "Q4_0", bytes: new Uint8Array(35) };
  assertThrows(
    () => encodeGguf([], [tensor]),
    Mistake,
    'Cannot write tensor "w": it has 35 bytes, expected 36 for Q4_0 of shape [2, 32]',
  );
  assertThrows(
    () => encodeGguf([], [{ ...tensor, type: "Q4" }]),
    Mistake,
    'Cannot write tensor "w": its type is "Q4", expected a type of ggml',
  );
});

Deno.test("encodeGguf() has no tensor at a place that is not a multiple of 32", async () => {
  const tensors = [1, 2, 3].map((n) => {
    return { name: `t${n}`, shape: [n], type: "F32", bytes: new Uint8Array(4 * n).fill(n) };
  });
  const bytes = encodeGguf([], tensors);
  const header = await readGgufHeader(fileOfBytes(bytes, "m.gguf"));
  for (const [i, { offset }] of [...header.tensors.values()].entries()) {
    assertEquals([offset % 32, bytes[offset]], [0, i + 1]);
  }
  assertEquals(bytes.length % 32, 0);
});
