import { assertEquals } from "@std/assert";
import {
  BACKWARD,
  DECODE,
  DELTA,
  FORWARD,
} from "../../../../backend/kernels/attention/signature.ts";

for (const [name, signature] of Object.entries({ BACKWARD, DECODE, DELTA, FORWARD })) {
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
