// Memory that outlives an arena: an Owned has one owner, a Slot is a loop's variable.
import type { Arena } from "./arena.ts";
import type { Device } from "./device.ts";
import { Storage } from "./memory.ts";
import { leaves, mapTree, type TensorTree } from "./tensor.ts";

/** The storages of a tree, each once: tied tensors and views share one. */
export function storagesOf(tree: TensorTree): Set<Storage> {
  return new Set(leaves(tree).map(({ storage }) => storage));
}

/**
 * A tree of tensors with exactly one owner. {@linkcode Arena.keep} makes one.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const before = arena.keep(arena.upload([1], new Float32Array([3]), "x"));
 * using after = before.donate(arena, "update"); // update may overwrite x
 * assertThrows(() => before.borrow(), ReferenceError, "donated to update");
 * assertEquals((await arena.read(after.borrow()))[0], 3);
 * ```
 */
export class Owned<T extends TensorTree> implements Disposable {
  #ended: string | undefined;

  /**
   * Own tensors that nobody else owns.
   *
   * @param device Where the memory is.
   * @param tree The tensors, owned from now on.
   */
  constructor(readonly device: Device, readonly tree: T) {}

  /** Look at the tensors. Throws a ReferenceError once they have been donated or disposed. */
  borrow(): T {
    if (this.#ended !== undefined) throw new ReferenceError(`Cannot borrow: ${this.#ended}`);
    return this.tree;
  }

  /**
   * Hand the memory to `receiver`, which may overwrite it. Taken back if `arena` ends without commit, unless the
   * receiver has freed it by then.
   */
  donate(arena: Arena, receiver: string): Owned<T> {
    const tree = this.borrow();
    const twins = new Map<Storage, Storage>();
    for (const old of storagesOf(tree)) {
      twins.set(old, new Storage(old.block, old.bytes, old.label));
    }
    const next = new Owned(
      this.device,
      mapTree(tree, (tensor) => ({ ...tensor, storage: twins.get(tensor.storage)! })),
    );
    arena.onDiscard(() => { // first, because it throws if the arena has ended
      if (next.#ended !== undefined) return;
      next.#ended = `it came from ${receiver}, which was not committed`;
      for (const [old, twin] of twins) {
        twin.ended = next.#ended;
        old.ended = undefined;
      }
      this.#ended = undefined;
    });
    this.#ended = `it was donated to ${receiver}, expected the value that ${receiver} returned`;
    for (const old of twins.keys()) old.ended = this.#ended;
    return next;
  }

  /** Free the memory with a reason; used when the arena that made it did not commit. */
  abandon(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    for (const storage of storagesOf(this.tree)) this.device.release(storage, why);
  }

  /** Free the memory, unless it was donated. */
  [Symbol.dispose](): void {
    this.abandon("it has been disposed");
  }
}

/**
 * The variable of a loop: always holds the latest Owned, frees the last one, survives a step that throws.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice, Slot } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * const value = (x: number) => {
 *   using arena = new Arena(device, "example");
 *   const tensor = arena.upload([1], new Float32Array([x]), "x");
 *   arena.commit();
 *   return arena.keep(tensor);
 * };
 * using slot = new Slot(value(0));
 * for (let step = 1; step <= 3; step++) slot.set(value(step));
 * using arena = new Arena(device, "look");
 * assertEquals((await arena.read(slot.current.borrow()))[0], 3);
 * assertEquals(device.stats().live, 1);
 * ```
 */
export class Slot<T extends TensorTree> implements Disposable {
  #current: Owned<T>;

  /**
   * Start the loop.
   *
   * @param initial The first value; owned from now on.
   */
  constructor(initial: Owned<T>) {
    this.#current = initial;
  }

  /** The latest value. */
  get current(): Owned<T> {
    return this.#current;
  }

  /** Replace the value; the old one is freed, which does nothing when `next` was made from it by donation. */
  set(next: Owned<T>): void {
    if (next === this.#current) return;
    this.#current[Symbol.dispose]();
    this.#current = next;
  }

  /** Free the value. */
  [Symbol.dispose](): void {
    this.#current[Symbol.dispose]();
  }
}
