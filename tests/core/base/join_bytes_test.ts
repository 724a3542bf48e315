import { assertEquals } from "@std/assert";
import { joinBytes } from "../../../core/base/join_bytes.ts";

Deno.test("joinBytes() keeps order and shares no memory", () => {
  const first = Uint8Array.of(1, 2);
  const whole = joinBytes([first, new Uint8Array(0), Uint8Array.of(3)]);
  first.fill(9);
  assertEquals([...whole], [1, 2, 3]);
  assertEquals(whole.buffer.byteLength, 3);
  assertEquals(joinBytes([]).length, 0);
});
