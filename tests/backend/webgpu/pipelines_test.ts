import { assertEquals } from "@std/assert";
import { defineKernel } from "../../../backend/kernel.ts";
import { Pipelines } from "../../../backend/webgpu/pipelines.ts";
import { scaleKernel } from "../scale.ts";

/** A WebGPU device that writes down what is made on it. */
function paper(): { device: GPUDevice; made: string[]; code: string[] } {
  const made: string[] = [], code: string[] = [];
  const make = (what: string) => (descriptor: { code?: string }) => {
    made.push(what);
    if (descriptor.code !== undefined) code.push(descriptor.code);
    return {};
  };
  const device = {
    limits: { maxStorageBufferBindingSize: 1024 },
    createShaderModule: make("module"),
    createBindGroupLayout: make("layout"),
    createPipelineLayout: make("pipeline layout"),
    createComputePipeline: make("pipeline"),
    createBindGroup: make("bind group"),
  };
  return { device: device as unknown as GPUDevice, made, code };
}

Deno.test("Pipelines.get() compiles a kernel once for each set of what is fixed", () => {
  const { device, made } = paper(), pipelines = new Pipelines(device, {});
  const kernel = { ...scaleKernel, fixed: ["D"] };
  const [one, two] = [1, 2].map((D) => pipelines.get(kernel, { D }));
  assertEquals(pipelines.get(kernel, { D: 1, other: 5 }), one);
  assertEquals([one.id, two.id, pipelines.count], [1, 2, 2]);
  assertEquals(made.filter((what) => what === "module").length, 2);
});

Deno.test("Pipelines.get() compiles the variant that the device meets, and enables what it needs", () => {
  const kernel = defineKernel({
    name: "halves",
    bindings: [{ name: "x", access: "read_write", type: "f16" }],
    params: [],
    fixed: [],
    variants: [{
      needs: { features: ["shader-f16"] },
      wgsl: () => "// with halves",
      workgroups: () => [2, 1, 1],
    }],
    wgsl: () => "// with words",
    workgroups: () => [1, 1, 1],
    cpu: [],
  });
  const seen = [["shader-f16"], []].map((features) => {
    const { device, code } = paper();
    const { shader } = new Pipelines(device, { features }).get(kernel, {});
    const lines = code[0].split("\n");
    return [lines[0], lines.at(-1), shader.workgroups({}, {})[0]];
  });
  const words = "@group(0) @binding(0) var<storage, read_write> x: array<u32>;";
  assertEquals(seen, [["enable f16;", "// with halves", 2], [words, "// with words", 1]]);
});
