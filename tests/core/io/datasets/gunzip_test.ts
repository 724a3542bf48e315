import { assertEquals, assertRejects } from "@std/assert";
import { gzipSync } from "node:zlib";
import { gunzip } from "../../../../core/io/datasets/gunzip.ts";

Deno.test("gunzip() gives back what was packed, however its parts are cut", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  const packed = gzipSync(bytes);
  for (const size of [1000, 4096, 10_000, packed.length]) {
    const parts = [];
    for (let at = 0; at < packed.length; at += size) parts.push(packed.subarray(at, at + size));
    const whole = await new Blob(await Array.fromAsync(gunzip(parts)) as BlobPart[]).bytes();
    assertEquals(whole, bytes);
  }
});

Deno.test("gunzip() unpacks little at a time and stops where nobody takes more", async () => {
  const bomb = gzipSync(new Uint8Array(100 * 2 ** 20)); // 100 KiB for 100 MiB
  let most = 0;
  for await (const part of gunzip([bomb])) {
    most = Math.max(most, part.length);
    break; // the test's sanitizers see what stays open
  }
  assertEquals(most > 0 && most <= 8 * 2 ** 20, true, `${most} bytes came at once`);
});

Deno.test("gunzip() rejects what is no gzip and what was cut", async () => {
  const packed = gzipSync(new Uint8Array(1000));
  await assertRejects(() => Array.fromAsync(gunzip([packed.subarray(0, 15)])));
  await assertRejects(() => Array.fromAsync(gunzip([new Uint8Array(100)])));
});
