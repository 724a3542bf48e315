// The CPU device: one WebAssembly memory, WASM SIMD kernels, and workers that share both.
import { type Command, Device, type DeviceInfo } from "../device.ts";
import { type CpuContext, type Kernel, type Numbers, SCRATCH_BYTES } from "../kernel.ts";
import type { Block, Storage } from "../memory.ts";
import { Addresses } from "./addresses.ts";
import { buildModule, relaxedFmaSupported, type WasmKernels } from "./wasm.ts";
import { processors, startThread, type ThreadHandle } from "./thread.ts";
import {
  ARGS,
  ARGS_OFFSET,
  CONTROL_BYTES,
  MEMORY_BYTES_ARG,
  NEXT_TASK_WORD,
  REQUEST,
  SEQUENCE_ARG,
  WORD,
  workerSource,
} from "./worker_source.ts";
import { DeviceError } from "../device_error.ts";

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

interface Thread {
  readonly worker: ThreadHandle;
  readonly words: Int32Array;
  readonly args: Float64Array;
}

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
  readonly #threads: Thread[] = [];
  readonly #ids = new Map<Kernel, number>();
  readonly #scratch: number;
  readonly #addresses: Addresses;
  /** Names and numbers for a person. */
  readonly info: DeviceInfo;
  /** Fill memory with NaN before it is handed out: for tests. */
  readonly poison: boolean;
  #blockId = 0;
  readonly #nextTask: Int32Array;
  #sequence = 0;
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
    this.#nextTask = new Int32Array(memory.buffer, 0, 1);
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
      for (let t = 1; t < threads; t++) await device.#start(module, t);
    } catch (error) {
      device[Symbol.dispose]();
      throw error;
    }
    return device;
  }

  async #start(module: WebAssembly.Module, index: number): Promise<void> {
    const control = index * CONTROL_BYTES;
    const worker = await startThread(workerSource, {
      module,
      memory: this.#memory,
      control,
      scratch: this.#scratch + index * SCRATCH_BYTES,
      spin: 20000,
    });
    this.#threads.push({
      worker,
      words: new Int32Array(this.#memory.buffer, control, 16),
      args: new Float64Array(this.#memory.buffer, control + ARGS_OFFSET, ARGS),
    });
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

  #dispatch(kernel: Kernel, storages: readonly Storage[], p: Numbers, f: Numbers): void {
    const sharedBytes = kernel.sharedScratch?.(p, f) ?? 0;
    const lent = sharedBytes > 0 ? this.acquire(sharedBytes, `${kernel.name} scratch`) : undefined;
    try {
      const shared = lent?.block.address ?? 0;
      const { buffer } = this.#memory;
      const b: Record<string, Float32Array | Uint32Array> = {};
      kernel.bindings.forEach(({ name, type }, i) => {
        const { block, bytes } = storages[i];
        b[name] = type === "u32"
          ? new Uint32Array(buffer, block.address!, bytes / 4)
          : new Float32Array(buffer, block.address!, bytes / 4);
      });
      const context: CpuContext = {
        b,
        p,
        f,
        wasm: this.#wasm,
        scratch: this.#scratch,
        shared,
        f32: this.#f32,
      };
      const id = this.#register(kernel);
      kernel.cpu.forEach(({ tasks, run }, phase) => {
        const n = tasks(p, f);
        const helpers = kernel.mainOnly ? 0 : Math.min(this.#threads.length, n - 1);
        if (helpers <= 0) return run(context, 0, n);
        const chunk = Math.ceil(n / (4 * (helpers + 1)));
        Atomics.store(this.#nextTask, NEXT_TASK_WORD, 0);
        this.#sequence = (this.#sequence + 1) | 0;
        for (let t = 0; t < helpers; t++) {
          const { args } = this.#threads[t];
          let at = 0;
          for (const x of [REQUEST.run, id, phase, n, chunk, shared]) args[at++] = x;
          for (const { block, bytes } of storages) {
            args[at++] = block.address!;
            args[at++] = bytes / 4;
          }
          for (const [name] of kernel.params) args[at++] = p[name];
          for (const name of kernel.fixed) args[at++] = f[name];
          this.#signal(this.#threads[t]);
        }
        let failed = 0;
        try {
          for (;;) {
            const lo = Atomics.add(this.#nextTask, NEXT_TASK_WORD, chunk);
            if (lo >= n) break;
            run(context, lo, Math.min(n, lo + chunk));
          }
        } finally { // whoever throws: nobody may still work in memory that is about to be freed
          Atomics.store(this.#nextTask, NEXT_TASK_WORD, n);
          for (let t = 0; t < helpers; t++) failed += this.#withdrawOrAwait(this.#threads[t]);
        }
        if (failed > 0) throw twinFailed(kernel);
      });
    } finally {
      if (lent !== undefined) this.release(lent, "its dispatch has ended");
    }
  }

  #signal({ words, args }: Thread): void {
    args[MEMORY_BYTES_ARG] = this.#memory.buffer.byteLength;
    args[SEQUENCE_ARG] = this.#sequence;
    Atomics.store(words, WORD.state, 1);
    Atomics.store(words, WORD.request, this.#sequence);
    Atomics.notify(words, WORD.request);
  }

  /** Take back a request that a thread has not begun (all is done), else wait for it; 1 if it failed. */
  #withdrawOrAwait(thread: Thread): number {
    const begun = Atomics.compareExchange(thread.words, WORD.state, 1, 0) !== 1;
    return begun ? this.#await(thread) : 0;
  }

  /** Wait for a thread; 1 if it failed. */
  #await({ words }: Thread): number {
    while (Atomics.load(words, WORD.done) !== this.#sequence);
    return Atomics.exchange(words, WORD.failed, 0);
  }

  /** Number the kernel and, the first time, send its text to every worker. */
  #register(kernel: Kernel): number {
    const known = this.#ids.get(kernel);
    if (known !== undefined) return known;
    const id = this.#ids.size;
    this.#ids.set(kernel, id);
    this.counts.pipelines++;
    if (kernel.mainOnly || this.#threads.length === 0) return id;
    const text = new TextEncoder().encode(JSON.stringify({
      bindings: kernel.bindings.map(({ name, type }) => [name, type === "u32"]),
      params: kernel.params.map(([name]) => name),
      fixed: kernel.fixed,
      phases: kernel.cpu.map(({ run }) => run.toString()),
    }));
    const lent = this.acquire(text.byteLength, "kernel text");
    new Uint8Array(this.#memory.buffer, lent.block.address!, text.byteLength).set(text);
    this.#sequence = (this.#sequence + 1) | 0;
    for (const thread of this.#threads) {
      thread.args.set([REQUEST.register, id, lent.block.address!, text.byteLength]);
      this.#signal(thread);
    }
    let failed = 0;
    for (const thread of this.#threads) failed += this.#await(thread);
    this.release(lent, "the workers have read it");
    if (failed > 0) throw twinFailed(kernel);
    return id;
  }

  /** Close what the base class does not know of. */
  protected override close(): void {
    this.#sequence = (this.#sequence + 1) | 0;
    for (const thread of this.#threads) {
      thread.args[0] = REQUEST.stop; // a thread that waits inside a loop would be seconds in ending
      this.#signal(thread);
      thread.worker.terminate();
    }
    this.#threads.length = 0;
  }
}

function twinFailed({ name }: Kernel): Error {
  return new Error(
    `Cannot run ${name} on the CPU device: its twin threw in a worker. Run with threads: 1 to see the error`,
  );
}
