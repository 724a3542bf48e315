import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { HeaderCursor } from "../../../../core/formats/gguf/cursor.ts";
import { fileOfBytes, type RandomAccessFile } from "../../../../core/base/random_access.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const of = (bytes: Uint8Array) => new HeaderCursor(fileOfBytes(bytes, "m.gguf"));

Deno.test("HeaderCursor reads little-endian values one after another", async () => {
  const bytes = new Uint8Array(43), view = new DataView(bytes.buffer);
  view.setUint8(0, 200), view.setInt8(1, -2), view.setUint16(2, 60000, true);
  view.setInt16(4, -5, true), view.setUint32(6, 4e9, true), view.setInt32(10, -7, true);
  view.setBigUint64(14, 2n ** 60n, true), view.setBigInt64(22, -3n, true);
  view.setFloat32(30, 0.5, true), view.setFloat64(34, 0.1, true), view.setUint8(42, 0x61);
  const c = of(bytes);
  await c.need(43, "all");
  assertEquals([c.u8(), c.i8(), c.u16(), c.i16(), c.u32(), c.i32()], [200, -2, 60000, -5, 4e9, -7]);
  assertEquals([c.u64(), c.i64(), c.f32(), c.f64(), c.text(1, "a")], [
    2n ** 60n,
    -3n,
    0.5,
    0.1,
    "a",
  ]);
  assertEquals([c.position, c.left, c.has(1)], [43, 0, false]);
});

Deno.test("HeaderCursor fetches large parts, and a value across their border whole", async () => {
  const bytes = Uint8Array.from({ length: 3 << 20 }, (_, i) => i % 251);
  let reads = 0;
  const inner = fileOfBytes(bytes, "m.gguf");
  const file: RandomAccessFile = { ...inner, read: (o, n) => (reads++, inner.read(o, n)) };
  const c = new HeaderCursor(file);
  for (let at = 0; at + 7 <= bytes.length; at += 7) {
    if (!c.has(7)) await c.need(7, "seven");
    assertEquals(c.bytes(7)[6], (at + 6) % 251);
  }
  assertEquals(reads, 4); // 1 MiB a part, a little less for what lies across
});

Deno.test("HeaderCursor.need() names what the file ends in", async () => {
  await assertRejects(
    () => of(new Uint8Array(5)).need(8, "the counts"),
    Mistake,
    "Cannot read m.gguf: it ends in the counts after 5 bytes, expected 3 more. The download was cut",
  );
});

Deno.test("HeaderCursor.need() refuses more than 128 MiB of front before it reads", async () => {
  const file: RandomAccessFile = {
    name: "m.gguf",
    size: 2 ** 40,
    read: () => Promise.reject(new Error("read")),
    [Symbol.dispose]: () => {},
  };
  await assertRejects(
    () => new HeaderCursor(file).need(2 ** 27 + 1, '"k"'),
    Mistake,
    'Cannot read m.gguf: its metadata reaches 134217729 bytes at "k", expected at most 134217728',
  );
});

Deno.test("HeaderCursor.text() refuses bytes that are not UTF-8 and keeps a byte order mark", async () => {
  const c = of(Uint8Array.of(0xef, 0xbb, 0xbf, 0xff));
  await c.need(4, "x");
  assertEquals(c.text(3, "x"), "\ufeff");
  assertThrows(() => c.text(1, '"x"'), Mistake, 'Cannot read m.gguf: "x" is not UTF-8');
});

Deno.test("HeaderCursor.name() wants 1 to so many bytes", async () => {
  const short = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x61, 0x62);
  assertEquals(await of(short).name("the name", 2), "ab");
  await assertRejects(
    () => of(short).name("the name", 1),
    Mistake,
    "is 2 bytes long, expected 1 to 1",
  );
  await assertRejects(
    () => of(new Uint8Array(8)).name("the name", 9),
    Mistake,
    "is 0 bytes long",
  );
});
