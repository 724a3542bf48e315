// tokenizer.json files that are none or that would do harm; `error` is what reading says, the file called "file".

/** A malformed file, by name. */
export interface Row {
  name: string;
  bytes: () => Uint8Array;
  file: string;
  error: string;
}

type Json = Record<string, unknown>;

const model = (change: Json): Json => {
  const vocab = { "<s>": 0, a: 1, b: 2, ab: 3 };
  return { type: "BPE", vocab, merges: [["a", "b"]], ...change };
};
const file = (change: Json): Json => {
  return {
    added_tokens: [{ id: 0, content: "<s>", special: true }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: model({}),
    ...change,
  };
};
const text = (name: string, content: string, error: string): Row => {
  return { name, bytes: () => new TextEncoder().encode(content), file: "tokenizer.json", error };
};
const row = (name: string, change: Json, error: string): Row => {
  return text(name, JSON.stringify(file(change)), `Cannot read file: ${error}`);
};
const nested = (depth: number): Json => {
  let part: Json = { type: "Lowercase" };
  for (let i = 0; i < depth; i++) part = { type: "Sequence", normalizers: [part] };
  return part;
};

/** The table. */
export const rows: Row[] = [
  text(
    "an empty file",
    "",
    "Cannot read file: the file is empty, expected a JSON file. Fetch the file again",
  ),
  text(
    "a Git LFS pointer",
    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
    "Cannot read file: the file is a Git LFS pointer, expected a JSON file. Run `git lfs pull` in its folder",
  ),
  text(
    "a web page",
    "<!DOCTYPE html><html></html>",
    "Cannot read file: the file is a web page, expected a JSON file. Check the address and whether it asks for a login",
  ),
  text(
    "cut JSON",
    '{"model": {"vocab": {"a": 0',
    "Cannot read file: the file is not JSON, expected a JSON object",
  ),
  {
    name: "bad UTF-8",
    bytes: () => Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d),
    file: "tokenizer.json",
    error: "Cannot read file: the file is not UTF-8, expected a JSON object",
  },
  text(
    "a token twice",
    JSON.stringify(file({})).replace('"a":1', '"a":1,"a":2'),
    'Cannot read file: the file has the key "a" twice, expected each key once',
  ),
  row(
    "no model",
    { model: undefined },
    "model is undefined, expected an object. Is this tokenizer_config.json? Give tokenizer.json",
  ),
  row(
    "an unknown model",
    { model: model({ type: "Neural" }) },
    'model.type is "Neural", expected one of BPE, Unigram, WordLevel, WordPiece',
  ),
  row(
    "an empty vocabulary",
    { model: model({ vocab: {} }) },
    "model.vocab is empty, expected tokens",
  ),
  row(
    "a vocabulary that is a list",
    { model: model({ vocab: ["a"] }) },
    "model.vocab is an array, expected an object of ids by token",
  ),
  row(
    "an id of a thousand million",
    { model: model({ vocab: { a: 0, b: 1e9, ab: 1 } }) },
    'the id of token "b" is 1000000000, expected an integer below 65540, for 4 tokens',
  ),
  row(
    "an id that is a fraction",
    { model: model({ vocab: { a: 0.5, b: 1, ab: 2 } }) },
    'the id of token "a" is 0.5, expected an integer below 65540, for 4 tokens',
  ),
  row(
    "two tokens with one id",
    { model: model({ vocab: { "<s>": 0, a: 1, b: 1, ab: 2 } }) },
    'id 1 is both "a" and "b", expected one token an id',
  ),
  row(
    "no merges",
    { model: model({ merges: undefined }) },
    "model.merges is a undefined, expected a list of pairs",
  ),
  row(
    "a merge of three",
    { model: model({ merges: ["a b ab"] }) },
    'model.merges[0] is "a b ab", expected two tokens',
  ),
  row(
    "merges of two kinds",
    { model: model({ merges: [["a", "b"], "a b"] }) },
    'model.merges[1] is "a b", expected two tokens',
  ),
  row(
    "a merge of an unknown token",
    { model: model({ merges: [["a", "z"]] }) },
    'model.merges[0] names "z", expected tokens of the vocabulary',
  ),
  row(
    "a merge into an unknown token",
    { model: model({ merges: [["b", "a"]] }) },
    'model.merges[0] names "ba", expected tokens of the vocabulary',
  ),
  row(
    "an added token without an id",
    { added_tokens: [{ content: "<s>" }] },
    'added_tokens[0] is {"content":"<s>"}, expected id and content',
  ),
  row(
    "an added token far off",
    { added_tokens: [{ id: 2 ** 40, content: "<x>" }] },
    'the id of added token "<x>" is 1099511627776, expected an integer below 65541, for 5 tokens',
  ),
  row(
    "an added token in another's place",
    { added_tokens: [{ id: 1, content: "<x>" }] },
    'id 1 is "a" in the vocabulary and "<x>" in added_tokens, expected one token an id',
  ),
  row(
    "two added tokens with one id",
    { added_tokens: [{ id: 9, content: "<x>" }, { id: 9, content: "<y>" }] },
    'id 9 is both "<x>" and "<y>", expected one token an id',
  ),
  row(
    "a normalizer that nests",
    { normalizer: nested(20) },
    "normalizer is nested more than 16 deep, expected a plain sequence",
  ),
  row(
    "an unknown normalizer",
    { normalizer: { type: "Shell" } },
    'normalizer.type is "Shell", expected one of BertNormalizer, ByteLevel, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, ' +
      "Precompiled, Prepend, Replace, Sequence, Strip, StripAccents",
  ),
  row(
    "an unknown pre-tokenizer",
    { pre_tokenizer: { type: "Sequence", pretokenizers: [{ type: "Words" }] } },
    'pre_tokenizer.type is "Words", expected one of BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, ' +
      "FixedLength, Metaspace, Punctuation, Sequence, Split, UnicodeScripts, Whitespace, WhitespaceSplit",
  ),
  row(
    "an unknown decoder",
    { decoder: { type: "Zip" } },
    'decoder.type is "Zip", expected one of BPEDecoder, ByteFallback, ByteLevel, CTC, Fuse, Metaspace, Replace, ' +
      "Sequence, Strip, WordPiece",
  ),
  row(
    "a precompiled normalizer that is cut",
    { normalizer: { type: "Precompiled", precompiled_charsmap: "/////w==" } },
    "normalizer.precompiled_charsmap is 4 bytes with a trie of 4294967295, expected what sentencepiece compiled",
  ),
  row(
    "a merge whose second token lacks the prefix",
    { model: model({ continuing_subword_prefix: "##" }) },
    'model.merges[0] is ["a","b"], expected two tokens, the second with the prefix "##"',
  ),
  row(
    "a word list without words",
    { model: { type: "WordLevel", vocab: {}, unk_token: "<unk>" } },
    "model.vocab is empty, expected tokens",
  ),
  row(
    "a pre-tokenizer that is text",
    { pre_tokenizer: "ByteLevel" },
    'pre_tokenizer is "ByteLevel", expected null or an object with type',
  ),
  row(
    "a pattern that is none",
    {
      pre_tokenizer: {
        type: "Split",
        pattern: { Regex: "(a" },
        behavior: "Isolated",
        invert: false,
      },
    },
    "Invalid regular expression: /(a/gu: Unterminated group, expected a file that tokenizers wrote",
  ),
  row(
    "a pattern that repeats what may be empty",
    {
      pre_tokenizer: {
        type: "Split",
        pattern: { Regex: "x(?:a*)*y" },
        behavior: "Isolated",
        invert: false,
      },
    },
    'pre_tokenizer has the pattern "x(?:a*)*y", expected one that takes no longer than its text, and it has ' +
      "(?:a*)*, which repeats what may be empty",
  ),
  row(
    "a pattern that refers to a group",
    { normalizer: { type: "Replace", pattern: { Regex: "(a)\\1" }, content: "" } },
    'normalizer has the pattern "(a)\\\\1", expected one that takes no longer than its text, and it has ' +
      "a group that it refers to",
  ),
  row(
    "a pattern of a long plain text",
    { normalizer: { type: "Replace", pattern: { String: "a".repeat(2000) }, content: "" } },
    `normalizer has the pattern "${
      "a".repeat(79)
    }…", expected one that takes no longer than its text, ` +
      "and it has 2000 characters",
  ),
  row(
    "a split whose behaviour is a list",
    { pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: ["a"], invert: false } },
    'pre_tokenizer.behavior is ["a"], expected one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous',
  ),
  row(
    "an unknown token that is no text",
    { model: model({ unk_token: { a: { b: 1 } } }) },
    'model.unk_token is {"a":{"b":1}}, expected text or null',
  ),
  row(
    "unigram pieces without scores",
    { model: { type: "Unigram", vocab: [["a", 0], ["b"]], unk_id: 0 } },
    'model.vocab[1] is ["b"], expected [piece, score]',
  ),
  row(
    "an unknown piece that is none",
    { model: { type: "Unigram", vocab: [["a", 0]], unk_id: 7 } },
    "model.unk_id is 7, expected the id of one of 1 pieces",
  ),
];
