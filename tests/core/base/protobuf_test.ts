import { assertEquals } from "@std/assert";
import {
  doubleField,
  floatField,
  messageField,
  textField,
  varintField,
} from "../../../core/base/protobuf.ts";

Deno.test("fields have the bytes of the encoding's own examples and of its largest numbers", () => {
  for (
    const [bytes, wanted] of [
      [varintField(1, 150), "089601"],
      [varintField(1, 0), "0800"],
      [varintField(300, 127), "e0127f"],
      [varintField(1, Number.MAX_SAFE_INTEGER), "08ffffffffffffff0f"],
      [textField(2, "testing"), "120774657374696e67"],
      [messageField(3, [varintField(1, 150)]), "1a03089601"],
      [doubleField(1, 1), "09000000000000f03f"],
      [floatField(2, -2), "15000000c0"],
      [textField(1, "é".repeat(64)), `0a8001${"c3a9".repeat(64)}`],
    ] as const
  ) assertEquals(bytes.toHex(), wanted);
});
