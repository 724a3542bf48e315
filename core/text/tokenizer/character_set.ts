// A class of characters, each asked of JavaScript's own expression once and remembered.

const UNKNOWN = 0, OUT = 1, IN = 2;

/** Characters that a class, an escape or a letter of a pattern stands for. */
export class CharacterSet {
  readonly #one: RegExp;
  /** By the upper bits of a code point, 256 answers each. */
  readonly #pages: (Uint8Array | undefined)[] = [];

  /**
   * @param source One character of a pattern: `a`, `\p{L}`, `[^a-z]`, `.`.
   * @param flags Of "i" and "s" those that hold; u always does.
   */
  constructor(source: string, flags: string) {
    this.#one = new RegExp(source, `${flags}uy`);
  }

  /** Whether it has a code point. */
  has(point: number): boolean {
    const page = this.#pages[point >>> 8] ??= new Uint8Array(256);
    const known = page[point & 255];
    if (known !== UNKNOWN) return known === IN;
    this.#one.lastIndex = 0;
    const isIn = this.#one.test(String.fromCodePoint(point));
    page[point & 255] = isIn ? IN : OUT;
    return isIn;
  }
}
