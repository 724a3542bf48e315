// The WebGPU device: pipelines and bind groups are cached, one command list is one submit.
import { type Command, Device, type DeviceInfo } from "../device.ts";
import { type Block, largestSizeClass, type Storage } from "../memory.ts";
import { describeAdapter, ownGpu, requestAdapter } from "./adapter.ts";
import { capabilitiesOf, wantedOf } from "./capabilities.ts";
import { BufferUsage } from "./flags.ts";
import { Health, oneLine } from "./health.ts";
import { Pipelines } from "./pipelines.ts";
import { fastReadbackKnown, Readback } from "./readback.ts";
import { paramBytes } from "./wgsl.ts";
import { DeviceError } from "../device_error.ts";

/** Options of the WebGPU device. */
export interface GpuOptions {
  /** Another implementation of WebGPU (a browser's, Dawn's). Default: `navigator.gpu`. */
  readonly gpu?: GPU;
  /** Fill memory with NaN before it is handed out: for tests. */
  readonly poison?: boolean;
  /** Read back without awaiting the map. Default: where that was checked, with the runtime's own WebGPU. */
  readonly fastReadback?: boolean;
}

const SLOT = 256; // alignment of dynamic uniform offsets
const LARGE_STAGING = 1 << 26; // bytes: a larger buffer of uploads is given back when it is no longer needed

/**
 * The product's device. Open it with `openDevice({ kind: "webgpu" })`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, chooseDevice, GpuDevice } from "@leash/bpo/backend";
 * if ((await chooseDevice()).kind === "webgpu") { // this machine has a real adapter
 *   using device = await GpuDevice.open();
 *   using arena = new Arena(device, "example");
 *   assertEquals([...(await arena.read(arena.zeros([2], "x")))], [0, 0]);
 * }
 * ```
 */
export class GpuDevice extends Device {
  readonly #device: GPUDevice;
  readonly #pipelines: Pipelines;
  readonly #readback: Readback;
  readonly #health: Health;
  /** The injected WebGPU: Dawn ends the process when it is collected while a device of it lives. */
  readonly #gpu: GPU | undefined;
  /** Names and numbers for a person. */
  readonly info: DeviceInfo;
  /** Fill memory with NaN before it is handed out: for tests. */
  readonly poison: boolean;
  #blockId = 0;
  #trusted = 0;
  #turn = 0;
  #uniforms: GPUBuffer | undefined;
  #staging: GPUBuffer | undefined;
  #nan: GPUBuffer | undefined;

  private constructor(device: GPUDevice, info: DeviceInfo, options: GpuOptions) {
    super();
    this.#device = device;
    this.#gpu = options.gpu;
    this.info = info;
    this.poison = options.poison ?? false;
    const { gpu, fastReadback = fastReadbackKnown(gpu ?? ownGpu()) } = options;
    this.#pipelines = new Pipelines(device, info);
    this.#readback = new Readback(device, fastReadback);
    this.#health = new Health(device);
  }

  /**
   * Open an adapter's device with all the features and limits of the adapter that kernels can use.
   *
   * @throws {Error} If there is no adapter.
   */
  static async open(options: GpuOptions = {}): Promise<GpuDevice> {
    const adapter = await requestAdapter(options.gpu);
    if (adapter === undefined) {
      throw new DeviceError(
        "Cannot open WebGPU: there is no adapter, expected a driver. On Debian: apt-get install mesa-vulkan-drivers, or use the CPU device",
      );
    }
    const device = await adapter.requestDevice({ label: "leash", ...wantedOf(adapter) });
    const { name, detail, software } = describeAdapter(adapter);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    const info: DeviceInfo = {
      ...{ kind: "webgpu", name, detail, software },
      maxBindingBytes: Math.min(maxStorageBufferBindingSize, largestSizeClass(maxBufferSize)),
      runsTwins: false,
      ...capabilitiesOf(device),
    };
    return new GpuDevice(device, info, options);
  }

  /** Create a block of exactly `bytes`. */
  protected override createBlock(bytes: number): Block {
    if (bytes > this.#device.limits.maxBufferSize) {
      throw new DeviceError(
        `Cannot allocate ${bytes} bytes on WebGPU: the adapter's limit is ${this.#device.limits.maxBufferSize}. Give --gradient-checkpointing (beside --resume too) or shorter texts`,
      );
    }
    const buffer = this.#device.createBuffer({
      size: bytes,
      usage: BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST,
    });
    return { bytes, id: ++this.#blockId, buffer, generation: 0 };
  }

  /** Return a block to the system. */
  protected override destroyBlock(block: Block): void {
    block.buffer!.destroy();
    this.#pipelines.forgetBindGroups();
  }

  /** Fill a block with NaN at once. */
  protected override fillNaN(block: Block): void {
    this.#device.queue.writeBuffer(block.buffer!, 0, new Float32Array(block.bytes / 4).fill(NaN));
  }

  /** Run a command list, then copy `reads` out. */
  protected override execute(
    commands: readonly Command[],
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> | undefined {
    this.#health.check();
    this.#turn++;
    const encoder = this.#encode(commands);
    if (reads.length > 0) return this.#submitAndCopyOut(encoder, reads);
    this.#device.queue.submit([encoder.finish()]);
    this.#health.settle();
    return undefined;
  }

  /** Submits before it first awaits: work that is called later also runs later. */
  async #submitAndCopyOut(
    encoder: GPUCommandEncoder,
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> {
    const offsets: number[] = [];
    let total = 0;
    for (const { bytes } of reads) {
      offsets.push(total);
      total += Math.ceil(bytes / 8) * 8;
    }
    const staging = this.#readback.take(total);
    reads.forEach(({ block, bytes }, i) => {
      encoder.copyBufferToBuffer(block.buffer!, 0, staging, offsets[i], bytes);
    });
    this.#device.queue.submit([encoder.finish()]);
    const turn = this.#turn, newest = this.#blockId;
    const reading = this.#readback.read(staging, total);
    const [read] = await Promise.allSettled([reading, this.#health.collect()]);
    try {
      this.#health.check();
      if (read.status === "rejected") {
        throw new DeviceError(`Cannot read from WebGPU: ${oneLine(read.reason.message)}`);
      }
    } catch (error) {
      this.distrustAfter(this.#trusted);
      if (turn !== this.#turn) {
        this.#health.lose(`work was sent after a step that failed: ${(error as Error).message}`);
      }
      throw error;
    }
    this.#trusted = Math.max(this.#trusted, newest);
    const data = read.value;
    return reads.map(({ bytes }, i) => data.slice(offsets[i], offsets[i] + bytes));
  }

  /** Wait for the queue and throw if any WebGPU error was reported since the last look. */
  async check(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    await this.#health.collect();
    this.#health.check();
  }

  /** Destroy the underlying device, as a driver reset would: for tests of what happens then. */
  lose(): void {
    this.#health.lose("it was destroyed");
    this.#device.destroy();
  }

  #encode(commands: readonly Command[]): GPUCommandEncoder {
    const uniforms = this.#writeUniforms(commands);
    const staging = this.#writeUploads(commands);
    const nan = this.#writeNaN(commands);
    const encoder = this.#device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    let slot = 0;
    let upload = 0;
    const endPass = () => {
      pass?.end();
      pass = undefined;
    };
    for (const command of commands) {
      if (command.op === "dispatch") {
        const { kernel, storages, params, fixed } = command;
        const pipeline = this.#pipelines.get(kernel, fixed);
        pass ??= encoder.beginComputePass();
        pass.setPipeline(pipeline.pipeline);
        const group = this.#pipelines.bindGroup(pipeline, kernel, storages, uniforms);
        if (pipeline.params.length > 0) pass.setBindGroup(0, group, [slot++ * SLOT]);
        else pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(...pipeline.shader.workgroups(params, pipeline.fixed));
        continue;
      }
      endPass();
      if (command.op === "copy") {
        const { src, from, dst, to, bytes } = command;
        encoder.copyBufferToBuffer(src.block.buffer!, from, dst.block.buffer!, to, bytes);
      } else if (command.op === "upload") {
        const { dst, offset, data } = command;
        encoder.copyBufferToBuffer(staging!, upload, dst.block.buffer!, offset, data.byteLength);
        upload += data.byteLength;
      } else if (command.op === "clear") {
        encoder.clearBuffer(command.dst.block.buffer!, 0, command.dst.bytes);
      } else {
        const { block } = command.dst;
        encoder.copyBufferToBuffer(nan!, 0, block.buffer!, 0, block.bytes);
      }
    }
    endPass();
    this.counts.pipelines = this.#pipelines.count;
    return encoder;
  }

  /** All params of a command list in one write, a 256-byte slot a dispatch. */
  #writeUniforms(commands: readonly Command[]): GPUBuffer | undefined {
    const bytes = paramBytes(commands, SLOT);
    if (bytes.length === 0) return undefined;
    if (this.#uniforms === undefined || this.#uniforms.size < bytes.byteLength) {
      this.#uniforms?.destroy();
      this.#pipelines.forgetBindGroups();
      this.#uniforms = this.#device.createBuffer({
        label: "params",
        size: Math.max(1 << 18, 2 ** Math.ceil(Math.log2(bytes.byteLength))),
        usage: BufferUsage.UNIFORM | BufferUsage.COPY_DST,
      });
    }
    this.#device.queue.writeBuffer(this.#uniforms, 0, bytes);
    return this.#uniforms;
  }

  /** All uploads of a command list in one write: queue.writeBuffer straight to their targets would overtake recorded work. */
  #writeUploads(commands: readonly Command[]): GPUBuffer | undefined {
    let total = 0;
    for (const command of commands) if (command.op === "upload") total += command.data.byteLength;
    if (total === 0) return undefined;
    const idle = this.#staging !== undefined &&
      this.#staging.size > Math.max(LARGE_STAGING, 4 * total);
    if (this.#staging === undefined || this.#staging.size < total || idle) {
      this.#staging?.destroy();
      const rounded = Math.max(1 << 16, 2 ** Math.ceil(Math.log2(total)));
      this.#staging = this.#device.createBuffer({
        label: "uploads",
        size: Math.max(total, Math.min(rounded, this.#device.limits.maxBufferSize)),
        usage: BufferUsage.COPY_SRC | BufferUsage.COPY_DST,
      });
    }
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const command of commands) {
      if (command.op !== "upload") continue;
      const { data } = command;
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      at += data.byteLength;
    }
    this.#device.queue.writeBuffer(this.#staging, 0, bytes);
    return this.#staging;
  }

  /** NaNs for the largest block of a command list that is poisoned. */
  #writeNaN(commands: readonly Command[]): GPUBuffer | undefined {
    let most = 0;
    for (const command of commands) {
      if (command.op === "poison") most = Math.max(most, command.dst.block.bytes);
    }
    if (most === 0 || (this.#nan !== undefined && this.#nan.size >= most)) return this.#nan;
    this.#nan?.destroy();
    this.#nan = this.#device.createBuffer({
      label: "poison",
      size: most,
      usage: BufferUsage.COPY_SRC | BufferUsage.COPY_DST,
    });
    this.#device.queue.writeBuffer(this.#nan, 0, new Float32Array(most / 4).fill(NaN));
    return this.#nan;
  }

  /** Close what the base class does not know of. */
  protected override close(): void {
    this.#readback.close();
    this.#uniforms?.destroy();
    this.#staging?.destroy();
    this.#nan?.destroy();
    this.#pipelines.forgetBindGroups();
    this.#health.lose("it was closed");
    this.#device.destroy();
  }
}
