// What a kernel's signature promises WebGPU, checked in one line.
import { assertEquals } from "@std/assert";
import type { Signature } from "../../backend/kernel.ts";

/** Tests that each signature, by its name, is one that WebGPU takes and WGSL can name. */
export function checkSignatures(signatures: Readonly<Record<string, Signature>>): void {
  for (const [name, { bindings, params, fixed, constants = {} }] of Object.entries(signatures)) {
    Deno.test(`${name} fits WebGPU's eight storage buffers and 256 bytes of params`, () => {
      assertEquals(bindings.length <= 8, true);
      assertEquals(4 * params.length <= 256, true);
    });

    Deno.test(`${name} names nothing twice: all become names in one WGSL`, () => {
      const names = [
        ...bindings.map(({ name }) => name),
        ...fixed,
        ...Object.keys(constants),
      ];
      assertEquals(names.length, new Set(names).size);
      const own = params.map(([param]) => param);
      assertEquals(own.length, new Set(own).size);
    });
  }
}
