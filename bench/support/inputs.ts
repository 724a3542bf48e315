// Inputs of a benchmark: seeded numbers on a device, uploaded together, owned together.
import { Arena, type Device, type HostArray, type Tensor } from "../../backend/mod.ts";

/** Uniform numbers in [−1, 1). */
export function uniform(n: number, seed: number): Float32Array<ArrayBuffer> {
  let s = Math.imul(seed + 1, 2654435761) >>> 0;
  const out = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    out[i] = s / 2 ** 31 - 1;
  }
  return out;
}

/** Collects a benchmark's tensors; `done` uploads them and hands them to one owner. */
export class Inputs {
  readonly #arena: Arena;
  readonly #tensors: Tensor[] = [];

  /** @param device Where they go. */
  constructor(device: Device) {
    this.#arena = new Arena(device, "bench inputs");
  }

  /** Uniform numbers, `scale` times [−1, 1) plus `shift`. */
  f32(shape: readonly number[], scale = 1, shift = 0): Tensor {
    const n = shape.reduce((a, b) => a * b, 1);
    const numbers = uniform(n, this.#tensors.length);
    for (let i = 0; i < n; i++) numbers[i] = numbers[i] * scale + shift;
    return this.#add(shape, numbers);
  }

  /** Whole numbers, the i-th being `of(i)`. */
  u32(n: number, of: (i: number) => number): Tensor {
    return this.#add([n], Uint32Array.from({ length: n }, (_, i) => of(i)));
  }

  /** Whole numbers below `limit`, scattered. */
  ids(n: number, limit: number): Tensor {
    return this.u32(n, (i) => (Math.imul(i + 1, 2654435761) >>> 8) % limit);
  }

  /** Upload; the caller owns the tensors from now on. */
  done(): Disposable {
    using arena = this.#arena;
    arena.commit();
    return arena.keep([...this.#tensors]);
  }

  #add(shape: readonly number[], data: HostArray): Tensor {
    const tensor = this.#arena.upload(shape, data, `input ${this.#tensors.length}`);
    this.#tensors.push(tensor);
    return tensor;
  }
}
