// Normalizers of a tokenizer.json as the Rust tokenizers run them: text to text. @huggingface/tokenizers 0.2 lacks some
// kinds, lowers a final sigma by its place, and takes JavaScript's white space for Unicode's.
import { ReplaceNormalizer } from "@huggingface/tokenizers";
import { isObject, quote } from "../../base/quote.ts";
import { PatternError } from "./pattern_syntax.ts";
import { charsmapNormalizer } from "./precompiled_charsmap.ts";
import { plainPattern, regexPattern, replaceMatches, type TextPattern } from "./text_pattern.ts";
import { cannotRead } from "../../base/mistake.ts";

/** One step: text to text. */
export type NormalizerStep = (text: string) => string;

type Part = Record<string, unknown>;

/** What Rust's `char::is_whitespace` is. */
const SPACE = "\\p{White_Space}";
const HAN =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const DROPPED_BY_BERT = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu;
// deno-lint-ignore no-control-regex
const DROPPED_BY_NMT = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/g;
const SPACE_OF_NMT = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;
const KINDS =
  "BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, Precompiled, Prepend, Replace, " +
  "Sequence, Strip, StripAccents";

/** The step that a checked `normalizer` describes; `name` is the file's. */
export function normalizerOf(part: Part, name: string): NormalizerStep {
  switch (part.type) {
    case "Sequence": {
      const list = Array.isArray(part.normalizers) ? part.normalizers.filter(isObject) : [];
      const steps = list.map((entry) => normalizerOf(entry, name));
      return (text) => steps.reduce((done, step) => step(done), text);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = part.type;
      return (text) => text.normalize(form);
    }
    case "Lowercase":
      return lower;
    case "StripAccents":
      return (text) => text.replace(/\p{M}/gu, "");
    case "Strip":
      return strip(part);
    case "Prepend":
      return (text) => text === "" ? "" : String(part.prepend) + text;
    case "Replace":
      return replaceStep(part, name);
    case "Nmt":
      return (text) => text.replace(DROPPED_BY_NMT, "").replace(SPACE_OF_NMT, " ");
    case "ByteLevel":
      return byteCharacters;
    case "BertNormalizer":
      return bert(part);
    case "Precompiled":
      return charsmapNormalizer(part.precompiled_charsmap, name);
    default:
      throw cannotRead(name, {
        found: `normalizer.type is ${quote(String(part.type))}`,
        expected: `one of ${KINDS}`,
      });
  }
}

/** A pattern of the file, `{ String }` or `{ Regex }`; undefined where it is the empty text. */
export function patternOf(pattern: unknown, name: string, field: string): TextPattern | undefined {
  const { String: text, Regex: source } = isObject(pattern) ? pattern : {};
  if (text === "") return undefined;
  if (typeof text !== "string" && typeof source !== "string") {
    throw cannotRead(name, {
      found: `${field}.pattern is ${JSON.stringify(pattern)?.slice(0, 80)}`,
      expected: "{ String } or { Regex }",
    });
  }
  return typeof text === "string" ? plainPattern(text) : regexPattern(rewritten(String(source)));
}

/** An expression of the Rust tokenizers' as JavaScript's with the flag u. */
function rewritten(source: string): string {
  const made = new ReplaceNormalizer({ type: "Replace", pattern: { Regex: source }, content: "" });
  return (made as unknown as { pattern: RegExp }).pattern.source;
}

const LONGEST = 1000; // characters of a plain text that is looked for

/**
 * What is wrong with a pattern that is to be run on any text, undefined where nothing is.
 *
 * @param pattern As in the file. One that is malformed is left to `patternOf`.
 */
export function patternFault(pattern: unknown): string | undefined {
  const { String: text, Regex: source } = isObject(pattern) ? pattern : {};
  if (typeof text === "string" && text.length > LONGEST) return `${text.length} characters`;
  if (typeof source !== "string") return undefined;
  try {
    regexPattern(rewritten(source));
  } catch (error) {
    return error instanceof PatternError ? error.found : undefined;
  }
}

/** `Replace` of a normalizer or decoder: a `$` in what is put in place stands for itself. */
export function replaceStep(part: Part, name: string): NormalizerStep {
  const pattern = patternOf(part.pattern, name, "Replace");
  const content = typeof part.content === "string" ? part.content : "";
  return pattern === undefined ? (text) => text : (text) => replaceMatches(text, pattern, content);
}

const PRINTABLE = /[!-~\u00a1-\u00ac\u00ae-\u00ff]/;
const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const same = String.fromCharCode(byte);
    return PRINTABLE.test(same) ? same : String.fromCharCode(next++);
  });
})();
/** Bytes by the character that stands for them. */
export const CHARACTER_BYTES: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);
const utf8 = new TextEncoder();

/** Each byte of the text's UTF-8 as the character that stands for it in byte-level vocabularies. */
export function byteCharacters(text: string): string {
  let out = "";
  for (const byte of utf8.encode(text)) out += BYTE_CHARACTERS[byte];
  return out;
}

/** Character by character, as Rust lowers: a sigma at the end of a word too is σ. */
function lower(text: string): string {
  return text.replaceAll("Σ", "σ").toLowerCase();
}

function strip(part: Part): NormalizerStep {
  const left = new RegExp(`^${SPACE}+`, "u");
  return (text) => {
    const rest = part.strip_left === false ? text : text.replace(left, "");
    if (part.strip_right === false) return rest;
    let end = rest.length;
    while (end > 0 && /\p{White_Space}/u.test(rest[end - 1])) end--;
    return rest.slice(0, end);
  };
}

function bert(part: Part): NormalizerStep {
  const { lowercase = true, strip_accents: accents = null } = part;
  const space = new RegExp(SPACE, "gu");
  return (text) => {
    let done = text;
    if (part.clean_text !== false) done = done.replace(DROPPED_BY_BERT, "").replace(space, " ");
    if (part.handle_chinese_chars !== false) done = done.replace(HAN, " $& ");
    if (accents ?? lowercase) done = done.normalize("NFD").replace(/\p{Mn}/gu, "");
    return lowercase ? lower(done) : done;
  };
}
