// Where @huggingface/tokenizers 0.2 differs from the Rust tokenizers, the file is rewritten to an equal one that it
// reads right. Each rule names the difference.
import { isObject } from "../io/mistakes.ts";

type Part = Record<string, unknown>;

/** A checked tokenizer.json, rewritten; the argument stays as it is. */
export function repairTokenizerJson(json: Part): Part {
  return {
    ...json,
    normalizer: repair(json.normalizer ?? null, "normalizers", repairReplace),
    pre_tokenizer: repair(json.pre_tokenizer ?? null, "pretokenizers", repairPreTokenizer),
    post_processor: null, // we add begin and end ourselves
    decoder: repair(json.decoder ?? null, "decoders", repairDecoder),
  };
}

function repair(value: unknown, list: string, rule: (part: Part) => Part): Part | null {
  if (!isObject(value)) return null;
  const parts = value[list];
  if (!Array.isArray(parts)) return rule(value);
  return { ...value, [list]: parts.map((part) => repair(part, list, rule)) };
}

/** A `$` in what is put in place of a pattern is a `$`; JavaScript's replace reads `$&` and `$1`. */
function repairReplace(part: Part): Part {
  if (part.type !== "Replace" || typeof part.content !== "string") return part;
  return { ...part, content: part.content.replaceAll("$", "$$$$") };
}

// As tokenizers has it; \s and \p{N} are Unicode's there, and JavaScript's \s takes U+FEFF and leaves U+0085.
const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** What Rust's \w is. */
const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d";

const isolated = (pattern: string): Part => {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
};
/** The matches of a pattern, and nothing else of the text. */
const matches = (pattern: string): Part => {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Removed", invert: true };
};
const sequence = (...pretokenizers: Part[]): Part => ({ type: "Sequence", pretokenizers });

function repairPreTokenizer(part: Part): Part {
  switch (part.type) {
    case "ByteLevel":
      if (part.use_regex === false || part.add_prefix_space === true) return part;
      return sequence(isolated(GPT2), { ...part, use_regex: false });
    case "Digits": // digits of every script, not 0–9 alone
      return isolated(part.individual_digits ? "\\p{N}" : "\\p{N}+");
    case "Whitespace": // letters of every script, not a–z alone
      return matches(`[${WORD}]+|[^${WORD}\\s]+`);
    case "Metaspace":
      return repairMetaspace(part);
    case "Split":
      return repairSplit(part);
    default:
      return part;
  }
}

/** Words are split at the mark unless `split` is false, and an old file's `add_prefix_space: false` is obeyed. */
function repairMetaspace(part: Part): Part {
  const scheme = part.prepend_scheme ?? (part.add_prefix_space === false ? "never" : "always");
  const fixed = { ...part, prepend_scheme: scheme };
  if (part.split === false) return fixed;
  const mark = escaped(typeof part.replacement === "string" ? part.replacement : "▁");
  return sequence(fixed, matches(`${mark}(?:(?!${mark})[\\s\\S])*|(?:(?!${mark})[\\s\\S])+`));
}

/** Behaviours that would be read as Isolated, as patterns whose matches are the pieces. */
function repairSplit(part: Part): Part {
  const pattern = isObject(part.pattern) ? part.pattern : {};
  const cut = typeof pattern.Regex === "string"
    ? pattern.Regex
    : typeof pattern.String === "string"
    ? escaped(pattern.String)
    : undefined;
  if (cut === undefined || part.invert === true) return part;
  const text = `(?:(?!${cut})[\\s\\S])`;
  switch (part.behavior) {
    case "MergedWithPrevious":
      return matches(`${text}*(?:${cut})|${text}+`);
    case "MergedWithNext":
      return matches(`(?:${cut})${text}*|${text}+`);
    case "Contiguous":
      return matches(`(?:${cut})+|${text}+`);
    default:
      return part;
  }
}

function repairDecoder(part: Part): Part {
  const never = part.prepend_scheme === "never" || part.add_prefix_space === false;
  if (part.type === "Metaspace" && never) { // nothing was put first, so nothing is taken away
    return { type: "Replace", pattern: { String: part.replacement ?? "▁" }, content: " " };
  }
  return repairReplace(part);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
