// The lifetime of a step: an Arena records work and owns its temporaries; `keep` hands some of them to an Owned.
import type { Command, Device } from "./device.ts";
import { checkedStorages, type DispatchArgs } from "./dispatch.ts";
import {
  type AnyHostArray,
  dtypeOf,
  holds,
  inside,
  viewAs,
  wholeWords,
  wordBytes,
} from "./host_array.ts";
import type { Kernel } from "./kernel.ts";
import type { Storage } from "./memory.ts";
import { Owned, storagesOf } from "./owned.ts";
import {
  bytesPerElement,
  type DType,
  type HostArray,
  type Shape,
  sizeOf,
  type Tensor,
  type TensorTree,
} from "./tensor.ts";

/**
 * A recording and the memory it needs. Ops record; `commit` runs. Tensors allocated here live until the block
 * ends, unless kept. A block left without `commit` drops the recording and undoes every donation. Await what
 * `read` returns inside the block.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, openDevice } from "@leash/bpo/backend";
 * using device = await openDevice({ kind: "cpu", threads: 1 });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2], new Float32Array([1, 2]), "x");
 * assertEquals([...(await arena.read(x))], [1, 2]);
 * ```
 */
export class Arena implements Disposable {
  readonly #owned = new Set<Storage>();
  readonly #spare = new Map<number, Storage[]>();
  readonly #undo: (() => void)[] = [];
  #commands: Command[] = [];
  #ended = false;

  /**
   * Start a recording.
   *
   * @param device Where the work runs.
   * @param label Name in error messages.
   */
  constructor(readonly device: Device, readonly label: string) {}

  /** Reserve uninitialised memory for a tensor. Zero-sized axes are refused. */
  alloc(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
    this.#check();
    const bytes = wordBytes(dtype, sizeOf(shape));
    if (!shape.every((axis) => Number.isInteger(axis) && axis > 0)) {
      throw new RangeError(
        `Cannot allocate "${label}": its shape is [${shape}], expected positive whole axes`,
      );
    }
    const storage = this.#reuse(bytes, label) ?? this.device.acquire(bytes, label);
    this.#owned.add(storage);
    return { storage, shape, dtype };
  }

  /** Record an upload of host data; the data is copied now. Default dtype: the array's, f16 for the bits of halves. */
  upload(
    shape: Shape,
    data: AnyHostArray,
    label: string,
    dtype: DType = dtypeOf(data),
  ): Tensor {
    if (data.length !== sizeOf(shape)) {
      throw new TypeError(
        `Cannot upload "${label}": it has ${data.length} elements, expected ${
          sizeOf(shape)
        } for shape [${shape}]`,
      );
    }
    const tensor = this.alloc(shape, label, dtype);
    this.write(tensor, data);
    return tensor;
  }

  /** Record an overwrite of the elements of `tensor` from `offset` on; the data is copied now. */
  write(tensor: Tensor, data: AnyHostArray, offset = 0): void {
    this.#check();
    alive(tensor.storage, "write");
    if (!holds(data, tensor.dtype)) {
      throw new TypeError(
        `Cannot write "${tensor.storage.label}": the data is a ${data.constructor.name}, expected ${tensor.dtype}`,
      );
    }
    if (!inside(offset, data.length, tensor)) {
      throw new RangeError(
        `Cannot write ${data.length} elements at ${offset} of "${tensor.storage.label}": expected a range inside its ${
          sizeOf(tensor.shape)
        }`,
      );
    }
    if (data.length === 0) return;
    this.#commands.push({
      op: "upload",
      dst: tensor.storage,
      offset: offset * bytesPerElement(tensor.dtype),
      data: this.device.runs ? wholeWords(data) : data as HostArray,
    });
  }

  /** Record a fresh tensor of zeros. */
  zeros(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
    const tensor = this.alloc(shape, label, dtype);
    this.#commands.push({ op: "clear", dst: tensor.storage });
    return tensor;
  }

  /** Record a copy of `count` elements (default: all of `src` after `from`) to another block of memory. */
  copy(
    src: Tensor,
    dst: Tensor,
    { from = 0, to = 0, count = sizeOf(src.shape) - from }: {
      from?: number;
      to?: number;
      count?: number;
    } = {},
  ): void {
    this.#check();
    alive(src.storage, "copy");
    alive(dst.storage, "copy");
    if (src.storage.block === dst.storage.block) {
      throw new TypeError(
        `Cannot copy "${src.storage.label}" onto itself: expected another tensor, WebGPU has no such copy`,
      );
    }
    if (
      !inside(from, count, src) || !inside(to, count, dst) ||
      bytesPerElement(src.dtype) !== bytesPerElement(dst.dtype)
    ) {
      throw new RangeError(
        `Cannot copy ${count} elements from ${from} of "${src.storage.label}" to ${to} of "${dst.storage.label}": expected a range inside both`,
      );
    }
    const size = bytesPerElement(src.dtype);
    this.#commands.push({
      op: "copy",
      src: src.storage,
      from: from * size,
      dst: dst.storage,
      to: to * size,
      bytes: wordBytes(src.dtype, count),
    });
  }

  /** Record a fresh tensor with the same elements. */
  clone(tensor: Tensor, label: string = tensor.storage.label): Tensor {
    const copy = this.alloc(tensor.shape, label, tensor.dtype);
    this.copy(tensor, copy);
    return copy;
  }

  /** Record a kernel. The one place where memory meets work: dead storages are refused here. */
  dispatch(kernel: Kernel, args: DispatchArgs): void {
    this.#check();
    const storages = checkedStorages(kernel, args);
    const { params, fixed = {} } = args;
    this.#commands.push({ op: "dispatch", kernel, storages, params, fixed });
  }

  /** Give a temporary's memory back early: later allocations of this arena may reuse it. */
  release(tensor: Tensor): void {
    const { storage } = tensor;
    if (!this.#owned.delete(storage)) {
      throw new Error(`Cannot release "${storage.label}": arena "${this.label}" does not own it`);
    }
    storage.ended = `it was released in arena "${this.label}"`;
    const shelf = this.#spare.get(storage.block.bytes);
    if (shelf === undefined) this.#spare.set(storage.block.bytes, [storage]);
    else shelf.push(storage);
  }

  /** Run what is recorded. From here on, donated memory belongs to the receiver. */
  commit(): void {
    this.#check();
    const commands = this.#commands;
    this.#commands = [];
    if (commands.length > 0) this.device.submit(commands);
    this.#undo.length = 0;
  }

  /**
   * Commit, and give what was released back to the device. For a long recording in parts of different sizes: the next
   * part then takes the memory of this one, where `release` alone hands on blocks of the same size only.
   */
  flush(): void {
    this.commit();
    this.#giveBack();
  }

  /** Commit, then copy one tensor to the host: the batched form is {@linkcode Arena.readAll}. */
  async read(tensor: Tensor): Promise<HostArray> {
    return (await this.readAll({ tensor })).tensor;
  }

  /** Commit, then copy several tensors to the host in one readback. */
  async readAll<T extends Record<string, Tensor>>(
    tensors: T,
  ): Promise<{ [K in keyof T]: HostArray }> {
    this.#check();
    const list = Object.entries(tensors);
    for (const [, { storage }] of list) alive(storage, "read");
    const commands = this.#commands;
    const undo = this.#undo.splice(0);
    this.#commands = [];
    let buffers: ArrayBuffer[];
    try {
      buffers = await this.device.submitAndRead(commands, list.map(([, t]) => t.storage));
    } catch (error) {
      this.#undo.unshift(...undo);
      if (this.#ended) this.#discard(); // nobody awaited this inside the block
      throw error;
    }
    return Object.fromEntries(list.map(([key, { dtype, shape }], i) => {
      const n = sizeOf(shape);
      return [
        key,
        viewAs(dtype, buffers[i], n),
      ];
    })) as { [K in keyof T]: HostArray };
  }

  /** Hand tensors allocated here to exactly one owner. If the arena ends without commit, the owner's handle dies with it. */
  keep<T extends TensorTree>(tree: T): Owned<T> {
    this.#check();
    const kept = storagesOf(tree);
    for (const storage of kept) {
      if (!this.#owned.has(storage)) {
        throw new Error(
          `Cannot keep "${storage.label}": arena "${this.label}" does not own it, expected a tensor allocated in this arena`,
        );
      }
    }
    for (const storage of kept) this.#owned.delete(storage);
    const owned = new Owned(this.device, tree);
    if (this.#commands.length > 0) {
      this.#undo.push(() => owned.abandon(`its arena "${this.label}" ended without commit`));
    }
    return owned;
  }

  /** Have `undo` called if the arena ends without commit. */
  onDiscard(undo: () => void): void {
    this.#check();
    this.#undo.push(undo);
  }

  /** End the block: drop what was not committed, free the temporaries. */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#commands = [];
    this.#discard();
    const why = `its arena "${this.label}" has ended, expected keep() before the block closed`;
    for (const storage of this.#owned) this.device.release(storage, why);
    this.#owned.clear();
    this.#giveBack();
  }

  #giveBack(): void {
    for (const shelf of this.#spare.values()) {
      for (const storage of shelf) this.device.releaseEnded(storage);
    }
    this.#spare.clear();
  }

  #discard(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  #reuse(bytes: number, label: string): Storage | undefined {
    const old = this.#spare.get(this.device.sizeClass(bytes))?.pop();
    if (old === undefined) return undefined;
    const storage = this.device.rename(old, bytes, label);
    if (this.device.poison) this.#commands.push({ op: "poison", dst: storage });
    return storage;
  }

  #check(): void {
    if (this.#ended) throw new ReferenceError(`Cannot use arena "${this.label}": it has ended`);
  }
}

function alive(storage: Storage, verb: string): void {
  if (storage.ended !== undefined) {
    throw new ReferenceError(`Cannot ${verb} "${storage.label}": ${storage.ended}`);
  }
}
