// Random choices for the fuzzer: a small generator (sfc32 by Chris Doty-Humphrey), so that a seed gives a campaign.

/** A stream of choices. */
export class Choices {
  readonly #state: Uint32Array;

  /** @param seed Any whole number. */
  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, seed / 2 ** 32, 0x9e3779b9, 1);
    for (let i = 0; i < 16; i++) this.bits();
  }

  /** 32 random bits. */
  bits(): number {
    const s = this.#state;
    const out = s[0] + s[1] + s[3] >>> 0;
    s[3] += 1;
    s[0] = s[1] ^ s[1] >>> 9;
    s[1] = s[2] + (s[2] << 3);
    s[2] = (s[2] << 21 | s[2] >>> 11) + out;
    return out;
  }

  /** A whole number of at least 0 and below `n`. */
  below(n: number): number {
    return Math.floor(this.bits() / 2 ** 32 * n);
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** One of them. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)];
  }
}
