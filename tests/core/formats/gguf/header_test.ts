import { assert, assertEquals, assertRejects } from "@std/assert";
import { readGgufHeader } from "../../../../core/formats/gguf/header.ts";
import { encodeGguf, type GgufEntry } from "../../../../core/formats/gguf/writer.ts";
import { fileOfBytes, type RandomAccessFile } from "../../../../core/base/random_access.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const read = (entries: GgufEntry[]) =>
  readGgufHeader(fileOfBytes(encodeGguf(entries, []), "m.gguf"));

Deno.test("readGgufHeader() reads every value type, and 64-bit numbers as bigints only where they must be", async () => {
  const { metadata } = await read([
    ["u8", "u8", 200],
    ["i8", "i8", -100],
    ["u16", "u16", 60000],
    ["i16", "i16", -30000],
    ["u32", "u32", 4e9],
    ["i32", "i32", -2e9],
    ["f32", "f32", 0.5],
    ["bool", "bool", true],
    ["string", "string", "naïve ▁"],
    ["u64", "u64", 2 ** 53 - 1],
    ["large", "u64", 2n ** 64n - 1n],
    ["i64", "i64", -(2n ** 63n)],
    ["f64", "f64", Math.PI],
  ]);
  assertEquals([...metadata.values()], [
    200,
    -100,
    60000,
    -30000,
    4e9,
    -2e9,
    0.5,
    true,
    "naïve ▁",
    2 ** 53 - 1,
    2n ** 64n - 1n,
    -(2n ** 63n),
    Math.PI,
  ]);
});

Deno.test("readGgufHeader() reads arrays of every element type", async () => {
  const { metadata } = await read([
    ["u8", "u8[]", [1, 255]],
    ["i8", "i8[]", [-1]],
    ["u16", "u16[]", [65535]],
    ["i16", "i16[]", [-2]],
    ["u32", "u32[]", [7, 8, 9]],
    ["i32", "i32[]", [-3]],
    ["f32", "f32[]", [0.25]],
    ["bool", "bool[]", [true, false]],
    ["string", "string[]", ["a", "", "é"]],
    ["u64", "u64[]", [2 ** 40]],
    ["i64", "i64[]", [-(2 ** 40)]],
    ["f64", "f64[]", [1e300]],
    ["none", "u32[]", []],
  ]);
  assertEquals([...metadata.values()], [
    Uint8Array.of(1, 255),
    Int8Array.of(-1),
    Uint16Array.of(65535),
    Int16Array.of(-2),
    Uint32Array.of(7, 8, 9),
    Int32Array.of(-3),
    Float32Array.of(0.25),
    [true, false],
    ["a", "", "é"],
    Float64Array.of(2 ** 40),
    Float64Array.of(-(2 ** 40)),
    Float64Array.of(1e300),
    new Uint32Array(0),
  ]);
});

/** A metadata array of arrays of u8 with `depth` arrays around: hand-made, for the writer has none. */
function nested(depth: number): Uint8Array {
  const bytes = [...new TextEncoder().encode("GGUF"), 3, 0, 0, 0];
  const u32 = (n: number) => bytes.push(n, 0, 0, 0);
  const u64 = (n: number) => bytes.push(n, 0, 0, 0, 0, 0, 0, 0);
  u64(0), u64(1), u64(1), bytes.push(0x61);
  u32(9);
  for (let i = 0; i < depth; i++) u32(9), u64(1);
  u32(0), u64(2), bytes.push(5, 6);
  return new Uint8Array(bytes);
}

Deno.test("readGgufHeader() reads arrays in arrays and refuses arrays in those", async () => {
  const { metadata } = await readGgufHeader(fileOfBytes(nested(1), "m.gguf"));
  assertEquals(metadata.get("a"), [Uint8Array.of(5, 6)]);
  await assertRejects(
    () => readGgufHeader(fileOfBytes(nested(2), "m.gguf")),
    Mistake,
    'Cannot read m.gguf: "a" has arrays in arrays in arrays, expected arrays nested once',
  );
});

Deno.test("readGgufHeader() refuses a 64-bit array element that f64 cannot hold", async () => {
  await assertRejects(
    () => read([["big", "u64[]", [1n, 2n ** 60n]]]),
    Mistake,
    `Cannot read m.gguf: "big"[1] is ${2n ** 60n}, expected at most 2^53`,
  );
});

Deno.test("readGgufHeader() says where tensors lie, with Hugging Face's order of extents", async () => {
  const tensors = [
    { name: "a", shape: [2, 3], type: "F32", bytes: new Uint8Array(24) },
    { name: "b", shape: [2, 32], type: "Q4_0", bytes: new Uint8Array(36) },
  ];
  const bytes = encodeGguf([], tensors);
  const header = await readGgufHeader(fileOfBytes(bytes, "m.gguf"));
  assertEquals(header.dataOffset % 32, 0);
  const [a, b] = [...header.tensors.values()];
  assertEquals([a.shape, a.type.name, a.bytes, a.offset], [[2, 3], "F32", 24, header.dataOffset]);
  assertEquals([b.shape, b.type.name, b.bytes, b.offset], [[2, 32], "Q4_0", 36, a.offset + 32]);
});

Deno.test("readGgufHeader() reads version 2 and an alignment of its own", async () => {
  const bytes = encodeGguf([["general.alignment", "u32", 128]], [
    { name: "a", shape: [1], type: "F32", bytes: new Uint8Array(4) },
  ]);
  bytes[4] = 2;
  const long = new Uint8Array(512);
  long.set(bytes);
  const { version, alignment, dataOffset } = await readGgufHeader(fileOfBytes(long, "m.gguf"));
  assertEquals([version, alignment, dataOffset % 128], [2, 128, 0]);
});

Deno.test("readGgufHeader() rejects every prefix of a file with one line", async () => {
  const whole = encodeGguf([["general.name", "string", "x"], ["list", "string[]", ["a", "bc"]]], [
    { name: "a", shape: [3], type: "F32", bytes: new Uint8Array(12) },
  ]);
  const last = (await readGgufHeader(fileOfBytes(whole, "m.gguf"))).tensors.get("a")!;
  for (let length = 0; length < last.offset + last.bytes; length++) {
    const error = await assertRejects(
      () => readGgufHeader(fileOfBytes(whole.slice(0, length), "m.gguf")),
      Mistake,
      "Cannot read m.gguf: ",
    );
    assert(!error.message.includes("\n"), `${length}: ${error.message}`);
  }
});

Deno.test("readGgufHeader() never asks for more than the file has, whatever a byte says", async () => {
  const whole = encodeGguf([["general.name", "string", "x"], ["list", "u32[]", [1, 2]]], [
    { name: "a", shape: [3], type: "F32", bytes: new Uint8Array(12) },
  ]);
  for (let at = 4; at < whole.length; at++) {
    for (const value of [0, 1, 127, 255]) {
      const bytes = whole.slice();
      bytes[at] = value;
      const inner = fileOfBytes(bytes, "m.gguf");
      const file: RandomAccessFile = {
        ...inner,
        read: (offset, length) => {
          assert(offset + length <= bytes.length, `byte ${at} as ${value} asks for ${length}`);
          return inner.read(offset, length);
        },
      };
      await readGgufHeader(file).catch((error) => {
        assert(error instanceof Mistake && error.message.startsWith("Cannot read m.gguf"), error);
      });
    }
  }
});
