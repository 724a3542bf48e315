// SentencePiece's precompiled normalization: a double-array trie from UTF-8 to replacements, as spm_precompiled reads it.
import { show } from "../../base/quote.ts";
import { cannotRead, type Mistake } from "../../base/mistake.ts";

const SHORT = 6; // bytes: a longer grapheme is looked up character by character
const LEAF = 2 ** 31;

/**
 * The step of a `Precompiled` normalizer.
 *
 * @param charsmap Base64 of the trie's size in bytes (u32), the trie (u32 units, both little-endian), and replacements,
 * UTF-8 that end in NUL.
 * @param name The file's, for errors.
 * @throws {Mistake} If it is no such thing.
 */
export function charsmapNormalizer(charsmap: unknown, name: string): (text: string) => string {
  const wrong = (found: string): Mistake =>
    cannotRead(name, {
      found: `normalizer.precompiled_charsmap is ${found}`,
      expected: "what sentencepiece compiled",
    });
  if (charsmap === null || charsmap === undefined || charsmap === "") return (text) => text;
  if (typeof charsmap !== "string") throw wrong(show(charsmap));
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(charsmap);
  } catch {
    throw wrong("no base64");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const size = bytes.length < 4 ? Infinity : view.getUint32(0, true);
  if (size % 4 !== 0 || size + 4 > bytes.length) {
    throw wrong(`${bytes.length} bytes with a trie of ${size}`);
  }
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + size);
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  const encoder = new TextEncoder();
  const known = new Map<string, string | undefined>();
  const lookUp = (chunk: string, key: Uint8Array): string | undefined => {
    if (known.has(chunk)) return known.get(chunk);
    const at = shortestPrefix(units, key);
    let text: string | undefined;
    if (at !== undefined && at < replacements.length) {
      const end = replacements.indexOf(0, at);
      text = utf8.decode(replacements.slice(at, end < 0 ? undefined : end));
    }
    if (known.size < 65_536) known.set(chunk, text);
    return text;
  };
  const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
  return (text) => {
    let out = "";
    for (const { segment } of graphemes.segment(text)) {
      const key = encoder.encode(segment);
      const whole = key.length < SHORT ? lookUp(segment, key) : undefined;
      if (whole !== undefined) out += whole;
      else for (const c of segment) out += lookUp(c, encoder.encode(c)) ?? c;
    }
    return out;
  };
}

/** Where the replacement of the shortest key that begins `key` stands. */
function shortestPrefix(units: Uint32Array, key: Uint8Array): number | undefined {
  const offset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  let node = offset(units[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) return undefined;
    node ^= byte;
    const unit = units[node];
    if (unit === undefined || unit % LEAF !== unit || (unit & 0xff) !== byte) return undefined;
    node ^= offset(unit);
    if (unit >>> 8 & 1) return (units[node] ?? 0) % LEAF;
  }
  return undefined;
}
