import { assertEquals } from "@std/assert";
import { BufferUsage, MapMode, ShaderStage } from "../../../backend/webgpu/flags.ts";

Deno.test("the flags are those of this runtime's WebGPU", () => {
  const pairs = [[BufferUsage, GPUBufferUsage], [MapMode, GPUMapMode], [
    ShaderStage,
    GPUShaderStage,
  ]];
  for (const [ours, theirs] of pairs) {
    for (const [name, flag] of Object.entries(ours)) {
      assertEquals(flag, Reflect.get(theirs, name), name);
    }
  }
});
