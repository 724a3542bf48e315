// Pre-tokenizers of a tokenizer.json as the Rust tokenizers run them: text to pieces, each cut a pattern and what becomes
// of its matches. @huggingface/tokenizers 0.2 lacks some kinds, behaviours and scripts.
import { isObject, quote, show } from "../../base/quote.ts";
import { byteCharacters, patternOf } from "./normalizer_steps.ts";
import { regexPattern, type TextPattern } from "./text_pattern.ts";
import { scriptOf } from "./unicode_scripts.ts";
import { cannotRead } from "../../base/mistake.ts";

/** A piece of text; `first` where it begins the whole text. */
export interface Piece {
  readonly text: string;
  readonly first: boolean;
}

/** One step: a piece to pieces. */
export type PreTokenizerStep = (piece: Piece) => Piece[];

type Part = Record<string, unknown>;
/** A cut: where it starts and ends, and whether the pattern matched there. */
type Cut = [start: number, end: number, match: boolean];

// \s and \p{N} are Unicode's in tokenizers, and JavaScript's \s takes U+FEFF and leaves U+0085.
const GPT2 = regexPattern(
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+" +
    "|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+",
);
/** What Rust's \w is. */
const WORDS = regexPattern(
  "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]+" +
    "|[^\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d\\p{White_Space}]+",
);
const SPACE = regexPattern("\\p{White_Space}");
const PUNCTUATION = regexPattern("[\\p{P}!-/:-@\\[-`{-~]");
const NUMBER = regexPattern("\\p{N}");
const KINDS =
  "BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, FixedLength, Metaspace, Punctuation, Sequence, Split, " +
  "UnicodeScripts, Whitespace, WhitespaceSplit";

/** The step that a checked `pre_tokenizer` describes; `name` is the file's. */
export function preTokenizerOf(part: Part, name: string): PreTokenizerStep {
  switch (part.type) {
    case "Sequence": {
      const list = Array.isArray(part.pretokenizers) ? part.pretokenizers.filter(isObject) : [];
      const steps = list.map((entry) => preTokenizerOf(entry, name));
      return (piece) => steps.reduce((pieces, step) => pieces.flatMap(step), [piece]);
    }
    case "BertPreTokenizer":
      return (piece) =>
        split(piece, SPACE, "Removed").flatMap((word) => split(word, PUNCTUATION, "Isolated"));
    case "ByteLevel":
      return byteLevel(part);
    case "CharDelimiterSplit": {
      const cut = patternOf({ String: part.delimiter }, name, "pre_tokenizer");
      return (piece) => split(piece, cut, "Removed");
    }
    case "Digits": {
      const behaviour = part.individual_digits === true ? "Isolated" : "Contiguous";
      return (piece) => split(piece, NUMBER, behaviour);
    }
    case "FixedLength":
      return fixedLength(part, name);
    case "Metaspace":
      return metaspace(part, name);
    case "Punctuation": {
      const behaviour = behaviourOf(part.behavior ?? "Isolated", name);
      return (piece) => split(piece, PUNCTUATION, behaviour);
    }
    case "Split": {
      const behaviour = behaviourOf(part.behavior, name);
      const cut = patternOf(part.pattern, name, "pre_tokenizer");
      return (piece) => split(piece, cut, behaviour, part.invert === true);
    }
    case "UnicodeScripts":
      return unicodeScripts;
    case "Whitespace":
      return (piece) => split(piece, WORDS, "Removed", true);
    case "WhitespaceSplit":
      return (piece) => split(piece, SPACE, "Removed");
    default:
      throw cannotRead(name, {
        found: `pre_tokenizer.type is ${quote(String(part.type))}`,
        expected: `one of ${KINDS}`,
      });
  }
}

const BEHAVIOURS = [
  "Removed",
  "Isolated",
  "MergedWithPrevious",
  "MergedWithNext",
  "Contiguous",
] as const;
type Behaviour = typeof BEHAVIOURS[number];

function behaviourOf(value: unknown, name: string): Behaviour {
  const found = BEHAVIOURS.find((known) => known === value);
  if (found !== undefined) return found;
  throw cannotRead(name, {
    found: `pre_tokenizer.behavior is ${show(value)}`,
    expected: `one of ${BEHAVIOURS.join(", ")}`,
  });
}

/** Cuts a piece at each match; `invert` swaps matches and what is between them. No pattern matches nothing. */
function split(
  piece: Piece,
  pattern: TextPattern | undefined,
  behaviour: Behaviour,
  invert = false,
): Piece[] {
  const { text } = piece;
  const cuts: Cut[] = [];
  let end = 0;
  for (const [from, to] of pattern?.matches(text) ?? []) {
    if (from > end) cuts.push([end, from, invert]);
    end = to;
    cuts.push([from, end, !invert]);
  }
  if (end < text.length) cuts.push([end, text.length, invert]);
  const pieces: Piece[] = [];
  for (const [from, to] of joined(cuts, behaviour)) {
    if (to > from) pieces.push({ text: text.slice(from, to), first: piece.first && from === 0 });
  }
  return pieces;
}

function joined(cuts: Cut[], behaviour: Behaviour): Cut[] {
  if (behaviour === "Isolated") return cuts;
  if (behaviour === "Removed") return cuts.filter(([, , match]) => !match);
  const backwards = behaviour === "MergedWithNext";
  const out: Cut[] = [];
  let previous = false;
  for (const cut of backwards ? cuts.toReversed() : cuts) {
    const last = out.at(-1);
    const joins = behaviour === "Contiguous" ? cut[2] === previous : cut[2] && !previous;
    if (!last || !joins) out.push([...cut]);
    else if (backwards) last[0] = cut[0];
    else last[1] = cut[1];
    previous = cut[2];
  }
  return backwards ? out.reverse() : out;
}

function byteLevel(part: Part): PreTokenizerStep {
  const spaced = part.add_prefix_space !== false;
  return (piece) => {
    const text = spaced && !piece.text.startsWith(" ") ? " " + piece.text : piece.text;
    const whole = { text, first: piece.first };
    const pieces = part.use_regex === false ? [whole] : split(whole, GPT2, "Isolated");
    return pieces.map(({ text, first }) => ({ text: byteCharacters(text), first }));
  };
}

/** Spaces become marks, one may go first; words are cut before their mark, unless `split` is false. */
function metaspace(part: Part, name: string): PreTokenizerStep {
  const { replacement: mark = "▁" } = part;
  // an old file's `add_prefix_space: false` is obeyed
  const scheme = part.prepend_scheme ?? (part.add_prefix_space === false ? "never" : "always");
  const pattern = patternOf({ String: mark }, name, "pre_tokenizer");
  return (piece) => {
    let text = piece.text.replaceAll(" ", () => String(mark));
    const puts = scheme === "always" || scheme === "first" && piece.first;
    if (puts && !text.startsWith(String(mark))) text = mark + text;
    const whole = { text, first: piece.first };
    return part.split === false ? [whole] : split(whole, pattern, "MergedWithNext");
  };
}

function fixedLength({ length = 5 }: Part, name: string): PreTokenizerStep {
  if (!Number.isInteger(length) || Number(length) < 1) {
    throw cannotRead(name, {
      found: `pre_tokenizer.length is ${show(length)}`,
      expected: "at least 1",
    });
  }
  return ({ text, first }) => {
    const characters = Array.from(text);
    const pieces: Piece[] = [];
    for (let i = 0; i < characters.length; i += Number(length)) {
      pieces.push({
        text: characters.slice(i, i + Number(length)).join(""),
        first: first && i === 0,
      });
    }
    return pieces;
  };
}

/** A cut wherever the script changes; a space belongs to what is before it, and without any is left out, as in tokenizers. */
function unicodeScripts({ text, first }: Piece): Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  let at = 0;
  let last: string | undefined;
  for (const c of text) {
    const script = scriptOf(c);
    if (script !== undefined) {
      if (last === undefined) {
        start = at;
      } else if (last !== script) {
        pieces.push({ text: text.slice(start, at), first: first && start === 0 });
        start = at;
      }
      last = script;
    }
    at += c.length;
  }
  if (last !== undefined) pieces.push({ text: text.slice(start), first: first && start === 0 });
  return pieces;
}
