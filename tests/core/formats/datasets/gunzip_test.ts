import { assertEquals, assertRejects } from "@std/assert";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { gunzip, unbrotli } from "../../../../core/formats/datasets/gunzip.ts";

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

Deno.test("unbrotli() gives back what was packed, little at a time, and rejects what was cut", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(50_000));
  const packed = new Uint8Array(brotliCompressSync(bytes));
  assertEquals(
    await new Blob(await Array.fromAsync(unbrotli([packed])) as BlobPart[]).bytes(),
    bytes,
  );
  await assertRejects(() => Array.fromAsync(unbrotli([packed.subarray(0, 1000)])));
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 };
  const bomb = brotliCompressSync(new Uint8Array(2 ** 29), { params });
  let first = 0;
  for await (const part of unbrotli([bomb])) {
    first = part.length;
    break;
  }
  assertEquals(first > 0 && first <= 64 * 2 ** 20, true, `${first} bytes came at once`);
});
