import { assertEquals } from "@std/assert";
import { f16At, f16ToNumber, numberToBf16, numberToF16 } from "../../../core/base/half.ts";
import { bf16ToNumber } from "../../support/bf16.ts";

const FORMATS = [
  { name: "F16", widen: f16ToNumber, narrow: numberToF16, infinity: 0x7c00 },
  { name: "BF16", widen: bf16ToNumber, narrow: numberToBf16, infinity: 0x7f80 },
];

for (const { name, widen, narrow, infinity } of FORMATS) {
  Deno.test(`${name} every pattern survives widening and narrowing`, () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = widen(bits);
      if (Number.isNaN(value)) {
        assertEquals((bits & 0x7fff) > infinity, true);
        assertEquals((narrow(value) & 0x7fff) > infinity, true, "NaN stays NaN");
      } else {
        assertEquals(narrow(value), bits);
      }
    }
  });

  Deno.test(`${name} narrowing takes the nearer neighbour, of two the even one`, () => {
    for (let bits = 0; bits + 1 < infinity; bits++) {
      const low = widen(bits);
      const high = widen(bits + 1);
      const middle = (low + high) / 2; // exact in f64 and, with one bit more, in f32
      const even = bits % 2 === 0 ? bits : bits + 1;
      assertEquals(narrow(middle), even, `${middle}`);
      assertEquals(narrow(-middle), even | 0x8000);
      const f32Step = Math.fround(middle) * 2 ** -22;
      if (f32Step > 0 && middle > 2 ** -125) {
        assertEquals(narrow(middle - f32Step), bits, `below ${middle}`);
        assertEquals(narrow(middle + f32Step), bits + 1, `above ${middle}`);
      }
    }
  });
}

Deno.test("f16ToNumber() known values", () => {
  const rows = [[0x3c00, 1], [0xc000, -2], [0x7bff, 65504], [0x0001, 2 ** -24], [
    0x3555,
    0.333251953125,
  ]];
  for (const [bits, value] of rows) assertEquals(f16ToNumber(bits), value);
  assertEquals(f16ToNumber(0xfc00), -Infinity);
  assertEquals(numberToF16(65519.99609375), 0x7bff);
  assertEquals(numberToF16(65520), 0x7c00);
});

Deno.test("bf16ToNumber() known values", () => {
  for (const [bits, value] of [[0x3f80, 1], [0xc000, -2], [0x4049, 3.140625]]) {
    assertEquals(bf16ToNumber(bits), value);
  }
  assertEquals(numberToBf16(Math.PI), 0x4049);
});

Deno.test("f16At() reads two bytes, the low one first", () => {
  assertEquals(f16At(Uint8Array.of(0xff, 0x01, 0x3c, 0xff), 1), f16ToNumber(0x3c01));
});
