// llama2.c's tokenizer.bin: a SentencePiece BPE vocabulary with scores. Text becomes code points (or its
// UTF-8 bytes, ids 3 to 258, where a code point has no piece), then the best-scoring neighbours merge.
import type { Tokenizer } from "../text/tokenizer/tokenizer.ts";
import { refuseWrongDownload } from "../base/json_object.ts";
import { quote } from "../base/quote.ts";
import { cannotRead, Mistake } from "../base/mistake.ts";

/** A llama2.c tokenizer. Id 1 begins a text and also ends it: stories follow each other after it. */
export interface Llama2cTokenizer extends Tokenizer {
  /** The pieces by id. */
  readonly pieces: readonly string[];
  /** Merge scores by id: of two merges the higher is made first. */
  readonly scores: Float32Array<ArrayBuffer>;
}

const UNK = 0;
const BOS = 1;
const EOS = 2;
const FIRST_BYTE = 3;

/**
 * Reads a llama2.c `tokenizer.bin`. It encodes and decodes as llama2.c's `run.c` does: text gets a space in
 * front, and the space after a beginning of sequence is not shown.
 *
 * @example
 * ```ts
 * import { parseLlama2cTokenizer } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const pieces = ["<unk>", "\n<s>\n", "\n</s>\n", " ", "h", "i", "hi", " hi"];
 * const file = [4, 0, 0, 0]; // the longest piece
 * for (const piece of pieces) { // score 0 (f32), length (i32), bytes
 *   const bytes = new TextEncoder().encode(piece);
 *   file.push(0, 0, 0, 0, bytes.length, 0, 0, 0, ...bytes);
 * }
 * const tokenizer = parseLlama2cTokenizer(Uint8Array.from(file), 8, "tokenizer.bin");
 * assertEquals(tokenizer.encode("hi", { addSpecial: true }), [1, 7]);
 * assertEquals(tokenizer.decode([1, 7]), "hi");
 * ```
 *
 * @param bytes The whole file; borrowed.
 * @param vocabSize Pieces in the file: the model's vocabulary.
 * @param name What to call the file in errors.
 * @returns The tokenizer: bosId 1 (put first by `addSpecial`), eosId 1 (llama2.c stops there), no padId.
 * @throws {Mistake} If the file is cut, has a tail, or a piece is not UTF-8. `encode` throws RangeError for
 * text that the vocabulary cannot spell, `decode` for an id outside the vocabulary.
 */
export function parseLlama2cTokenizer(
  bytes: Uint8Array,
  vocabSize: number,
  name: string,
): Llama2cTokenizer {
  refuseWrongDownload(bytes, name, "a llama2.c tokenizer");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const pieces: string[] = [];
  const scores = new Float32Array(vocabSize);
  let at = 4; // past max_token_length, which only sizes C's buffers
  for (let id = 0; id < vocabSize; id++) {
    const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : 0;
    if (length < 0) {
      throw cannotRead(name, {
        found: `the length of piece ${id} is ${length}`,
        expected: "at least 0",
      });
    }
    if (at + 8 + length > bytes.length) {
      throw cannotRead(name, {
        found: `it ends within piece ${id}`,
        expected: `${vocabSize} pieces`,
        fix: "The download was cut, or the tokenizer is of another model",
      });
    }
    scores[id] = view.getFloat32(at, true);
    at += 8 + length;
    try {
      pieces.push(decoder.decode(bytes.slice(at - length, at)));
    } catch {
      throw cannotRead(name, { found: `piece ${id} is not UTF-8`, expected: "text" });
    }
  }
  if (at !== bytes.length) {
    throw cannotRead(name, {
      found: `it is ${bytes.length} bytes long`,
      expected: `${at} for ${vocabSize} pieces`,
      fix: "The tokenizer is of another model",
    });
  }
  const ids = new Map<string, number>();
  pieces.forEach((piece, id) => ids.has(piece) || ids.set(piece, id));
  if (!ids.has(" ")) {
    throw cannotRead(name, { found: 'piece " " is missing', expected: "it before every text" });
  }
  return {
    pieces,
    scores,
    vocabSize,
    bosId: BOS,
    eosId: BOS,
    padId: undefined,
    encode: (text, options = {}) => {
      const out = spell(text, ids, pieces);
      if (options.addSpecial) out.unshift(BOS);
      return merge(out, ids, pieces, scores);
    },
    decode: (list) => unspell(list, pieces),
  };
}

/** A leading space, then a piece for each code point or, where there is none, for each of its bytes. */
function spell(
  text: string,
  ids: ReadonlyMap<string, number>,
  pieces: readonly string[],
): number[] {
  const out: number[] = text === "" ? [] : [ids.get(" ")!];
  for (const character of text.toWellFormed()) {
    const id = ids.get(character);
    if (id !== undefined) {
      out.push(id);
      continue;
    }
    for (const byte of new TextEncoder().encode(character)) {
      if (byteOf(pieces[byte + FIRST_BYTE]) !== byte) {
        throw new Mistake("file", {
          verb: "encode",
          thing: "text",
          found: `character ${quote(character)} has no piece`,
          expected: "one or byte pieces <0x00> to <0xFF> at ids 3 to 258",
        });
      }
      out.push(byte + FIRST_BYTE);
    }
  }
  return out;
}

/** Merges the neighbours whose joint piece has the best score (the first of equals) until none is left. */
function merge(
  list: number[],
  ids: ReadonlyMap<string, number>,
  pieces: readonly string[],
  scores: Float32Array,
): number[] {
  const joined = (i: number) => ids.get(pieces[list[i]] + pieces[list[i + 1]]) ?? -1;
  const joint: number[] = []; // joint[i]: the id of list[i] and list[i + 1] together, or -1
  for (let i = 0; i + 1 < list.length; i++) joint.push(joined(i));
  while (true) {
    let best = -1;
    let bestScore = -1e10;
    for (let i = 0; i < joint.length; i++) {
      if (joint[i] !== -1 && scores[joint[i]] > bestScore) {
        bestScore = scores[joint[i]];
        best = i;
      }
    }
    if (best === -1) return list;
    list.splice(best, 2, joint[best]);
    joint.splice(best, 1);
    if (best > 0) joint[best - 1] = joined(best - 1);
    if (best < joint.length) joint[best] = joined(best);
  }
}

function unspell(list: ArrayLike<number>, pieces: readonly string[]): string {
  const out: number[] = [];
  for (let i = 0; i < list.length; i++) {
    const id = list[i];
    const piece = pieces[id];
    if (piece === undefined) {
      throw new Mistake("file", {
        verb: "decode",
        thing: "ids",
        found: `ids[${i}] is ${id}`,
        expected: `an id of the vocabulary of ${pieces.length}`,
      });
    }
    if (id === UNK || id === BOS || id === EOS) continue;
    const byte = byteOf(piece);
    if (byte !== undefined) out.push(byte);
    else {
      const afterBos = i > 0 && list[i - 1] === BOS && piece.startsWith(" ");
      for (const b of new TextEncoder().encode(afterBos ? piece.slice(1) : piece)) out.push(b);
    }
  }
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(out));
}

/** The byte that a piece like `<0x0A>` stands for. */
function byteOf(piece: string | undefined): number | undefined {
  const found = piece?.match(/^<0x([0-9A-Fa-f]{2})>$/);
  return found ? parseInt(found[1], 16) : undefined;
}
