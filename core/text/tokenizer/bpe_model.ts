// Byte-pair encoding of one piece, as the Rust tokenizers does it: symbols that the vocabulary lacks are left out, spelt
// in bytes or unknown before anything is merged, and a merge may drop the prefix of what continues a word.

/** A checked `model` of type BPE. */
export interface BpeFile {
  /** Pairs of tokens in the order of their rank, as pairs or with a space between. */
  readonly merges: readonly (string | readonly [string, string])[];
  /** Stands for a symbol that the vocabulary lacks; without it such a symbol is left out. */
  readonly unk_token?: string | null;
  /** Put before every symbol of a piece but the first. */
  readonly continuing_subword_prefix?: string | null;
  /** Put after the last symbol of a piece. */
  readonly end_of_word_suffix?: string | null;
  /** Whether unknown symbols beside each other are one. */
  readonly fuse_unk?: boolean;
  /** Whether an unknown symbol is spelt in `<0x..>` tokens where all are there. */
  readonly byte_fallback?: boolean;
  /** Whether a piece that is a token is it, whatever the merges make. */
  readonly ignore_merges?: boolean;
}

const CACHED = 10_000; // pieces
const SHORT = 256; // UTF-16 units of a piece that is remembered
const PLACES = 2 ** 32; // a merge in waiting is rank · PLACES + place

/** The two tokens of a merge and what they become. */
export function mergeOf(
  merge: BpeFile["merges"][number],
  prefix: string,
): [string, string, string] {
  const [left, right] = typeof merge === "string" ? merge.split(" ") : merge;
  return [left, right, left + right.slice(prefix.length)];
}

/** A function from a piece to its tokens. */
export function bpeModel(
  model: BpeFile,
  vocab: ReadonlyMap<string, number>,
): (piece: string) => string[] {
  const { continuing_subword_prefix, end_of_word_suffix, fuse_unk, byte_fallback } = model;
  const [prefix, suffix] = [continuing_subword_prefix ?? "", end_of_word_suffix ?? ""];
  const tokens: string[] = [];
  for (const [token, id] of vocab) tokens[id] = token;
  const ranks = new Map<number, number>(); // left · size + right
  const size = tokens.length;
  const made = model.merges.map((merge, rank) => {
    const [left, right, both] = mergeOf(merge, prefix);
    ranks.set(vocab.get(left)! * size + vocab.get(right)!, rank);
    return vocab.get(both)!;
  });
  const unknown = model.unk_token == null ? undefined : vocab.get(model.unk_token);
  const utf8 = new TextEncoder();

  const bytesOf = (symbol: string): number[] | undefined => {
    if (!byte_fallback) return undefined;
    const ids = Array.from(utf8.encode(symbol), (byte) => {
      return vocab.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
    });
    return ids.includes(undefined) ? undefined : ids as number[];
  };

  const symbolsOf = (piece: string): number[] => {
    const characters = Array.from(piece);
    const ids: number[] = [];
    let waits = false; // an unknown that bytes overtake, as in tokenizers
    characters.forEach((c, i) => {
      const symbol = (i > 0 ? prefix : "") + c + (i === characters.length - 1 ? suffix : "");
      const id = vocab.get(symbol);
      const known = id === undefined ? bytesOf(symbol) : [id];
      if (id !== undefined || known === undefined && !fuse_unk) {
        if (waits) ids.push(unknown!);
        waits = false;
      }
      if (known !== undefined) ids.push(...known);
      else if (unknown !== undefined) waits = true;
    });
    if (waits) ids.push(unknown!);
    return ids;
  };

  const cache = new Map<string, string[]>();
  return (piece) => {
    const known = cache.get(piece);
    if (known !== undefined) return known;
    const whole = model.ignore_merges && vocab.has(piece);
    const result = whole
      ? [piece]
      : merged(symbolsOf(piece), ranks, made, size).map((id) => tokens[id]);
    if (piece.length < SHORT) {
      if (cache.size >= CACHED) cache.clear();
      cache.set(piece, result);
    }
    return result;
  };
}

/** Merges the best pair until there is none: the lowest rank, of two equal ones the first place. */
function merged(
  ids: number[],
  ranks: ReadonlyMap<number, number>,
  made: readonly number[],
  size: number,
): number[] {
  const n = ids.length;
  if (n < 2) return ids;
  const next = Int32Array.from({ length: n }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
  const heap: number[] = [];
  const offer = (place: number) => {
    if (place < 0 || next[place] >= n) return;
    const rank = ranks.get(ids[place] * size + ids[next[place]]);
    if (rank !== undefined) push(heap, rank * PLACES + place);
  };
  for (let i = 0; i + 1 < n; i++) offer(i);
  while (heap.length > 0) {
    const top = pop(heap);
    const place = top % PLACES;
    const right = next[place];
    if (ids[place] < 0 || right >= n) continue; // gone, or the last
    const rank = ranks.get(ids[place] * size + ids[right]);
    const id = made[(top - place) / PLACES];
    if (rank === undefined || made[rank] !== id) continue; // its neighbour has changed
    ids[place] = id;
    ids[right] = -1;
    next[place] = next[right];
    if (next[place] < n) previous[next[place]] = place;
    offer(previous[place]);
    offer(place);
  }
  return ids.filter((id) => id >= 0);
}

function push(heap: number[], value: number): void {
  let i = heap.push(value) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (heap[parent] <= value) break;
    heap[i] = heap[parent];
    i = parent;
  }
  heap[i] = value;
}

function pop(heap: number[]): number {
  const top = heap[0];
  const value = heap.pop()!;
  const n = heap.length;
  if (n === 0) return top;
  let i = 0;
  for (let child = 1; child < n; child = 2 * i + 1) {
    if (child + 1 < n && heap[child + 1] < heap[child]) child++;
    if (heap[child] >= value) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = value;
  return top;
}
