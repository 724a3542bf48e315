// deno-lint-ignore-file no-console
// Trains a byte-level BPE and writes it as a Hugging Face tokenizer.json.
// Words are counted once; each merge then touches only the words that hold its pair.
//   deno run --allow-read --allow-write tools/bpe/train_bpe.ts TEXT OUT [vocabSize] [trainShare]
import { cleanText } from "../../stories/clean_text.ts";

/** The one special token: begins and ends a text, and pads. */
export const END_OF_TEXT = "<|endoftext|>";

/** The pre-tokenisation of GPT-2, which Hugging Face's ByteLevel uses. */
const WORD = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** Byte → the printable character that stands for it in the vocabulary (GPT-2's table). */
export function byteCharacters(): string[] {
  const table: string[] = [];
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    table.push(String.fromCodePoint(printable ? byte : next++));
  }
  return table;
}

/** A trained byte-level BPE: tokens by id, and merges in order of rank. */
export interface Bpe {
  /** Token strings; index = id. 0 is the special, 1 to 256 are the bytes in code point order. */
  readonly tokens: string[];
  /** Pairs of ids, in the order in which they are merged. */
  readonly merges: [number, number][];
}

/** Ids are below 2¹⁶, so a pair fits one exact number. */
const pairKey = (left: number, right: number): number => left * 65536 + right;

/**
 * Trains a byte-level BPE: repeatedly merges the most frequent adjacent pair; of equally frequent
 * pairs the one with the smallest ids. Same text and size, same tokenizer.
 *
 * @param text Training text.
 * @param vocabSize Tokens in all: the special, 256 bytes, and merges; 257 to 65535.
 * @returns Tokens and merges; fewer than `vocabSize` if the text runs out of pairs.
 * @throws {RangeError} If `vocabSize` is out of range.
 */
export function trainBpe(text: string, vocabSize: number): Bpe {
  if (!Number.isInteger(vocabSize) || vocabSize < 257 || vocabSize > 65535) {
    throw new RangeError(
      `Cannot train a BPE: vocabSize is ${vocabSize}, expected an integer from 257 to 65535`,
    );
  }
  const characters = byteCharacters();
  const tokens = [END_OF_TEXT, ...characters.toSorted((a, b) => a < b ? -1 : 1)];
  const idOfCharacter = new Map(tokens.map((token, id) => [token, id]));
  const idOfByte = characters.map((character) => idOfCharacter.get(character)!);

  const countOf = new Map<string, number>();
  for (const [word] of text.matchAll(WORD)) countOf.set(word, (countOf.get(word) ?? 0) + 1);
  const encoder = new TextEncoder();
  const words: number[][] = [];
  const counts: number[] = [];
  for (const [word, count] of countOf) {
    words.push(Array.from(encoder.encode(word), (byte) => idOfByte[byte]));
    counts.push(count);
  }

  const pairCounts = new Map<number, number>();
  const pairWords = new Map<number, Set<number>>();
  const addPair = (w: number, left: number, right: number, count: number): void => {
    const key = pairKey(left, right);
    pairCounts.set(key, (pairCounts.get(key) ?? 0) + count);
    const holders = pairWords.get(key);
    if (holders) holders.add(w);
    else pairWords.set(key, new Set([w]));
  };
  words.forEach((ids, w) => {
    for (let i = 1; i < ids.length; i++) addPair(w, ids[i - 1], ids[i], counts[w]);
  });

  const merges: [number, number][] = [];
  while (tokens.length < vocabSize) {
    const best = mostFrequent(pairCounts);
    if (best === undefined) break;
    const left = Math.floor(best / 65536), right = best % 65536;
    const merged = tokens.length;
    tokens.push(tokens[left] + tokens[right]);
    merges.push([left, right]);
    for (const w of pairWords.get(best)!) {
      const before = words[w];
      for (let i = 1; i < before.length; i++) {
        const key = pairKey(before[i - 1], before[i]);
        const rest = pairCounts.get(key)! - counts[w];
        if (rest > 0) pairCounts.set(key, rest);
        else pairCounts.delete(key);
      }
      const after = mergePair(before, left, right, merged);
      words[w] = after;
      for (let i = 1; i < after.length; i++) addPair(w, after[i - 1], after[i], counts[w]);
    }
    pairWords.delete(best);
    pairCounts.delete(best);
  }
  return { tokens, merges };
}

function mostFrequent(pairCounts: ReadonlyMap<number, number>): number | undefined {
  let best: number | undefined;
  let most = 0;
  for (const [key, count] of pairCounts) {
    if (count > most || (count === most && key < best!)) {
      best = key;
      most = count;
    }
  }
  return best;
}

function mergePair(ids: number[], left: number, right: number, merged: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && i + 1 < ids.length && ids[i + 1] === right) {
      out.push(merged);
      i++;
    } else {
      out.push(ids[i]);
    }
  }
  return out;
}

/** The end of one text goes before the next: transformers 5 reads no add_bos_token beside a tokenizer.json. */
function beginOfText(): Record<string, unknown> {
  const begin = { SpecialToken: { id: END_OF_TEXT, type_id: 0 } };
  const text = (id: "A" | "B") => ({ Sequence: { id, type_id: 0 } });
  return {
    type: "TemplateProcessing",
    single: [begin, text("A")],
    pair: [begin, text("A"), begin, text("B")],
    special_tokens: { [END_OF_TEXT]: { id: END_OF_TEXT, ids: [0], tokens: [END_OF_TEXT] } },
  };
}

/** The BPE as the contents of a tokenizer.json that transformers and tokenizers.js read. */
export function tokenizerJson(bpe: Bpe): Record<string, unknown> {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{
      id: 0,
      content: END_OF_TEXT,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    }],
    normalizer: null,
    pre_tokenizer: {
      type: "ByteLevel",
      add_prefix_space: false,
      trim_offsets: true,
      use_regex: true,
    },
    post_processor: beginOfText(),
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(bpe.tokens.map((token, id) => [token, id])),
      merges: bpe.merges.map(([left, right]) => `${bpe.tokens[left]} ${bpe.tokens[right]}`),
    },
  };
}

if (import.meta.main) {
  const [textFile, outFile, size = "1024", share = "0.95"] = Deno.args;
  if (!textFile || !outFile) {
    console.error("Cannot train a BPE: expected TEXT OUT [vocabSize] [trainShare]");
    Deno.exit(2);
  }
  const text = cleanText(await Deno.readTextFile(textFile));
  const bpe = trainBpe(text.slice(0, Math.floor(text.length * Number(share))), Number(size));
  await Deno.writeTextFile(outFile, JSON.stringify(tokenizerJson(bpe), null, 1) + "\n");
  console.log(`${outFile}: ${bpe.tokens.length} tokens, ${bpe.merges.length} merges`);
}
