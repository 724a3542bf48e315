// The same pair gets the same verdict, and is asked once.
import { type Annotator, askAnnotator, type Candidate, type Verdict } from "./annotator.ts";

/** One remembered verdict; plain data, fit for JSON. */
export interface CacheEntry {
  /** The pair as it was asked, in that order. */
  readonly pair: Candidate;
  /** What was said of it; never `failed`. */
  readonly verdict: Verdict;
}

/** Options of {@link withCache}. */
export interface CacheOptions {
  /** Most verdicts to remember; the least recently used goes first. Default 10,000. */
  readonly maxEntries?: number;
  /** Verdicts of an earlier run, from {@link CacheAnnotator.entries}. */
  readonly entries?: readonly CacheEntry[];
}

/** An annotator that remembers. */
export interface CacheAnnotator extends Annotator {
  /** Verdicts remembered now. */
  readonly size: number;
  /** Pairs answered from memory so far. */
  readonly hits: number;
  /** Pairs that `inner` was asked so far. */
  readonly misses: number;
  /** What is remembered, least recently used first; give it to `withCache` to go on. */
  entries(): CacheEntry[];
}

/**
 * Remembers verdicts by prompt and both answers, in their order: the exchanged pair is another
 * pair, so that a test of order bias above the cache still tests the annotator below it. Failed
 * verdicts are not remembered. A pair that stands twice in one call is asked once; if two calls at
 * the same time ask the same pair, the verdict that arrives first is everyone's.
 *
 * @example
 * ```ts
 * import { ruleAnnotator, withCache } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const longer = withCache(ruleAnnotator("longer", (_prompt, answer) => answer.length));
 * const pair = { prompt: "Hi", a: "Hello", b: "Yo" };
 * await longer.annotate([pair, pair]);
 * await longer.annotate([pair]);
 * assertEquals([longer.misses, longer.hits], [1, 2]);
 * ```
 *
 * @param inner Whom to ask what is not remembered.
 * @param options `maxEntries`: at least 1, default 10,000; `entries`: what to start with.
 * @returns The annotator, with counts and `entries()`.
 * @throws {RangeError} If `maxEntries` is not an integer of at least 1.
 */
export function withCache(inner: Annotator, options: CacheOptions = {}): CacheAnnotator {
  const { maxEntries = 10_000 } = options;
  if (!Number.isInteger(maxEntries) || maxEntries < 1) {
    throw new RangeError(
      `Cannot cache annotator ${inner.name}: maxEntries is ${maxEntries}, expected an integer ` +
        "of at least 1",
    );
  }
  const memory = new Map<string, CacheEntry>(); // in order of use, least recent first
  let hits = 0;
  let misses = 0;
  const recall = (key: string): Verdict | undefined => {
    const entry = memory.get(key);
    if (entry === undefined) return undefined;
    memory.delete(key);
    memory.set(key, entry);
    return entry.verdict;
  };
  const remember = (pair: Candidate, verdict: Verdict): void => {
    if (verdict.outcome === "failed") return;
    const { prompt, a, b } = pair;
    memory.set(keyOf(pair), { pair: { prompt, a, b }, verdict });
    if (memory.size > maxEntries) memory.delete(memory.keys().next().value!);
  };
  for (const { pair, verdict } of options.entries ?? []) remember(pair, verdict);

  return {
    name: inner.name,
    get size(): number {
      return memory.size;
    },
    get hits(): number {
      return hits;
    },
    get misses(): number {
      return misses;
    },
    entries: () => [...memory.values()],
    async annotate(pairs, call = {}) {
      call.signal?.throwIfAborted();
      if (call.isFresh) return await askAnnotator(inner, pairs, call);
      const known = new Map<string, Verdict>();
      const unknown = new Map<string, Candidate>();
      for (const pair of pairs) {
        const key = keyOf(pair);
        if (known.has(key) || unknown.has(key)) continue;
        const verdict = recall(key);
        if (verdict) known.set(key, verdict);
        else unknown.set(key, pair);
      }
      misses += unknown.size;
      hits += pairs.length - unknown.size;
      const asked = [...unknown.values()];
      const verdicts = await askAnnotator(inner, asked, call);
      for (const [i, pair] of asked.entries()) {
        const key = keyOf(pair);
        const earlier = recall(key);
        if (earlier === undefined) remember(pair, verdicts[i]);
        known.set(key, earlier ?? verdicts[i]);
      }
      return pairs.map((pair) => known.get(keyOf(pair))!);
    },
  };
}

function keyOf({ prompt, a, b }: Candidate): string {
  return JSON.stringify([prompt, a, b]);
}
