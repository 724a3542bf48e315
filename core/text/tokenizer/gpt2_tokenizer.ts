// GPT-2's two files, vocab.json and merges.txt, as the tokenizer.json that says the same.
import { quote } from "../../base/quote.ts";
import { cannotRead } from "../../base/mistake.ts";

const END = "<|endoftext|>";

/** A tokenizer.json of a parsed vocab.json and the bytes of a merges.txt; `name` is what errors call the latter. */
export function gpt2TokenizerJson(
  vocab: Record<string, unknown>,
  merges: Uint8Array,
  name: string,
): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(merges.slice());
  } catch {
    throw cannotRead(name, { found: "it is not UTF-8", expected: "a merge a line" });
  }
  const pairs: string[][] = [];
  text.split("\n").forEach((line, i) => {
    const merge = line.endsWith("\r") ? line.slice(0, -1) : line;
    if (merge === "" || (i === 0 && merge.startsWith("#version"))) return;
    const pair = merge.split(" ");
    if (pair.length !== 2 || pair.includes("")) {
      throw cannotRead(name, {
        found: `line ${i + 1} is ${quote(merge)}`,
        expected: "two tokens and a space",
      });
    }
    for (const token of [...pair, pair.join("")]) {
      if (Object.hasOwn(vocab, token)) continue;
      throw cannotRead(name, {
        found: `line ${i + 1} names ${quote(token)}`,
        expected: "tokens of vocab.json",
      });
    }
    pairs.push(pair);
  });
  const id = Object.hasOwn(vocab, END) ? vocab[END] : undefined;
  return {
    added_tokens: id === undefined ? [] : [{ id, content: END, special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel" },
    model: { type: "BPE", vocab, merges: pairs },
  };
}
