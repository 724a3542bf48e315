import { assertEquals } from "@std/assert";
import { NARROW, PLAIN, REDUCE } from "../../../../backend/kernels/matmul/signature.ts";

for (const [name, signature] of Object.entries({ NARROW, PLAIN, REDUCE })) {
  Deno.test(`${name} fits WebGPU's eight storage buffers and 256 bytes of params`, () => {
    assertEquals(signature.bindings.length <= 8, true);
    assertEquals(4 * signature.params.length <= 256, true);
  });

  Deno.test(`${name} names nothing twice: all become names in one WGSL`, () => {
    const { bindings, fixed, ...rest } = signature;
    const constants = "constants" in rest ? Object.keys(rest.constants) : [];
    const names = [...bindings.map((binding) => binding.name), ...fixed, ...constants];
    assertEquals(names.length, new Set(names).size);
    const params = signature.params.map(([param]) => param);
    assertEquals(params.length, new Set(params).size);
  });
}

Deno.test("NARROW is PLAIN with the scales of B: the same twins run both", () => {
  const names = (signature: typeof PLAIN | typeof NARROW) =>
    signature.bindings.map(({ name }) => name).filter((name) => name !== "scales");
  assertEquals(names(NARROW), names(PLAIN));
  assertEquals(
    NARROW.params.slice(0, -1).map(([name]) => name),
    PLAIN.params.map(([name]) => name),
  );
  assertEquals([...NARROW.fixed].sort(), [...PLAIN.fixed, "FORMAT"].sort());
});
