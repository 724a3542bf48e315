// The CPU device: one WebAssembly memory, WASM SIMD kernels, and workers that share both.
import { type Command, Device, type DeviceInfo } from "../device.ts";
import {
  type CpuContext,
  definedKernels,
  type Kernel,
  type Numbers,
  SCRATCH_BYTES,
} from "../kernel.ts";
import type { Block, Storage } from "../memory.ts";
import { Addresses } from "./addresses.ts";
import { Crew } from "./crew.ts";
import { processors } from "./thread.ts";
import { buildModule, relaxedFmaSupported, type WasmKernels } from "./wasm.ts";
import { DeviceError } from "../device_error.ts";
import { Plan } from "./plan.ts";

/** Options of the CPU device. */
export interface CpuOptions {
  /** Threads, main one included; 1 where memory cannot be shared. Default: the machine's cores, at most 8. */
  readonly threads?: number;
  /** Use relaxed-SIMD fused multiply-add. Default: where the engine has it. The bits of results differ. */
  readonly fma?: boolean;
  /** Fill memory with NaN before it is handed out: for tests. */
  readonly poison?: boolean;
}

const PAGE = 65536;
/** A quarter of the memory there can be: one tensor should not take more. */
const MAX_BINDING_BYTES = 2 ** 30;

/** What a place says about shared memory. */
interface Scope {
  readonly SharedArrayBuffer?: unknown;
  readonly crossOriginIsolated?: boolean;
}

/** Whether threads may share memory: servers may; a browser says so of a page that is isolated, and hides it else. */
export function canShareMemory(scope: Scope = globalThis): boolean {
  return scope.SharedArrayBuffer !== undefined && scope.crossOriginIsolated !== false;
}

/**
 * The device that runs anywhere. Open it with `openDevice({ kind: "cpu" })`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, CpuDevice } from "@leash/bpo/backend";
 * using device = await CpuDevice.open({ threads: 2, fma: false });
 * assertEquals(device.info.detail, "no FMA, 2 threads");
 * using arena = new Arena(device, "example");
 * assertEquals([...(await arena.read(arena.zeros([2], "x")))], [0, 0]);
 * ```
 */
export class CpuDevice extends Device {
  readonly #memory: WebAssembly.Memory;
  readonly #wasm: WasmKernels;
  readonly #crew: Crew;
  readonly #plans = new Map<Kernel, Plan>();
  readonly #scratch: number;
  readonly #addresses: Addresses;
  /** Names and numbers for a person. */
  readonly info: DeviceInfo;
  /** Fill memory with NaN before it is handed out: for tests. */
  readonly poison: boolean;
  #blockId = 0;
  #f32: Float32Array;

  private constructor(
    memory: WebAssembly.Memory,
    wasm: WasmKernels,
    threads: number,
    fma: boolean,
    poison: boolean,
  ) {
    super();
    this.#memory = memory;
    this.#wasm = wasm;
    this.#scratch = PAGE;
    this.#addresses = new Addresses(PAGE + threads * SCRATCH_BYTES);
    this.#f32 = new Float32Array(memory.buffer);
    this.#crew = new Crew(memory, definedKernels());
    this.poison = poison;
    this.info = {
      kind: "cpu",
      name: "WebAssembly SIMD",
      detail: `${fma ? "relaxed FMA" : "no FMA"}, ${threads} thread${threads === 1 ? "" : "s"}`,
      software: false,
      maxBindingBytes: MAX_BINDING_BYTES,
      maxBytes: PAGE * PAGE - PAGE - threads * SCRATCH_BYTES,
      runsTwins: true,
    };
  }

  /**
   * Build the module, start the workers, wait until they are ready.
   *
   * @throws {RangeError} If `threads` is not 1 to 32, or `fma` is asked for and the engine has none.
   */
  static async open(options: CpuOptions = {}): Promise<CpuDevice> {
    const { fma = relaxedFmaSupported(), poison = false } = options;
    if (fma && !relaxedFmaSupported()) {
      throw new DeviceError(
        "Cannot open the CPU device: fma is true, expected false, this engine has no relaxed SIMD",
      );
    }
    const wanted = options.threads ?? Math.min(8, processors());
    if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= 32)) {
      throw new DeviceError(`Cannot open the CPU device: threads is ${wanted}, expected 1 to 32`);
    }
    const shared = canShareMemory();
    const threads = shared ? wanted : 1;
    const initial = 1 + Math.ceil(threads * SCRATCH_BYTES / PAGE) + 256;
    const memory = new WebAssembly.Memory({ initial, maximum: PAGE, shared });
    const module = await WebAssembly.compile(buildModule({ fma, shared }));
    const instance = await WebAssembly.instantiate(module, { env: { memory } });
    const wasm = instance.exports as unknown as WasmKernels;
    const device = new CpuDevice(memory, wasm, threads, fma, poison);
    try {
      await device.#crew.start(threads - 1, module, device.#scratch);
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
    return device;
  }

  /** Create a block of exactly `bytes`. */
  protected override createBlock(bytes: number): Block {
    this.#reach(this.#addresses.find(bytes) + bytes, bytes);
    return { bytes, id: ++this.#blockId, address: this.#addresses.take(bytes), generation: 0 };
  }

  /** Let the memory be as long as `end` for a block of `bytes`. */
  #reach(end: number, bytes: number): void {
    const have = this.#memory.buffer.byteLength;
    if (end <= have) return;
    const need = Math.ceil((end - have) / PAGE);
    const room = PAGE - have / PAGE;
    if (need > room) {
      const used = this.#addresses.used;
      throw new DeviceError(
        `Cannot allocate ${bytes} bytes on the CPU device: ${used} of 4294967296 are in use. Give --gradient-checkpointing (beside --resume too) or shorter texts`,
      );
    }
    this.#memory.grow(Math.min(room, Math.max(need, Math.ceil(have / PAGE / 4))));
    this.#f32 = new Float32Array(this.#memory.buffer);
  }

  /** Return a block to the system. */
  protected override destroyBlock({ address, bytes }: Block): void {
    this.#addresses.give(address!, bytes);
  }

  /** Fill a block with NaN at once. */
  protected override fillNaN(block: Block): void {
    this.#f32.fill(NaN, block.address! / 4, (block.address! + block.bytes) / 4);
  }

  /** Run a command list, then copy `reads` out. */
  protected override execute(
    commands: readonly Command[],
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> | undefined {
    for (const command of commands) this.#run(command);
    if (reads.length === 0) return undefined;
    return Promise.resolve(reads.map((storage) => {
      const copy = new Uint8Array(storage.bytes);
      copy.set(new Uint8Array(this.#memory.buffer, storage.block.address!, storage.bytes));
      return copy.buffer;
    }));
  }

  #run(command: Command): void {
    const { buffer } = this.#memory;
    switch (command.op) {
      case "dispatch":
        return this.#dispatch(command.kernel, command.storages, command.params, command.fixed);
      case "upload": {
        const { dst, offset, data } = command;
        new Uint8Array(buffer, dst.block.address! + offset, data.byteLength).set(
          new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        );
        return;
      }
      case "copy": {
        const { src, from, dst, to, bytes } = command;
        new Uint8Array(buffer).copyWithin(
          dst.block.address! + to,
          src.block.address! + from,
          src.block.address! + from + bytes,
        );
        return;
      }
      case "clear":
        new Uint8Array(buffer, command.dst.block.address!, command.dst.bytes).fill(0);
        return;
      case "poison":
        this.fillNaN(command.dst.block);
    }
  }

  #dispatch(kernel: Kernel, storages: readonly Storage[], params: Numbers, fixed: Numbers): void {
    let plan = this.#plans.get(kernel);
    if (plan === undefined) {
      this.#plans.set(kernel, plan = new Plan(kernel));
      this.counts.pipelines++;
    }
    const p = plan.params(params), f = plan.fixed(fixed);
    const sharedBytes = kernel.sharedScratch?.(p, f) ?? 0;
    const lent = sharedBytes > 0 ? this.acquire(sharedBytes, `${kernel.name} scratch`) : undefined;
    try {
      const shared = lent?.block.address ?? 0;
      const b = plan.views(this.#memory.buffer, storages);
      const wasm = this.#wasm, scratch = this.#scratch, f32 = this.#f32;
      const context: CpuContext = { b, p, f, wasm, scratch, shared, f32 };
      const work = { kernel, storages, fixed, context };
      for (let phase = 0; phase < kernel.cpu.length; phase++) {
        this.#crew.run(work, phase, kernel.cpu[phase].tasks(p, f));
      }
    } finally {
      if (lent !== undefined) this.release(lent, "its dispatch has ended");
    }
  }

  /** Close what the base class does not know of. */
  protected override close(): void {
    this.#crew.stop();
  }
}
