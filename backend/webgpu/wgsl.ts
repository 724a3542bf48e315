// The part of a kernel's WGSL that follows from its description: constants, bindings, the params struct.
import type { Command } from "../device.ts";
import {
  type Binding,
  type Kernel,
  type Needs,
  type Numbers,
  paramsOn,
  type Shader,
} from "../kernel.ts";

/** Features that a shader must enable, and how WGSL calls them. */
const ENABLES: Readonly<Record<string, string>> = { "shader-f16": "f16", "subgroups": "subgroups" };

/**
 * Complete WGSL of a kernel. Params are read as `p.name`; `flatIndex` undoes `grid`'s folding.
 *
 * @param fixed A whole number for each fixed name.
 * @param shader The kernel's own shader or a variant's.
 * @param needs What the variant needs: its features are enabled.
 */
export function completeWgsl(
  kernel: Kernel,
  fixed: Numbers,
  shader: Shader = kernel,
  { features = [] }: Needs = {},
): string {
  const enables = features.flatMap((name) => ENABLES[name] ? [`enable ${ENABLES[name]};`] : []);
  const given = kernel.fixed.map((name) => `const ${name}: u32 = ${fixed[name]}u;`);
  const shared = Object.entries(kernel.constants ?? {}).map(constant);
  const bindings = kernel.bindings.map((binding, i) =>
    `@group(0) @binding(${i}) var<storage, ${binding.access}> ${binding.name}: array<${
      elementOf(binding, features)
    }>;`
  );
  const params = paramsOn(kernel, "webgpu");
  const struct = params.length === 0 ? [] : [
    `struct Params { ${params.map(([name, type]) => `${name}: ${type}`).join(", ")} }`,
    `@group(0) @binding(${kernel.bindings.length}) var<uniform> p: Params;`,
  ];
  return [
    ...enables,
    ...given,
    ...shared,
    ...bindings,
    ...struct,
    `fn flatIndex(group: vec3<u32>, groups: vec3<u32>, size: u32, local: u32) -> u32 {`,
    `  return (group.y * groups.x + group.x) * size + local;`,
    `}`,
    shader.wgsl({ ...kernel.constants, ...fixed }),
  ].join("\n");
}

/**
 * The params structs of a command list's dispatches, one every `slot` bytes; a kernel without params has none. Dawn
 * takes no DataView, so they are bytes.
 */
export function paramBytes(commands: readonly Command[], slot: number): Uint8Array<ArrayBuffer> {
  const structs = commands.flatMap((command) => {
    const params = command.op === "dispatch" ? paramsOn(command.kernel, "webgpu") : [];
    return command.op === "dispatch" && params.length > 0 ? [{ params, of: command.params }] : [];
  });
  const view = new DataView(new ArrayBuffer(structs.length * slot));
  structs.forEach(({ params, of }, at) => {
    params.forEach(([name, type], i) => {
      if (type === "f32") view.setFloat32(at * slot + 4 * i, of[name], true);
      else view.setUint32(at * slot + 4 * i, of[name], true);
    });
  });
  return new Uint8Array(view.buffer);
}

function constant([name, value]: readonly [string, number]): string {
  const isWhole = Number.isInteger(value) && value >= 0 && value < 2 ** 32;
  return isWhole ? `const ${name}: u32 = ${value}u;` : `const ${name}: f32 = ${value};`;
}

/** The element type in WGSL: halves are words of two where a shader has no f16. */
function elementOf({ type = "f32" }: Binding, features: readonly string[]): string {
  if (type === "bf16" || (type === "f16" && !features.includes("shader-f16"))) return "u32";
  return type;
}
