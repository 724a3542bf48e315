// What the dispatches of a kernel have in common on the CPU device, looked at once: a small model's decoding is thousands
// of dispatches a second, and what each is given must not cost much beside the kernel.
import { type CpuContext, type Kernel, type Numbers, paramsOn } from "../kernel.ts";
import type { Storage } from "../memory.ts";
import { viewOf } from "./worker_source.ts";

/** The most objects of fixed numbers that a plan keeps: a kernel has few pipelines. */
const MOST = 32;

/** How a kernel's arguments become those of its twin. */
export class Plan {
  readonly #kernel: Kernel;
  readonly #views: readonly { name: string; View: ReturnType<typeof viewOf>; size: number }[];
  /** The params for this device, where some are for another. */
  readonly #params: readonly string[] | undefined;
  readonly #fixed: Numbers[] = [];

  /** Of one kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#views = kernel.bindings.map((binding) => {
      const View = viewOf(binding);
      return { name: binding.name, View, size: View.BYTES_PER_ELEMENT };
    });
    const mine = paramsOn(kernel, "cpu");
    this.#params = mine.length < kernel.params.length ? mine.map(([name]) => name) : undefined;
  }

  /** Views of the bindings by name. */
  views(buffer: ArrayBuffer, storages: readonly Storage[]): CpuContext["b"] {
    const views: Record<string, CpuContext["b"][string]> = {};
    for (let i = 0; i < storages.length; i++) {
      const { block, bytes } = storages[i], { name, View, size } = this.#views[i];
      views[name] = new View(buffer, block.address!, bytes / size);
    }
    return views;
  }

  /** The params that go to this device: as they are, but for a kernel that has some for another. */
  params(given: Numbers): Numbers {
    if (this.#params === undefined) return given;
    return Object.fromEntries(this.#params.map((name) => [name, given[name]]));
  }

  /** What is fixed and the kernel's constants in one object, the same for the same numbers. */
  fixed(given: Numbers): Numbers {
    const { constants, fixed: names } = this.#kernel;
    if (constants === undefined) return given;
    if (names.length === 0) return constants;
    search: for (const all of this.#fixed) {
      for (const name of names) if (all[name] !== given[name]) continue search;
      return all;
    }
    if (this.#fixed.length === MOST) this.#fixed.length = 0;
    const all = { ...constants, ...given };
    this.#fixed.push(all);
    return all;
  }
}
