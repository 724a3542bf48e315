// An arena that remembers what was allocated, so that a test can name what is still alive.
import { Arena } from "../../backend/mod.ts";
import type { DType, Shape, Tensor } from "../../backend/mod.ts";

/** Records every allocation. */
export class WatchingArena extends Arena {
  readonly #all: Tensor[] = [];

  override alloc(shape: Shape, label: string, dtype?: DType): Tensor {
    const tensor = super.alloc(shape, label, dtype);
    this.#all.push(tensor);
    return tensor;
  }

  /** Tensors of this arena that have not been released. */
  get alive(): Tensor[] {
    return this.#all.filter(({ storage }) => storage.ended === undefined);
  }

  /** Labels of those that are alive and not among `known`. */
  aliveBut(...known: (Tensor | undefined)[]): string[] {
    const storages = known.map((tensor) => tensor?.storage);
    return this.alive.filter(({ storage }) => !storages.includes(storage))
      .map(({ storage }) => storage.label);
  }
}
