// Device memory: blocks from a size-class pool, and storages that know why they died.

/** A raw piece of device memory: a GPUBuffer or a range of the WebAssembly memory. */
export interface Block {
  /** Bytes that may be used. */
  readonly bytes: number;
  /** Unique on its device; keys bind-group caches. */
  readonly id: number;
  /** WebGPU device only. */
  readonly buffer?: GPUBuffer;
  /** CPU device only: byte address in the WebAssembly memory. */
  readonly address?: number;
  /** How often it has gone back to the pool: tells storages of its past from the living one. */
  generation: number;
}

/**
 * A block while somebody owns it. After its end, `ended` says why it may no longer be used.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * const storage = device.acquire(12, "x");
 * assertEquals([storage.bytes, storage.ended], [12, undefined]);
 * device.release(storage, "it was an example");
 * assertEquals(storage.ended, "it was an example");
 * ```
 */
export class Storage {
  /** Why this memory is dead, or undefined while it lives. */
  ended: string | undefined;
  /** How many dispatches have bound this storage: lets a test count the reads of base weights. */
  binds = 0;
  /** The block's generation when this storage began. */
  readonly generation: number;

  /**
   * Own a block.
   *
   * @param block The memory.
   * @param bytes Bytes of it in use.
   * @param label Name in error messages.
   */
  constructor(readonly block: Block, readonly bytes: number, readonly label: string) {
    this.generation = block.generation;
  }

  /** Whether the block has gone back to the pool, where anybody may have taken it. */
  get freed(): boolean {
    return this.generation !== this.block.generation;
  }
}

/** Counters of a device since it was opened. */
export interface DeviceStats {
  /** Storages alive now. */
  readonly live: number;
  /** Blocks ever created (buffers on WebGPU). */
  readonly created: number;
  /** Kernels dispatched. */
  readonly dispatches: number;
  /** Command lists executed. */
  readonly submits: number;
  /** Reads back to the host. */
  readonly readbacks: number;
  /** Pipelines compiled (kernels first used, on the CPU device). */
  readonly pipelines: number;
  /** Bytes in living storages. */
  readonly bytes: number;
  /** The most that `bytes` has been. */
  readonly bytesPeak: number;
  /** Bytes that lie in the pool, free to be used again. */
  readonly bytesPooled: number;
  /** The most that living and pooled bytes together have been: what the device took from the system. */
  readonly bytesHeldPeak: number;
}

/**
 * Bytes of the size class that holds `bytes`: the smallest ⌈2^(k/4)⌉ · 256, so at most 19% and 256 bytes more.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sizeClass } from "@leash/bpo/backend";
 * assertEquals([1, 256, 257, 5000].map(sizeClass), [256, 256, 512, 5120]);
 * ```
 */
export function sizeClass(bytes: number): number {
  const units = Math.ceil(bytes / 256);
  if (units <= 1) return 256;
  const quarter = Math.floor(4 * Math.log2(units - 1)) + 1; // ⌈2^(k/4)⌉ ≥ units: 2^(k/4) > units − 1
  return Math.ceil(2 ** (quarter / 4)) * 256;
}

/**
 * Bytes of the largest size class that is not above `limit`: a buffer of as much fits a device that allows `limit`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { largestSizeClass } from "@leash/bpo/backend";
 * assertEquals([256, 5119, 5120, 2 ** 28].map(largestSizeClass), [256, 4096, 5120, 2 ** 28]);
 * ```
 *
 * @param limit Bytes, 256 at least.
 */
export function largestSizeClass(limit: number): number {
  const units = Math.floor(limit / 256);
  let quarter = Math.max(0, Math.floor(4 * Math.log2(units)) - 1); // at most one too low: the class is rounded up
  while (Math.ceil(2 ** ((quarter + 1) / 4)) <= units) quarter++;
  return Math.ceil(2 ** (quarter / 4)) * 256;
}

/**
 * Free blocks by size class.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Pool } from "@leash/bpo/backend";
 * const pool = new Pool();
 * pool.put({ bytes: 256, id: 1, generation: 0 });
 * assertEquals(pool.take(512), undefined);
 * assertEquals(pool.take(256)?.id, 1);
 * ```
 */
export class Pool {
  readonly #shelves = new Map<number, Block[]>();
  readonly #order = new Set<Block>();
  #bytes = 0;

  /** Bytes of all blocks in it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Take a free block of this size class, last returned first. */
  take(bytes: number): Block | undefined {
    const block = this.#shelves.get(bytes)?.pop();
    if (block !== undefined) this.#forget(block);
    return block;
  }

  /** Give a block back. */
  put(block: Block): void {
    const shelf = this.#shelves.get(block.bytes);
    if (shelf === undefined) this.#shelves.set(block.bytes, [block]);
    else shelf.push(block);
    this.#order.add(block);
    this.#bytes += block.bytes;
  }

  /** Take out at least `bytes`, or all there is: blocks that have been in the pool longest first. */
  evict(bytes: number): Block[] {
    const out: Block[] = [];
    let left = bytes;
    for (const block of this.#order) {
      if (left <= 0) break;
      this.#shelves.get(block.bytes)!.shift(); // the longest in the pool is the first on its shelf
      this.#forget(block);
      out.push(block);
      left -= block.bytes;
    }
    return out;
  }

  /** Empty the pool and return what was in it. */
  drain(): Block[] {
    return this.evict(Infinity);
  }

  #forget(block: Block): void {
    this.#order.delete(block);
    this.#bytes -= block.bytes;
  }
}
