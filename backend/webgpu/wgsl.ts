// The part of a kernel's WGSL that follows from its description: constants, bindings, the params struct.
import type { Kernel, Numbers } from "../kernel.ts";

/** Complete WGSL of a kernel. Params are read as `p.name`; `flatIndex` undoes `grid`'s folding. */
export function completeWgsl(kernel: Kernel, fixed: Numbers): string {
  const constants = kernel.fixed.map((name) => `const ${name}: u32 = ${fixed[name]}u;`);
  const bindings = kernel.bindings.map(({ name, access, type = "f32" }, i) =>
    `@group(0) @binding(${i}) var<storage, ${access}> ${name}: array<${type}>;`
  );
  const params = kernel.params.length === 0 ? [] : [
    `struct Params { ${kernel.params.map(([name, type]) => `${name}: ${type}`).join(", ")} }`,
    `@group(0) @binding(${kernel.bindings.length}) var<uniform> p: Params;`,
  ];
  return [
    ...constants,
    ...bindings,
    ...params,
    `fn flatIndex(group: vec3<u32>, groups: vec3<u32>, size: u32, local: u32) -> u32 {`,
    `  return (group.y * groups.x + group.x) * size + local;`,
    `}`,
    kernel.wgsl(fixed),
  ].join("\n");
}
