import { assertEquals } from "@std/assert";
import type { Kernel } from "../../../backend/kernel.ts";
import { completeWgsl } from "../../../backend/webgpu/wgsl.ts";

const flatIndex = `fn flatIndex(group: vec3<u32>, groups: vec3<u32>, size: u32, local: u32) -> u32 {
  return (group.y * groups.x + group.x) * size + local;
}`;

const bare: Kernel = {
  name: "bare",
  bindings: [{ name: "x", access: "read_write" }],
  params: [],
  fixed: [],
  wgsl: () => "// the kernel's own",
  workgroups: () => [1, 1, 1],
  cpu: [],
};

Deno.test("completeWgsl() declares bindings in order, f32 where no type is given", () => {
  assertEquals(
    completeWgsl({
      ...bare,
      bindings: [
        { name: "x", access: "read" },
        { name: "ids", access: "read", type: "u32" },
        { name: "y", access: "read_write", type: "vec4<f32>" },
      ],
    }, {}),
    `@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;
${flatIndex}
// the kernel's own`,
  );
});

Deno.test("completeWgsl() puts params into a uniform after the bindings, in order", () => {
  assertEquals(
    completeWgsl({ ...bare, params: [["rows", "u32"], ["eps", "f32"]] }, {}),
    `@group(0) @binding(0) var<storage, read_write> x: array<f32>;
struct Params { rows: u32, eps: f32 }
@group(0) @binding(1) var<uniform> p: Params;
${flatIndex}
// the kernel's own`,
  );
});

Deno.test("completeWgsl() makes constants of what is fixed, and hands it to the kernel", () => {
  const kernel: Kernel = { ...bare, fixed: ["D", "ADD"], wgsl: ({ D }) => `// D is ${D}` };
  assertEquals(
    completeWgsl(kernel, { D: 64, ADD: 0, other: 3 }),
    `const D: u32 = 64u;
const ADD: u32 = 0u;
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
${flatIndex}
// D is 64`,
  );
});
