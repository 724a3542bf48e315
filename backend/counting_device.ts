// A device that runs nothing: what is recorded for it is not executed, and what it would have taken is known.
import { type Command, Device, type DeviceInfo } from "./device.ts";
import { type Block, Storage } from "./memory.ts";
import { Owned, storagesOf } from "./owned.ts";
import { mapTree, type Tensor, type TensorTree } from "./tensor.ts";

/**
 * Counts the memory of work before it is done, by the code that will do it: `stats().bytesPeak` afterwards is what
 * another device would say, but for the kilobyte at most in which that keeps a dispatch's own numbers. All numbers that
 * it reads back are 0.
 *
 * @example
 * ```ts
 * import { add, Arena, CountingDevice, openDevice } from "@leash/bpo/backend";
 * import { assert, assertEquals } from "@std/assert";
 * using device = await openDevice({ kind: "cpu" });
 * using counting = new CountingDevice(device.info);
 * for (const on of [counting, device]) {
 *   using arena = new Arena(on, "example");
 *   await arena.read(add(arena, arena.zeros([1000], "x"), arena.zeros([1000], "y")));
 * }
 * const [foreseen, taken] = [counting, device].map((on) => on.stats().bytesPeak);
 * assert(taken - foreseen <= 1024);
 * assertEquals(counting.largest, 4000);
 * ```
 */
export class CountingDevice extends Device {
  /** Nothing runs, so that nothing has to be copied. */
  override readonly runs = false;
  /** Nothing is filled. */
  readonly poison = false;
  /** Bytes of the largest tensor so far: a kernel must be able to bind it. */
  largest = 0;
  #blocks = 0;
  readonly #lent = new Set<Block>();

  /**
   * A device like another, empty.
   *
   * @param info What the other one says of itself: how work is split may depend on it.
   */
  constructor(readonly info: DeviceInfo) {
    super();
  }

  /** What lies on the other device, as if it lay here; it is not counted, and its owner stays its owner. */
  look<T extends TensorTree>(tree: T): Owned<T> {
    const twins = new Map<Storage, Storage>();
    for (const storage of storagesOf(tree)) {
      const block = { ...storage.block };
      this.#lent.add(block);
      twins.set(storage, new Storage(block, storage.bytes, storage.label));
    }
    const lent = (tensor: Tensor) => ({ ...tensor, storage: twins.get(tensor.storage)! });
    return new Owned(this, mapTree(tree, lent));
  }

  /** Give a block back, unless it is another device's. */
  override releaseEnded(storage: Storage): void {
    if (!this.#lent.has(storage.block)) super.releaseEnded(storage);
  }

  /** Take memory from the pool, or pretend to create it. */
  override acquire(bytes: number, label: string): Storage {
    this.largest = Math.max(this.largest, bytes);
    return super.acquire(bytes, label);
  }

  /** A block without memory. */
  protected override createBlock(bytes: number): Block {
    return { bytes, id: ++this.#blocks, generation: 0 };
  }

  /** There is nothing to return. */
  protected override destroyBlock(): void {}

  /** There is nothing to fill. */
  protected override fillNaN(): void {}

  /** Runs nothing; reads zeros. */
  protected override execute(
    _commands: readonly Command[],
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> | undefined {
    if (reads.length === 0) return undefined;
    return Promise.resolve(reads.map(({ bytes }) => new ArrayBuffer(bytes)));
  }

  /** There is nothing to close. */
  protected override close(): void {}
}
