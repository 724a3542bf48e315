import { assertEquals } from "@std/assert";
import { GGML_TYPE_IDS, GGML_TYPES } from "../../../../core/formats/gguf/ggml_types.ts";

Deno.test("GGML_TYPES has bits a number of the usual types", () => {
  const bits = (name: string) => {
    const { bytes, elements } = GGML_TYPES.get(GGML_TYPE_IDS.get(name)!)!;
    return 8 * bytes / elements;
  };
  assertEquals(
    ["F32", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"].map(bits),
    [32, 16, 8.5, 4.5, 5, 5.5, 4.5, 5.5, 6.5625, 4.25],
  );
});

Deno.test("GGML_TYPE_IDS is the way back from GGML_TYPES", () => {
  assertEquals(GGML_TYPE_IDS.size, GGML_TYPES.size);
  for (const [id, { name }] of GGML_TYPES) assertEquals(GGML_TYPE_IDS.get(name), id);
});
