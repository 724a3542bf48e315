// What a device is: memory, command lists, one readback. Here is what both devices share; they add how work runs.
import type { Kernel, Numbers } from "./kernel.ts";
import { type Block, type DeviceStats, Pool, sizeClass, Storage } from "./memory.ts";
import type { HostArray } from "./tensor.ts";

/** One recorded piece of work. Offsets and sizes in bytes. */
export type Command =
  | {
    readonly op: "dispatch";
    readonly kernel: Kernel;
    readonly storages: readonly Storage[];
    readonly params: Numbers;
    readonly fixed: Numbers;
  }
  | {
    readonly op: "upload";
    readonly dst: Storage;
    readonly offset: number;
    readonly data: HostArray;
  }
  | {
    readonly op: "copy";
    readonly src: Storage;
    readonly from: number;
    readonly dst: Storage;
    readonly to: number;
    readonly bytes: number;
  }
  | { readonly op: "clear"; readonly dst: Storage }
  | { readonly op: "poison"; readonly dst: Storage };

/** The least that a device holds before it gives idle memory back: small models never see it. */
const MIN_BUDGET = 256 << 20;

/** The numbers of an open device that a caller may want to print. */
export interface DeviceInfo {
  /** "webgpu" or "cpu". */
  readonly kind: "webgpu" | "cpu";
  /** Adapter or engine, as it names itself. */
  readonly name: string;
  /** What distinguishes the arithmetic: the driver, or whether FMA is used; and the number of threads. */
  readonly detail: string;
  /** Whether the adapter is a software one (llvmpipe, SwiftShader). Always false for the CPU device. */
  readonly software: boolean;
  /** Most bytes of a tensor that a kernel can bind: larger matrices go into blocks, larger batches into parts. */
  readonly maxBindingBytes: number;
  /** Most bytes that it can hold; absent where nobody says, as on WebGPU. */
  readonly maxBytes?: number;
  /** Whether kernels run as their JavaScript twins, as on the CPU device: what has no WGSL runs all the same. */
  readonly runsTwins: boolean;
  /** WebGPU's optional features that were there and are on, such as "shader-f16"; absent on the CPU device. */
  readonly features?: readonly string[];
  /** WebGPU's limits that kernels may look at, by name; absent on the CPU device. */
  readonly limits?: Readonly<Record<string, number>>;
}

/**
 * A place where kernels run. Subclasses implement memory and the execution of command lists; what is here
 * counts, pools, and refuses to free a thing twice or to run work on freed memory.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, type Device, openDevice } from "@leash/bpo/backend";
 * using device: Device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * await arena.read(arena.zeros([4], "x"));
 * const { live, submits, readbacks } = device.stats();
 * assertEquals({ live, submits, readbacks }, { live: 1, submits: 1, readbacks: 1 });
 * ```
 */
export abstract class Device implements Disposable {
  readonly #pool = new Pool();
  readonly #doubtful = new Set<number>();
  #newest = 0;
  #live = 0;
  #created = 0;
  #bytes = 0;
  #bytesPeak = 0;
  #bytesHeldPeak = 0;
  /**
   * Bytes that living and pooled memory together should not pass: pooled memory is given back first. Living memory
   * may pass it. Default: twice the most that has lived at once, at least 256 MiB.
   */
  byteBudget: number | undefined;
  /** Counters kept by the subclass. */
  protected counts = { dispatches: 0, submits: 0, readbacks: 0, pipelines: 0 };
  /** Fill memory with NaN before it is handed out: for tests. */
  abstract readonly poison: boolean;
  /** Replaces the command list of every submit before it runs: lets `deno task mutate` plant errors. */
  onSubmit: ((commands: readonly Command[]) => readonly Command[]) | undefined;

  /** Whether what is recorded will run: what is uploaded is then copied. */
  readonly runs: boolean = true;

  /** Names and numbers for a person. */
  abstract readonly info: DeviceInfo;

  /** Create a block of exactly `bytes` (a size class). */
  protected abstract createBlock(bytes: number): Block;
  /** Return a block to the system. */
  protected abstract destroyBlock(block: Block): void;
  /** Fill a block with NaN at once (poison mode). */
  protected abstract fillNaN(block: Block): void;
  /** Execute a command list, then read `reads` back. Whatever is called after this runs after it, awaited or not. */
  protected abstract execute(
    commands: readonly Command[],
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> | undefined;

  /** The pool's size class for a request, in bytes. */
  sizeClass(bytes: number): number {
    return sizeClass(bytes);
  }

  /** Bytes that may still be taken: what lives is in the budget and on the device; Infinity where neither has an end. */
  get room(): number {
    return Math.min(this.byteBudget ?? Infinity, this.info.maxBytes ?? Infinity) - this.#bytes;
  }

  /** Take memory from the pool, or create it. Contents are undefined (NaN in poison mode). */
  acquire(bytes: number, label: string): Storage {
    const size = sizeClass(bytes);
    const block = this.#pool.take(size) ?? this.#create(size);
    if (this.poison) this.fillNaN(block);
    this.#live++;
    this.#bytes += size;
    this.#bytesPeak = Math.max(this.#bytesPeak, this.#bytes);
    this.#bytesHeldPeak = Math.max(this.#bytesHeldPeak, this.#bytes + this.#pool.bytes);
    return new Storage(block, bytes, label);
  }

  /** A new block. What is idle makes room for it: the oldest where a budget would be passed, all if there is no memory. */
  #create(size: number): Block {
    const lives = this.#bytes + size;
    const budget = this.byteBudget ?? Math.max(MIN_BUDGET, 2 * this.#bytesPeak, 2 * lives);
    for (const idle of this.#pool.evict(lives + this.#pool.bytes - budget)) this.destroyBlock(idle);
    let block: Block;
    try {
      block = this.createBlock(size);
    } catch (error) {
      if (this.#pool.bytes === 0) throw error;
      this.trim();
      block = this.createBlock(size);
    }
    this.#created++;
    this.#newest = block.id;
    return block;
  }

  /** Give memory back to the pool. `why` is told to whoever uses the storage afterwards. */
  release(storage: Storage, why: string): void {
    if (storage.ended !== undefined) {
      throw new ReferenceError(`Cannot release "${storage.label}": ${storage.ended}`);
    }
    this.releaseEnded(storage);
    storage.ended = why;
  }

  /** Give back the block of a storage that already ended inside its arena. */
  releaseEnded(storage: Storage): void {
    if (storage.freed) {
      throw new ReferenceError(`Cannot release "${storage.label}": it has been freed already`);
    }
    storage.block.generation++;
    this.#live--;
    this.#bytes -= storage.block.bytes;
    if (this.#doubtful.delete(storage.block.id)) this.destroyBlock(storage.block);
    else this.#pool.put(storage.block);
  }

  /** After a failure: give the pool back, and each newer block than number `id` once it is released. It may be invalid. */
  protected distrustAfter(id: number): void {
    this.trim();
    for (let newer = id + 1; newer <= this.#newest; newer++) this.#doubtful.add(newer);
  }

  /** A new storage on the block of one that ended inside the same arena. */
  rename(old: Storage, bytes: number, label: string): Storage {
    return new Storage(old.block, bytes, label);
  }

  /** Run a command list. Errors that WebGPU reports later fail the next read. */
  submit(commands: readonly Command[]): void {
    const list = this.onSubmit?.(commands) ?? commands;
    this.#admit(list);
    this.execute(list, []);
  }

  /** Run a command list and copy storages to the host: one submit, one readback. */
  async submitAndRead(
    commands: readonly Command[],
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> {
    const list = this.onSubmit?.(commands) ?? commands;
    this.#admit(list);
    this.counts.readbacks++;
    return await this.execute(list, reads) ?? [];
  }

  /** Count a command list, and refuse it if memory was freed between recording and now. */
  #admit(commands: readonly Command[]): void {
    for (const command of commands) {
      for (const storage of storagesOf(command)) {
        if (storage.freed) {
          throw new ReferenceError(
            `Cannot run a recorded ${command.op}: "${storage.label}" was freed before the commit (${storage.ended})`,
          );
        }
      }
    }
    this.counts.submits++;
    for (const command of commands) if (command.op === "dispatch") this.counts.dispatches++;
  }

  /** Counters since the device was opened. */
  stats(): DeviceStats {
    return {
      live: this.#live,
      created: this.#created,
      ...this.counts,
      bytes: this.#bytes,
      bytesPeak: this.#bytesPeak,
      bytesPooled: this.#pool.bytes,
      bytesHeldPeak: this.#bytesHeldPeak,
    };
  }

  /** Return pooled memory to the system. */
  trim(): void {
    for (const block of this.#pool.drain()) this.destroyBlock(block);
  }

  /** Close the device. */
  [Symbol.dispose](): void {
    this.trim();
    this.close();
  }

  /** Subclass's part of closing. */
  protected abstract close(): void;
}

function storagesOf(command: Command): readonly Storage[] {
  if (command.op === "dispatch") return command.storages;
  return command.op === "copy" ? [command.src, command.dst] : [command.dst];
}
