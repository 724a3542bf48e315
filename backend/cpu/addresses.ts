// Which bytes of one long memory are taken: gaps in order of address, joined where they touch.

/** Everything begins at a multiple of this, a cache line. */
const ALIGNMENT = 64;

const aligned = (bytes: number) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The addresses of a memory that grows at its end. */
export class Addresses {
  readonly #gaps: { from: number; to: number }[] = [];
  #end: number;

  /**
   * Start with nothing taken.
   *
   * @param begin The first address to give out, a multiple of 64.
   */
  constructor(begin: number) {
    this.#end = begin;
  }

  /** Where the last taken byte ends: the memory must reach that far. */
  get end(): number {
    return this.#end;
  }

  /** Bytes that are taken, those before the first address among them. */
  get used(): number {
    return this.#end - this.#gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Where `bytes` would lie: in the smallest gap that holds them, else at the end. */
  find(bytes: number): number {
    const size = aligned(bytes);
    let best = { from: this.#end, to: Infinity };
    for (const gap of this.#gaps) {
      if (gap.to - gap.from >= size && gap.to - gap.from < best.to - best.from) best = gap;
    }
    return best.from;
  }

  /** Take `bytes`; returns their address. */
  take(bytes: number): number {
    const at = this.find(bytes), to = at + aligned(bytes);
    const i = this.#gaps.findIndex(({ from }) => from === at);
    if (i < 0) this.#end = to;
    else if (this.#gaps[i].to === to) this.#gaps.splice(i, 1);
    else this.#gaps[i].from = to;
    return at;
  }

  /** Give back what `take(bytes)` returned. */
  give(at: number, bytes: number): void {
    const gap = { from: at, to: at + aligned(bytes) };
    const after = this.#gaps.findIndex(({ from }) => from > at);
    const i = after < 0 ? this.#gaps.length : after;
    this.#gaps.splice(i, 0, gap);
    this.#join(i);
    this.#join(i - 1);
    const last = this.#gaps.at(-1)!;
    if (last.to === this.#end) {
      this.#end = last.from;
      this.#gaps.pop();
    }
  }

  /** Join gap i and the next one if they touch. */
  #join(i: number): void {
    const gap = this.#gaps[i], next = this.#gaps[i + 1];
    if (gap === undefined || next === undefined || gap.to !== next.from) return;
    gap.to = next.to;
    this.#gaps.splice(i + 1, 1);
  }
}
