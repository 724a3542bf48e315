import { assertEquals, assertThrows } from "@std/assert";
import {
  dequantise,
  DEQUANTISED,
  isDequantised,
} from "../../../../core/formats/gguf/dequantise.ts";
import { quantsFixture, sameBits } from "./quants_fixture.ts";

const PLAIN = DEQUANTISED.filter((type) => !type.endsWith("_K"));

Deno.test("dequantise() knows the types that the issue lists", () => {
  for (const type of "F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q4_K Q5_K Q6_K".split(" ")) {
    assertEquals(isDequantised(type), true, type);
  }
});

for (const type of PLAIN) {
  Deno.test(`dequantise() has gguf-py's bits for ${type}, subnormal and largest scales included`, async () => {
    const { bytes, numbers } = (await quantsFixture()).get(type)!;
    const out = new Float32Array(numbers.length);
    dequantise(type, bytes, out);
    sameBits(out, numbers);
  });
}

Deno.test("dequantise() reads a Q8_0 block by hand: d = 0.5, numbers 1, −128, 127", () => {
  const block = new Uint8Array(34);
  block.set([0x00, 0x38, 1, 128, 127]);
  const out = new Float32Array(32);
  dequantise("Q8_0", block, out);
  assertEquals([...out.slice(0, 4)], [0.5, -64, 63.5, 0]);
});

Deno.test("dequantise() refuses a type that it does not know", () => {
  assertThrows(
    () => dequantise("IQ2_XS", new Uint8Array(74), new Float32Array(256)),
    TypeError,
    "Cannot dequantise: the type is IQ2_XS, expected one of F32, F16",
  );
  assertEquals(isDequantised("IQ2_XS"), false);
});
