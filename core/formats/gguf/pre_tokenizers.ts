// How byte-level vocabularies cut text before their merges, by the name that llama.cpp's converter gave the cut. The
// expressions are those of the models' own tokenizer.json files.

/** What a pre-tokenizer name stands for. */
export interface PreTokenizer {
  /** Expressions, one after another: each cuts what the one before left. */
  readonly splits: readonly string[];
  /** Whether text is composed (NFC) first. */
  readonly nfc: boolean;
  /** Whether a word that is a token is taken whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  /** Whether texts begin with BOS where the file does not say. */
  readonly addBos: boolean;
}

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const ENDINGS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const MARKS = " ?[^\\s\\p{L}\\p{N}]+";
const CL100K = (digits: string) =>
  `${ENDINGS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}|${MARKS}[\\r\\n]*|${SPACES}`;
const UPPER = "\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}", LOWER = "\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}";
const CASED = (ending: string) =>
  `[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]*[${LOWER}]+${ending}` +
  `|[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]+[${LOWER}]*${ending}`;

const PLAIN: PreTokenizer = { splits: [GPT2], nfc: false, ignoreMerges: false, addBos: false };
const NEOX: PreTokenizer = { ...PLAIN, nfc: true };
const DIGITS: PreTokenizer = { ...PLAIN, splits: ["\\p{N}", GPT2] };
const QWEN2: PreTokenizer = { ...PLAIN, splits: [CL100K("\\p{N}")], nfc: true };
const DBRX: PreTokenizer = { ...PLAIN, splits: [CL100K("\\p{N}{1,3}")] };
const SMAUG: PreTokenizer = { ...DBRX, ignoreMerges: true };
const LLAMA3: PreTokenizer = { ...SMAUG, addBos: true };
const TEKKEN: PreTokenizer = {
  splits: [`${CASED("")}|\\p{N}|${MARKS}[\\r\\n/]*|${SPACES}`],
  nfc: false,
  ignoreMerges: true,
  addBos: true,
};
const O200K: PreTokenizer = {
  ...PLAIN,
  splits: [`${CASED(`${ENDINGS}?`)}|\\p{N}{1,3}|${MARKS}[\\r\\n/]*|${SPACES}`],
};

/** By `tokenizer.ggml.pre`. */
export const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  "default": PLAIN,
  "gpt-2": PLAIN,
  "phi-2": PLAIN,
  "mpt": NEOX,
  "olmo": NEOX,
  "smollm": DIGITS,
  "starcoder": DIGITS,
  "refact": DIGITS,
  "llama-bpe": LLAMA3,
  "llama3": LLAMA3,
  "llama-v3": LLAMA3,
  "falcon3": LLAMA3,
  "pixtral": LLAMA3,
  "smaug-bpe": SMAUG,
  "dbrx": DBRX,
  "qwen2": QWEN2,
  "deepseek-r1-qwen": QWEN2,
  "tekken": TEKKEN,
  "gpt-4o": O200K,
  "llama4": O200K,
};
