// generation_config.json files beside a tokenizer that is whole; `error` is what reading the tokenizer says.
import type { MalformedRow } from "./safetensors.ts";

const FILE = "generation_config.json";
const text = (content: string) => () => new TextEncoder().encode(content);
const json = (value: unknown) => text(JSON.stringify(value));

/** The tokenizer of six tokens that they lie beside. */
export const wholeTokenizer: Readonly<Record<string, unknown>> = {
  added_tokens: [{ id: 0, content: "<s>", special: true }, {
    id: 4,
    content: "</s>",
    special: true,
  }],
  normalizer: null,
  pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
  post_processor: null,
  decoder: { type: "ByteLevel" },
  model: { type: "BPE", vocab: { "<s>": 0, a: 1, b: 2, ab: 3 }, merges: [["a", "b"]] },
};

/** Malformed generation configs. */
export const rows: MalformedRow[] = ([
  ["an empty file", text(""), "the file is empty, expected a JSON file. Fetch the file again"],
  [
    "a Git LFS pointer",
    text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
    "the file is a Git LFS pointer, expected a JSON file. Run `git lfs pull` in its folder",
  ],
  [
    "a web page",
    text("<html></html>"),
    "the file is a web page, expected a JSON file. Check the address and whether it asks for a login",
  ],
  ["cut JSON", text('{"eos_token_id":'), "the file is not JSON, expected a JSON object"],
  ["a list", text("[4]"), "the file is [4], expected a JSON object"],
  [
    "an end that stands twice",
    text('{"eos_token_id":4,"eos_token_id":3}'),
    'the file has the key "eos_token_id" twice, expected each key once',
  ],
  [
    "bytes that are not UTF-8",
    () => Uint8Array.of(0x7b, 0xff, 0x7d),
    "the file is not UTF-8, expected a JSON object",
  ],
  ["an end of text", json({ eos_token_id: "4" }), 'eos_token_id is "4", expected ids below 5'],
  [
    "an end below 0",
    json({ eos_token_id: [4, -1] }),
    "eos_token_id is [4,-1], expected ids below 5",
  ],
  [
    "an end beyond the vocabulary",
    json({ eos_token_id: [4, 5] }),
    "eos_token_id is [4,5], expected ids below 5",
  ],
  [
    "an end that is a fraction",
    json({ eos_token_id: 0.5 }),
    "eos_token_id is 0.5, expected ids below 5",
  ],
  [
    "a beginning beyond the vocabulary",
    json({ bos_token_id: 1e9 }),
    "bos_token_id is 1000000000, expected ids below 5",
  ],
  [
    "a padding that is a fraction",
    json({ pad_token_id: 1.5 }),
    "pad_token_id is 1.5, expected ids below 5",
  ],
] as [string, MalformedRow["bytes"], string][]).map(([name, bytes, why]) => {
  return { name, bytes, file: FILE, error: `Cannot read ${FILE}: ${why}` };
});
