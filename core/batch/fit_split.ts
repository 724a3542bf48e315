// How a step is made to fit into memory: as it is, then with gradient checkpointing, which changes no bit, then in parts.

/** How a step goes through the model. */
export interface Split {
  /** The most that goes through at once: pairs, or tokens. */
  readonly size: number;
  /** Whether only each block's input is kept for the backward pass. */
  readonly gradientCheckpointing: boolean;
  /** The most memory that lives at a time, bytes. */
  readonly bytes: number;
}

/** What a split is looked for with. */
export interface FitOptions {
  /** All of a step. */
  readonly whole: number;
  /** The least that goes through at once. Default 1. */
  readonly least?: number;
  /** A split that is settled: no other is taken. */
  readonly given?: number;
  /** Whether gradient checkpointing is on in any case. */
  readonly gradientCheckpointing?: boolean;
  /** Memory of a step that goes through the model in parts of `size`, bytes: more for a larger part. */
  measure(size: number, gradientCheckpointing: boolean): Promise<number>;
  /** Whether so much may be taken. */
  fits(bytes: number): boolean;
}

/**
 * The split that fits with the least said and done: the whole step, the whole step with gradient checkpointing, or with
 * it in as few parts as can be, of about one size.
 *
 * @example
 * ```ts
 * import { fitSplit } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const measure = (pairs: number, isLean: boolean) => Promise.resolve(pairs * (isLean ? 10 : 100));
 * const split = await fitSplit({ whole: 16, measure, fits: (bytes) => bytes <= 75 });
 * assertEquals(split, { size: 6, gradientCheckpointing: true, bytes: 60 }); // 7 would fit too, in as many parts
 * ```
 *
 * @returns The split; where nothing fits, the smallest that was tried, whose `bytes` do not.
 */
export async function fitSplit(options: FitOptions): Promise<Split> {
  const { whole, given, fits, least = 1 } = options;
  const split = async (size: number, gradientCheckpointing: boolean): Promise<Split> => ({
    size,
    gradientCheckpointing,
    bytes: await options.measure(size, gradientCheckpointing),
  });
  const most = Math.min(given ?? whole, whole);
  if (!options.gradientCheckpointing) {
    const plain = await split(most, false);
    if (fits(plain.bytes)) return { ...plain, size: given ?? whole };
  }
  const lean = await split(most, true);
  if (fits(lean.bytes)) return { ...lean, size: given ?? whole };
  if (given !== undefined) return { ...lean, size: given };
  let best = await split(Math.min(least, whole), true);
  if (!fits(best.bytes)) return best;
  for (let low = best.size, high = whole; high - low > 1;) {
    const middle = await split(Math.floor((low + high) / 2), true);
    if (fits(middle.bytes)) low = (best = middle).size;
    else high = middle.size;
  }
  const even = Math.max(least, Math.ceil(whole / Math.ceil(whole / best.size)));
  return even === best.size ? best : await split(even, true);
}
