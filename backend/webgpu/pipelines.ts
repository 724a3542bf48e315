// Pipelines and bind groups of a WebGPU device: each is made once for what it depends on.
import { DeviceError } from "../device_error.ts";
import { type Kernel, type Numbers, type Param, paramsOn, type Shader } from "../kernel.ts";
import type { Storage } from "../memory.ts";
import { type Capabilities, shaderFor } from "../variant.ts";
import { ShaderStage } from "./flags.ts";
import { completeWgsl } from "./wgsl.ts";

const MAX_BIND_GROUPS = 16384;

/** A compiled kernel. */
export interface Pipeline {
  /** Keys bind groups. */
  readonly id: number;
  /** What WebGPU runs. */
  readonly pipeline: GPUComputePipeline;
  /** What it binds. */
  readonly layout: GPUBindGroupLayout;
  /** The kernel's own shader or a variant's: says how many workgroups there are. */
  readonly shader: Shader;
  /** The params that the shader reads, in order. */
  readonly params: readonly Param[];
  /** What is fixed, and the kernel's constants. */
  readonly fixed: Numbers;
}

/** What was compiled and bound on a device. */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #info: Capabilities;
  readonly #pipelines = new Map<Kernel, Map<string, Pipeline>>();
  readonly #bindGroups = new Map<string, GPUBindGroup>();
  #count = 0;

  /**
   * None yet.
   *
   * @param device The WebGPU device.
   * @param info What it can do: decides which variants of kernels are compiled.
   */
  constructor(device: GPUDevice, info: Capabilities) {
    this.#device = device;
    this.#info = info;
  }

  /** How many were compiled. */
  get count(): number {
    return this.#count;
  }

  /** Forget the bind groups: a buffer that they may hold has ended. */
  forgetBindGroups(): void {
    this.#bindGroups.clear();
  }

  /** The pipeline of a kernel for what is fixed, compiled the first time. */
  get(kernel: Kernel, fixed: Numbers): Pipeline {
    let variants = this.#pipelines.get(kernel);
    if (variants === undefined) this.#pipelines.set(kernel, variants = new Map());
    const key = kernel.fixed.map((name) => fixed[name]).join(",");
    const known = variants.get(key);
    if (known !== undefined) return known;
    const label = `${kernel.name}(${key})`;
    const { shader, needs } = shaderFor(kernel, this.#info), params = paramsOn(kernel, "webgpu");
    const code = completeWgsl(kernel, fixed, shader, needs);
    const module = this.#device.createShaderModule({ label, code });
    const layout = this.#device.createBindGroupLayout({
      label,
      entries: [
        ...kernel.bindings.map(({ access }, binding): GPUBindGroupLayoutEntry => ({
          binding,
          visibility: ShaderStage.COMPUTE,
          buffer: { type: access === "read" ? "read-only-storage" : "storage" },
        })),
        ...(params.length === 0 ? [] : [{
          binding: kernel.bindings.length,
          visibility: ShaderStage.COMPUTE,
          buffer: { type: "uniform" as const, hasDynamicOffset: true },
        }]),
      ],
    });
    const pipeline = this.#device.createComputePipeline({
      label,
      layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    const all = { ...kernel.constants, ...fixed };
    const made = { id: ++this.#count, pipeline, layout, shader, params, fixed: all };
    variants.set(key, made);
    return made;
  }

  /** The bind group of a pipeline for some memory, made the first time. */
  bindGroup(
    { id, layout, params }: Pipeline,
    kernel: Kernel,
    storages: readonly Storage[],
    uniforms: GPUBuffer | undefined,
  ): GPUBindGroup {
    const limit = this.#device.limits.maxStorageBufferBindingSize;
    // Whole blocks where they may be bound: what is used of them differs from batch to batch.
    const sizes = storages.map(({ block, bytes }) => block.bytes <= limit ? block.bytes : bytes);
    let key = `${id}`;
    storages.forEach(({ block }, i) => key += `,${block.id}:${sizes[i]}`);
    const known = this.#bindGroups.get(key);
    if (known !== undefined) return known;
    if (this.#bindGroups.size >= MAX_BIND_GROUPS) this.#bindGroups.clear();
    const tooLarge = storages.find(({ bytes }) => bytes > limit);
    if (tooLarge !== undefined) {
      throw new DeviceError(
        `Cannot bind "${tooLarge.label}" to ${kernel.name} on WebGPU: it has ${tooLarge.bytes} bytes and the adapter's limit is ${limit}. Give --gradient-checkpointing (beside --resume too) or shorter texts`,
      );
    }
    const group = this.#device.createBindGroup({
      layout,
      entries: [
        ...storages.map(({ block }, binding) => ({
          binding,
          resource: { buffer: block.buffer!, size: sizes[binding] },
        })),
        ...(params.length === 0 ? [] : [{
          binding: storages.length,
          resource: { buffer: uniforms!, size: Math.ceil(params.length / 4) * 16 },
        }]),
      ],
    });
    this.#bindGroups.set(key, group);
    return group;
  }
}
