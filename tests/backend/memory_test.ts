import { assert, assertEquals } from "@std/assert";
import { type Block, largestSizeClass, Pool, sizeClass, Storage } from "../../backend/memory.ts";

/** Every size up to 64 KiB, then sizes around every class up to 8 GiB. */
function* sizes(): Generator<number> {
  for (let bytes = 1; bytes <= 1 << 16; bytes++) yield bytes;
  for (let k = 32; k <= 100; k++) {
    const units = Math.ceil(2 ** (k / 4));
    for (const step of [-257, -256, -1, 0, 1, 4, 256]) yield units * 256 + step;
  }
}

Deno.test("largestSizeClass() is a class within the limit, and the next one is not", () => {
  for (const limit of [...sizes()].filter((bytes) => bytes >= 256)) {
    const size = largestSizeClass(limit);
    assert(
      size <= limit && sizeClass(size) === size && sizeClass(size + 1) > limit,
      `${limit} → ${size}`,
    );
  }
});

Deno.test("sizeClass() holds the request, wastes at most 19% and 256 bytes, never shrinks", () => {
  let last = 0;
  for (const bytes of [...sizes()].sort((a, b) => a - b)) {
    const size = sizeClass(bytes);
    assert(size >= bytes, `${bytes} → ${size} is too small`);
    assert(size <= 2 ** 0.25 * bytes + 256, `${bytes} → ${size} wastes too much`);
    assert(size >= last, `${bytes} → ${size} is less than for a smaller request`);
    assertEquals(size % 256, 0);
    last = size;
  }
});

Deno.test("sizeClass() of a size class is itself", () => {
  for (const bytes of sizes()) assertEquals(sizeClass(sizeClass(bytes)), sizeClass(bytes));
});

Deno.test("sizeClass() has few classes: at most four for each doubling", () => {
  const classes = new Set([...sizes()].map(sizeClass).filter((size) => size <= 1 << 30));
  assert(classes.size <= 4 * 22 + 1, `${classes.size} classes up to 1 GiB`);
});

const block = (bytes: number, id: number): Block => ({ bytes, id, generation: 0 });

Deno.test("Pool.take() gives the last block put back of exactly that size", () => {
  const pool = new Pool();
  assertEquals(pool.take(256), undefined);
  for (const b of [block(256, 1), block(512, 2), block(256, 3)]) pool.put(b);
  assertEquals(pool.take(1024), undefined);
  assertEquals([pool.take(256)?.id, pool.take(256)?.id, pool.take(256)], [3, 1, undefined]);
  assertEquals(pool.take(512)?.id, 2);
});

Deno.test("Pool.drain() empties the pool and returns every block", () => {
  const pool = new Pool();
  for (const b of [block(256, 1), block(512, 2), block(256, 3)]) pool.put(b);
  assertEquals(pool.drain().map(({ id }) => id).sort(), [1, 2, 3]);
  assertEquals([pool.take(256), pool.take(512), pool.drain()], [undefined, undefined, []]);
});

Deno.test("Storage knows when its block has gone back to the pool", () => {
  const b = block(256, 1);
  const first = new Storage(b, 4, "first"), twin = new Storage(b, 4, "twin");
  assertEquals([first.freed, twin.freed, first.ended, first.binds], [false, false, undefined, 0]);
  b.generation++;
  const second = new Storage(b, 8, "second");
  assertEquals([first.freed, twin.freed, second.freed], [true, true, false]);
});

Deno.test("Pool.evict() takes out what has lain there longest, as many bytes as asked for", () => {
  const pool = new Pool();
  for (const b of [block(256, 1), block(512, 2), block(256, 3), block(512, 4)]) pool.put(b);
  assertEquals(pool.take(512)?.id, 4);
  assertEquals(pool.bytes, 1024);
  const out = (bytes: number) => pool.evict(bytes).map(({ id }) => id);
  assertEquals([out(0), out(-5), out(257), pool.bytes], [[], [], [1, 2], 256]);
  assertEquals([pool.take(512), pool.take(256)?.id, pool.bytes], [undefined, 3, 0]);
  pool.put(block(256, 5));
  assertEquals([out(1e9), pool.bytes, out(1)], [[5], 0, []]);
});
