import { assertEquals } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { defineKernel, type Kernel } from "../../backend/kernel.ts";
import { meets, shaderFor } from "../../backend/variant.ts";
import { deviceTest } from "../support/devices.ts";

const store = (n: number) => () => `@compute @workgroup_size(1)\nfn main() { x[0] += ${n}u; }`;
const one = (): readonly [number, number, number] => [1, 1, 1];

/** x[0] grows by 1 on the CPU device, by 10 a workgroup as the kernel's own shader, by 100 or 1000 as a variant. */
const kernel: Kernel = defineKernel({
  name: "variants",
  bindings: [{ name: "x", access: "read_write", type: "u32" }],
  params: [],
  fixed: [],
  variants: [
    { needs: { features: ["no such feature"] }, wgsl: store(1000), workgroups: one },
    {
      needs: { limits: { maxComputeInvocationsPerWorkgroup: 64 } },
      wgsl: () => "@compute @workgroup_size(64)\nfn main() { x[0] = 100u; }",
      workgroups: one,
    },
  ],
  wgsl: store(10),
  workgroups: one,
  cpu: [{ tasks: () => 1, run: ({ b }) => void (b.x[0] += 1) }],
});

Deno.test("meets() wants every feature, and limits that are as high", () => {
  const info = { features: ["subgroups"], limits: { size: 64 } };
  assertEquals(meets(info, {}), true);
  assertEquals(meets(info, { features: ["subgroups"], limits: { size: 64 } }), true);
  assertEquals(meets(info, { features: ["subgroups", "shader-f16"] }), false);
  assertEquals(meets(info, { limits: { size: 65 } }), false);
  assertEquals(meets(info, { limits: { other: 0 } }), false, "nothing is known of it");
  assertEquals([meets({}, {}), meets({}, { features: ["subgroups"] })], [true, false]);
});

Deno.test("shaderFor() takes the first variant whose needs hold, else the kernel's own", () => {
  const [first, second] = kernel.variants!;
  const limits = { maxComputeInvocationsPerWorkgroup: 256 };
  const all = shaderFor(kernel, { features: ["no such feature"], limits });
  assertEquals([all.shader, all.needs], [first, first.needs]);
  assertEquals(shaderFor(kernel, { limits }).shader, second);
  const own = shaderFor(kernel, {});
  assertEquals([own.shader, own.needs], [kernel, {}]);
});

deviceTest("a device runs the variant that it meets; the twin is the same", async (device) => {
  using arena = new Arena(device, "variants");
  const x = arena.zeros([1], "x", "u32");
  arena.dispatch(kernel, { bind: { x }, params: {} });
  assertEquals([...(await arena.read(x))], [device.info.runsTwins ? 1 : 100]);
});
