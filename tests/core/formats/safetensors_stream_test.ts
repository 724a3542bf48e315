import { assertEquals, assertRejects } from "@std/assert";
import type { HostTensor } from "../../../core/base/host_tensor.ts";
import { fileOfBytes, type RandomAccessFile } from "../../../core/base/random_access.ts";
import { encodeSafetensors, parseSafetensors } from "../../../core/formats/safetensors.ts";
import {
  openSafetensors,
  openShardedSafetensors,
} from "../../../core/formats/safetensors_stream.ts";
import { rows as badIndices, shards } from "../../malformed/index.ts";
import { rows as badFiles, safetensors } from "../../malformed/safetensors.ts";
import { uniform } from "../../support/random.ts";
import { Mistake } from "../../../core/base/mistake.ts";

/** A file that counts what is read of it and whether it was closed. */
function watched(
  bytes: Uint8Array,
  name: string,
): RandomAccessFile & { largest: number; closed: number } {
  const file = fileOfBytes(bytes, name);
  return {
    ...{ name, size: bytes.length, largest: 0, closed: 0 },
    read(offset: number, length: number) {
      this.largest = Math.max(this.largest, length);
      return file.read(offset, length);
    },
    [Symbol.dispose]() {
      this.closed++;
    },
  };
}

const tensors = new Map<string, HostTensor>([
  ["a", { shape: [30, 10], data: uniform(300, 1) }],
  ["b", { shape: [7], data: uniform(7, 2) }],
  ["none", { shape: [0, 4], data: new Float32Array(0) }],
]);

for (const dtype of ["F32", "F16", "BF16"] as const) {
  Deno.test(`openSafetensors() reads ${dtype} as parseSafetensors() does, a tensor at a time`, async () => {
    const bytes = encodeSafetensors(tensors, { dtype });
    const whole = parseSafetensors(bytes, "m").tensors;
    const file = watched(bytes, "m");
    {
      using source = await openSafetensors(file);
      assertEquals([...source.tensors.keys()], [...whole.keys()]);
      for (const [name, { shape, data }] of whole) {
        assertEquals(source.tensors.get(name), { shape, dtype });
        assertEquals(await source.read(name), data);
      }
      const width = dtype === "F32" ? 4 : 2;
      assertEquals(source.bytes, 307 * width);
      assertEquals(file.largest, 300 * width); // never more than the largest tensor
      assertEquals((await source.readBytes("b")).length, 7 * width);
    }
    assertEquals(file.closed, 1);
  });
}

Deno.test("openSafetensors() lists integers and refuses them only when they are read", async () => {
  const bytes = safetensors({
    i: { dtype: "I64", shape: [1], data_offsets: [0, 8] },
    w: { dtype: "F32", shape: [1], data_offsets: [8, 12] },
  }, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x80, 0x3f));
  using source = await openSafetensors(fileOfBytes(bytes, "m"));
  assertEquals(source.tensors.get("i"), { shape: [1], dtype: "I64" });
  assertEquals(await source.read("w"), Float32Array.of(1));
  assertEquals(await source.readBytes("i"), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  await assertRejects(() => source.read("i"), Mistake, 'tensor "i" dtype is "I64"');
  await assertRejects(() => source.read("x"), Mistake, 'Cannot read m: tensor "x" is missing');
});

Deno.test("openSafetensors() lets NaN through where that is asked", async () => {
  const bytes = encodeSafetensors(new Map([["w", { shape: [2], data: Float32Array.of(NaN, 1) }]]));
  using source = await openSafetensors(fileOfBytes(bytes, "m"), { allowNonFinite: true });
  assertEquals(await source.read("w"), Float32Array.of(NaN, 1));
});

for (const { name, bytes, file, error } of badFiles) {
  Deno.test(`openSafetensors() refuses: ${name}`, async () => {
    const opened = watched(await bytes(), file);
    const thrown = await assertRejects(async () => {
      using source = await openSafetensors(opened);
      for (const tensor of source.tensors.keys()) await source.read(tensor);
    }, Mistake);
    assertEquals(thrown.message, error);
    assertEquals(opened.closed, 1);
    assertEquals(opened.largest <= opened.size, true);
  });
}

for (const { name, bytes, file, error } of badIndices) {
  Deno.test(`openShardedSafetensors() refuses: ${name}`, async () => {
    const opened = [watched(await bytes(), file)];
    const open = (fileName: string) => {
      if (!shards.has(fileName)) throw new Error(`It opened ${fileName}`);
      opened.push(watched(shards.get(fileName)!, fileName));
      return Promise.resolve(opened[opened.length - 1]);
    };
    const thrown = await assertRejects(() => openShardedSafetensors(opened[0], open), Mistake);
    assertEquals(thrown.message, error);
    assertEquals(opened.map(({ closed }) => closed), opened.map(() => 1));
  });
}

Deno.test("openShardedSafetensors() is one source over its shards and closes them all", async () => {
  const [a, b] = shards.keys();
  const index = { metadata: { total_size: 32 }, weight_map: { a, x: a, b } }; // 16: a narrowed head, say
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const opened: ReturnType<typeof watched>[] = [];
  {
    using source = await openShardedSafetensors(fileOfBytes(bytes, "i"), (name) => {
      opened.push(watched(shards.get(name)!, name));
      return Promise.resolve(opened[opened.length - 1]);
    });
    assertEquals([...source.tensors.keys(), source.bytes], ["a", "x", "b", 20]);
    assertEquals(await source.read("b"), Float32Array.of(3, 4));
    assertEquals((await source.readBytes("x")).length, 4);
    await assertRejects(() => source.read("c"), Mistake, 'Cannot read i: tensor "c" is missing');
    assertEquals(opened.map(({ closed }) => closed), [0, 0]);
  }
  assertEquals(opened.map(({ closed }) => closed), [1, 1]);
});

Deno.test("openShardedSafetensors() lets the error of a missing shard through, nothing open", async () => {
  const [a, b] = shards.keys();
  const index = new TextEncoder().encode(JSON.stringify({ weight_map: { a, x: a, b } }));
  const first = watched(shards.get(a)!, a);
  const open = (name: string) =>
    name === a
      ? Promise.resolve(first)
      : Promise.reject(new TypeError(`Cannot read ${name}: it is missing`));
  await assertRejects(
    () => openShardedSafetensors(fileOfBytes(index, "i"), open),
    TypeError,
    "is missing",
  );
  assertEquals(first.closed, 1);
});

Deno.test("openShardedSafetensors() refuses an index over 64 MiB before it reads it", async () => {
  let closed = 0;
  const index = {
    ...{ name: "i.json", size: 2 ** 26 + 1 },
    read: () => Promise.reject(new Error("it was read")),
    [Symbol.dispose]: () => void closed++,
  };
  const error = await assertRejects(
    () => openShardedSafetensors(index, () => Promise.reject(new Error("it was opened"))),
    Mistake,
  );
  assertEquals(
    error.message,
    "Cannot read i.json: it is 67108865 bytes long, expected at most 67108864. " +
      "Is it another file under this name?",
  );
  assertEquals(closed, 1);
});
