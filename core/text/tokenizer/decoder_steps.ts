// Decoders of a tokenizer.json as the Rust tokenizers run them: tokens to tokens, joined at the end.
// @huggingface/tokenizers 0.2 takes marks away differently and reads bytes that are no UTF-8 by other rules.
import { isObject, quote } from "../../base/quote.ts";
import { CHARACTER_BYTES, replaceStep } from "./normalizer_steps.ts";
import { cannotRead } from "../../base/mistake.ts";

/** One step: tokens to tokens. */
export type DecoderStep = (tokens: string[]) => string[];

type Part = Record<string, unknown>;

const KINDS =
  "BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, Sequence, Strip, WordPiece";

/** The step that a checked `decoder` describes; `name` is the file's. */
export function decoderOf(part: Part, name: string): DecoderStep {
  switch (part.type) {
    case "Sequence": {
      const list = Array.isArray(part.decoders) ? part.decoders.filter(isObject) : [];
      const steps = list.map((entry) => decoderOf(entry, name));
      return (tokens) => steps.reduce((done, step) => step(done), tokens);
    }
    case "ByteLevel":
      return (tokens) => [bytesToText(tokens)];
    case "ByteFallback":
      return byteFallback;
    case "Fuse":
      return (tokens) => [tokens.join("")];
    case "Replace": {
      const step = replaceStep(part, name);
      return (tokens) => tokens.map(step);
    }
    case "Metaspace":
      return metaspace(part);
    case "Strip":
      return strip(part);
    case "BPEDecoder": {
      const suffix = textOf(part.suffix, "</w>");
      return (tokens) =>
        tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? "" : " "));
    }
    case "WordPiece":
      return wordPiece(part);
    case "CTC":
      return ctc(part);
    default:
      throw cannotRead(name, {
        found: `decoder.type is ${quote(String(part.type))}`,
        expected: `one of ${KINDS}`,
      });
  }
}

function textOf(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

const utf8 = new TextEncoder();
const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A token with a character that stands for no byte is text of its own. */
function bytesToText(tokens: string[]): string {
  const bytes: number[] = [];
  for (const token of tokens) {
    const own = Array.from(token, (c) => CHARACTER_BYTES.get(c));
    for (const byte of own.includes(undefined) ? utf8.encode(token) : own) bytes.push(byte!);
  }
  return lossy.decode(Uint8Array.from(bytes));
}

/** A run of bytes that is no UTF-8 becomes one U+FFFD a byte. */
function byteFallback(tokens: string[]): string[] {
  const out: string[] = [];
  let run: number[] = [];
  const end = () => {
    if (run.length === 0) return;
    try {
      out.push(strict.decode(Uint8Array.from(run)));
    } catch {
      for (let i = 0; i < run.length; i++) out.push("\ufffd");
    }
    run = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9a-fA-F]{2})>$/.exec(token);
    if (byte) {
      run.push(parseInt(byte[1], 16));
      continue;
    }
    end();
    out.push(token);
  }
  end();
  return out;
}

/** The marks of the first token go, unless none was put first. */
function metaspace(part: Part): DecoderStep {
  const mark = textOf(part.replacement, "▁");
  const never = part.prepend_scheme === "never" ||
    part.prepend_scheme === undefined && part.add_prefix_space === false;
  return (tokens) => tokens.map((token, i) => token.replaceAll(mark, i === 0 && !never ? "" : " "));
}

function strip(part: Part): DecoderStep {
  const content = textOf(part.content, " ");
  const [most, mostAtEnd] = [Number(part.start ?? 0), Number(part.stop ?? 0)];
  return (tokens) =>
    tokens.map((token) => {
      const characters = Array.from(token);
      let start = 0;
      let stop = characters.length;
      while (start < most && characters[start] === content) start++;
      while (
        characters.length - stop < mostAtEnd && stop > start && characters[stop - 1] === content
      ) {
        stop--;
      }
      return characters.slice(start, stop).join("");
    });
}

const CLEANED: readonly [string, string][] = [
  [" .", "."],
  [" ?", "?"],
  [" !", "!"],
  [" ,", ","],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [" do not", " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function cleaned(text: string): string {
  return CLEANED.reduce((done, [from, to]) => done.replaceAll(from, to), text);
}

function wordPiece(part: Part): DecoderStep {
  const prefix = textOf(part.prefix, "##");
  return (tokens) =>
    tokens.map((token, i) => {
      const text = i === 0
        ? token
        : token.startsWith(prefix)
        ? token.slice(prefix.length)
        : " " + token;
      return part.cleanup === false ? text : cleaned(text);
    });
}

/** Equal neighbours are one, the padding goes, a delimiter is a space. */
function ctc(part: Part): DecoderStep {
  const padding = textOf(part.pad_token, "<pad>");
  const delimiter = textOf(part.word_delimiter_token, "|");
  return (tokens) =>
    tokens.filter((token, i) => token !== tokens[i - 1])
      .map((token) => {
        const text = token.replaceAll(padding, "");
        return part.cleanup === false ? text : cleaned(text).replaceAll(delimiter, " ");
      })
      .filter((text) => text !== "");
}
