import { assertEquals } from "@std/assert";
import type { Kernel } from "../../../backend/kernel.ts";
import { completeWgsl, paramBytes } from "../../../backend/webgpu/wgsl.ts";

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

Deno.test("completeWgsl() makes constants of what both implementations share: whole numbers u32, others f32", () => {
  const kernel: Kernel = {
    ...bare,
    fixed: ["D"],
    constants: { CHUNK: 4096, PARITY: 0x1bd11bda, TINY: 1e-7, BELOW: -1 },
    wgsl: ({ D, CHUNK }) => `// ${D} of ${CHUNK}`,
  };
  assertEquals(
    completeWgsl(kernel, { D: 3 }),
    `const D: u32 = 3u;
const CHUNK: u32 = 4096u;
const PARITY: u32 = 466688986u;
const TINY: f32 = 1e-7;
const BELOW: f32 = -1;
@group(0) @binding(0) var<storage, read_write> x: array<f32>;
${flatIndex}
// 3 of 4096`,
  );
});

Deno.test("completeWgsl() leaves out the params of the CPU device", () => {
  const params = [["cpu", "u32", "cpu"], ["gpu", "f32", "webgpu"], ["n", "u32"]] as const;
  const wgsl = completeWgsl({ ...bare, params }, {});
  assertEquals(wgsl.split("\n")[1], "struct Params { gpu: f32, n: u32 }");
  const none = completeWgsl({ ...bare, params: [["cpu", "u32", "cpu"]] }, {});
  assertEquals(none.includes("Params"), false);
});

Deno.test("completeWgsl() enables what a variant needs, and has halves as such where there is f16", () => {
  const bindings = (["f16", "bf16"] as const).map((type) => (
    { name: type, access: "read", type } as const
  ));
  const kernel: Kernel = { ...bare, bindings };
  const variant = { wgsl: () => "// the variant's", workgroups: kernel.workgroups };
  const features = ["timestamp-query", "shader-f16", "subgroups"];
  assertEquals(
    completeWgsl(kernel, {}, variant, { features }),
    `enable f16;
enable subgroups;
@group(0) @binding(0) var<storage, read> f16: array<f16>;
@group(0) @binding(1) var<storage, read> bf16: array<u32>;
${flatIndex}
// the variant's`,
  );
  assertEquals(
    completeWgsl(kernel, {}).split("\n").slice(0, 2).map((line) => line.split(": ")[1]),
    ["array<u32>;", "array<u32>;"],
  );
});

Deno.test("paramBytes() has a slot for each dispatch with params, words in the order of the struct", () => {
  const params = [["cpu", "u32", "cpu"], ["n", "u32"], ["by", "f32"]] as const;
  const dispatch = (kernel: Kernel, values: Record<string, number>) =>
    ({ op: "dispatch", kernel, storages: [], params: values, fixed: {} }) as const;
  const bytes = paramBytes([
    dispatch({ ...bare, params }, { cpu: 9, n: 1, by: 0.5 }),
    dispatch(bare, {}),
    dispatch({ ...bare, params }, { cpu: 9, n: 2 ** 32 - 1, by: -2 }),
  ], 16);
  assertEquals([...new Uint32Array(bytes.buffer)], [
    ...[1, 0x3f000000, 0, 0],
    ...[2 ** 32 - 1, 0xc0000000, 0, 0],
  ]);
  assertEquals(paramBytes([dispatch(bare, {})], 16).length, 0);
});
