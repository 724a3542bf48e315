import { assertEquals } from "@std/assert";
import { crc32c } from "../../../../core/base/crc32c.ts";
import { maskedCrc32c, tfRecord } from "../../../../training/sinks/tensorboard/record.ts";

Deno.test("tfRecord() frames bytes by their length and masked checksums", () => {
  const data = Uint8Array.of(7, 8, 9);
  const record = tfRecord(data);
  const view = new DataView(record.buffer);
  assertEquals(record.length, 19);
  assertEquals(view.getBigUint64(0, true), 3n);
  assertEquals(view.getUint32(8, true), maskedCrc32c(record.subarray(0, 8)));
  assertEquals(record.subarray(12, 15), data);
  assertEquals(view.getUint32(15, true), maskedCrc32c(data));
});

Deno.test("maskedCrc32c() can be undone, as readers do", () => {
  for (const data of [Uint8Array.of(), Uint8Array.of(1), Uint8Array.of(255, 0, 3)]) {
    const rotated = (maskedCrc32c(data) - 0xa282ead8) >>> 0;
    assertEquals(((rotated << 15) | (rotated >>> 17)) >>> 0, crc32c(data));
  }
});
