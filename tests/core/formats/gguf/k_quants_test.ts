import { assertEquals } from "@std/assert";
import { GGML_TYPE_IDS, GGML_TYPES } from "../../../../core/formats/gguf/ggml_types.ts";
import { K_QUANTS } from "../../../../core/formats/gguf/k_quants.ts";
import { quantsFixture, sameBits } from "./quants_fixture.ts";

for (const [type, read] of Object.entries(K_QUANTS)) {
  Deno.test(`K_QUANTS.${type} has gguf-py's bits, subnormal and largest scales included`, async () => {
    const { bytes, numbers } = (await quantsFixture()).get(type)!;
    const out = new Float32Array(numbers.length);
    const size = GGML_TYPES.get(GGML_TYPE_IDS.get(type)!)!.bytes;
    for (let i = 0; i < bytes.length / size; i++) read(bytes, i * size, out, i * 256);
    sameBits(out, numbers);
  });
}

Deno.test("K_QUANTS write 256 numbers where they are told to and nothing else", () => {
  for (const read of Object.values(K_QUANTS)) {
    const out = new Float32Array(260).fill(7);
    read(new Uint8Array(300), 3, out, 2);
    assertEquals([out[1], out[258]], [7, 7]);
    assertEquals(out.slice(2, 258).every((x) => x === 0), true);
  }
});
