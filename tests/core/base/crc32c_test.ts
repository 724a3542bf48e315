import { assertEquals } from "@std/assert";
import { crc32c } from "../../../core/base/crc32c.ts";

Deno.test("crc32c() has the checksums of RFC 3720, appendix B.4", () => {
  const rising = Uint8Array.from({ length: 32 }, (_, i) => i);
  for (
    const [bytes, wanted] of [
      [new Uint8Array(32), 0x8a9136aa],
      [new Uint8Array(32).fill(255), 0x62a8ab43],
      [rising, 0x46dd794e],
      [rising.toReversed(), 0x113fdb5c],
      [new TextEncoder().encode("123456789"), 0xe3069283],
      [new Uint8Array(), 0],
    ] as const
  ) assertEquals(crc32c(bytes), wanted);
});
