// GGUF files that are wrong, with the one line that openGguf says of each.
import { encodeGguf, type GgufEntry, type GgufTensorData } from "../../core/formats/gguf/writer.ts";
import type { MalformedRow } from "./safetensors.ts";

const F = "model.gguf";
const AGAIN = "The download was cut: fetch the file again";

const METADATA: GgufEntry[] = [
  ["general.architecture", "string", "llama"],
  ["llama.block_count", "u32", 1],
  ["llama.context_length", "u32", 16],
  ["llama.embedding_length", "u32", 4],
  ["llama.feed_forward_length", "u32", 8],
  ["llama.attention.head_count", "u32", 2],
  ["llama.attention.head_count_kv", "u32", 1],
  ["llama.attention.layer_norm_rms_epsilon", "f32", 1e-5],
];
const VOCABULARY: GgufEntry[] = [
  ["tokenizer.ggml.model", "string", "gpt2"],
  ["tokenizer.ggml.pre", "string", "gpt-2"],
  ["tokenizer.ggml.tokens", "string[]", ["a", "b", "ab"]],
  ["tokenizer.ggml.merges", "string[]", ["a b"]],
];

/** Zeros of a shape. */
export function zeros(name: string, shape: readonly number[], type = "F32"): GgufTensorData {
  const size = type === "F32" ? 4 : type === "IQ4_NL" ? 18 / 32 : 34 / 32;
  return { name, shape, type, bytes: new Uint8Array(shape.reduce((a, b) => a * b, 1) * size) };
}

/** The smallest llama that opens, with entries and tensors put in place of others or added. */
export function smallLlama(
  entries: readonly GgufEntry[] = [],
  tensors: readonly GgufTensorData[] = [],
): Uint8Array<ArrayBuffer> {
  const keys = new Set(entries.map(([key]) => key)), names = new Set(tensors.map((t) => t.name));
  const usual = [zeros("token_embd.weight", [4, 4]), zeros("blk.0.attn_q.weight", [4, 4])];
  return encodeGguf(
    [...[...METADATA, ...VOCABULARY].filter(([key]) => !keys.has(key)), ...entries],
    [...usual.filter(({ name }) => !names.has(name)), ...tensors],
  );
}

/**
 * The small llama in three parts: all metadata and no tensor in the first, as `--no-tensor-first-split` leaves it.
 *
 * @param options `third`: the tensor of the last part; `count`: how many tensors the first part says there are.
 */
export function cutLlama(
  { third = "blk.0.attn_q.weight", count = 2 } = {},
): Map<string, Uint8Array<ArrayBuffer>> {
  const parts = [[], [zeros("token_embd.weight", [4, 4])], [zeros(third, [4, 4])]];
  return new Map(parts.map((tensors, no) => {
    const split: GgufEntry[] = [
      ["split.no", "u16", no],
      ["split.count", "u16", 3],
      ["split.tensors.count", "i32", count],
    ];
    const metadata = no === 0 ? [...METADATA, ...VOCABULARY, ...split] : split;
    return [`m-0000${no + 1}-of-00003.gguf`, encodeGguf(metadata, tensors)];
  }));
}

const text = (value: string) => new TextEncoder().encode(value);

/** The small llama with a number overwritten: `at` bytes after the end of the first `after`. */
function patched(after: string, at: number, value: bigint | number[], source = smallLlama()) {
  const needle = text(after);
  let place = source.findIndex((_, i) => needle.every((byte, k) => source[i + k] === byte));
  if (place < 0) throw new Error(`no ${after} in the file`);
  place += needle.length + at;
  if (typeof value === "bigint") new DataView(source.buffer).setBigUint64(place, value, true);
  else source.set(value, place);
  return source;
}

function start(bytes: number[]): () => Uint8Array {
  return () => patched("GGUF", -4, bytes);
}

const SIZE = smallLlama().length;
const TENSORS = "token_embd.weight"; // its entry goes on with rank u32, extents u64 × 2, type u32, offset u64

export const rows: MalformedRow[] = [
  {
    name: "an empty file",
    bytes: () => new Uint8Array(),
    error: "the file is empty, expected a GGUF file. Fetch the file again",
  },
  {
    name: "a web page",
    bytes: () => text("<!DOCTYPE html><html><body>Sign in</body></html>"),
    error: "the file is a web page, expected a GGUF file. " +
      "Check the address and whether it asks for a login",
  },
  {
    name: "a Git LFS pointer",
    bytes: () => text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
    error: "the file is a Git LFS pointer, expected a GGUF file. Run `git lfs pull` in its folder",
  },
  {
    name: "a ZIP archive",
    bytes: start([0x50, 0x4b, 3, 4]),
    error: "it is a ZIP archive (a PyTorch checkpoint or a wheel), " +
      'expected one that begins with "GGUF"',
  },
  {
    name: "a Python pickle",
    bytes: start([0x80, 2, 0x7d, 0x71]),
    error: 'it is a Python pickle, which is never run, expected one that begins with "GGUF"',
  },
  {
    name: "a safetensors file",
    bytes: () => Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d),
    error: 'it is a safetensors file, expected one that begins with "GGUF"',
  },
  {
    name: "a GGML file of 2023",
    bytes: start([...text("tjgg")]),
    error: 'it is a GGML file older than GGUF, expected one that begins with "GGUF"',
  },
  {
    name: "something else",
    bytes: () => text("hello, this is text"),
    error: 'its first bytes are "hell", expected one that begins with "GGUF"',
  },
  {
    name: "version 1",
    bytes: () => patched("GGUF", 0, [1, 0, 0, 0]),
    error:
      "it is GGUF version 1, expected version 2 or 3. Convert it again with a current llama.cpp",
  },
  {
    name: "big-endian",
    bytes: () => patched("GGUF", 0, [0, 0, 0, 3]),
    error: "it is big-endian, expected little-endian. Convert it again with a current llama.cpp",
  },
  {
    name: "only the magic",
    bytes: () => text("GGUF"),
    error: `it ends in the version after 4 bytes, expected 4 more. ${AGAIN}`,
  },
  {
    name: "a huge tensor count",
    bytes: () => patched("GGUF", 4, 2n ** 63n),
    error: `the tensor count is ${2n ** 63n}, expected at most ${
      Math.floor((SIZE - 16) / 24)
    } in a file of ${SIZE} bytes. The file is damaged: fetch it again`,
  },
  {
    name: "a huge metadata count",
    bytes: () => patched("GGUF", 12, 2n ** 40n),
    error: `the metadata count is ${2n ** 40n}, expected at most ${
      Math.floor((SIZE - 24) / 13)
    } in a file of ${SIZE} bytes. The file is damaged: fetch it again`,
  },
  {
    name: "a key of 2^60 bytes",
    bytes: () => patched("GGUF", 20, 2n ** 60n),
    error: `metadata key 0 is ${2n ** 60n} bytes long, expected 1 to 65535`,
  },
  {
    name: "a string that reaches past the end",
    bytes: () => patched("general.architecture", 4, 10_000n),
    error: `a string of "general.architecture" is 10000 bytes long, ` +
      `expected at most the ${SIZE - 64} that are left. ${AGAIN}`,
  },
  {
    name: "an array of 2^50 strings",
    bytes: () => patched("tokenizer.ggml.tokens", 8, 2n ** 50n),
    error: (() => {
      const cut = smallLlama();
      const end = new TextDecoder("latin1").decode(cut).indexOf("tokenizer.ggml.tokens") + 37;
      return `"tokenizer.ggml.tokens" counts ${2n ** 50n} elements, expected at most ${
        Math.floor((SIZE - end) / 8)
      }, for ${SIZE - end} bytes are left. ${AGAIN}`;
    })(),
  },
  {
    name: "an unknown value type",
    bytes: () => patched("llama.block_count", 0, [13, 0, 0, 0]),
    error: 'the type of "llama.block_count" is 13, expected 0 to 12',
  },
  {
    name: "a boolean of 2",
    bytes: () => patched("general.flag", 4, [2], smallLlama([["general.flag", "bool", true]])),
    error: 'a boolean of "general.flag" is 2, expected 0 or 1',
  },
  {
    name: "bad UTF-8 in a value",
    bytes: () => patched("general.architecture", 12, [0xff]),
    error: '"general.architecture" is not UTF-8, expected UTF-8 text',
  },
  {
    name: "a key twice",
    bytes: () =>
      encodeGguf([["general.architecture", "string", "llama"], [
        "general.architecture",
        "string",
        "gpt2",
      ]], []),
    error: 'metadata key "general.architecture" stands twice, expected each key once',
  },
  {
    name: "an alignment of 24",
    bytes: () => smallLlama([["general.alignment", "u32", 24]]),
    error: "general.alignment is 24, expected a power of two up to 1048576",
  },
  {
    name: "a tensor twice",
    bytes: () =>
      encodeGguf(METADATA, [zeros("output_norm.weight", [4]), zeros("output_norm.weight", [4])]),
    error: 'tensor "output_norm.weight" stands twice, expected each name once',
  },
  {
    name: "a tensor of 9 dimensions",
    bytes: () => patched(TENSORS, 0, [9, 0, 0, 0]),
    error: 'tensor "token_embd.weight" has 9 dimensions, expected 1 to 4',
  },
  {
    name: "a tensor of no rows",
    bytes: () => patched(TENSORS, 12, 0n),
    error: 'tensor "token_embd.weight" is of shape [0, 4], ' +
      "expected rows of a whole number of F32 blocks of 1",
  },
  {
    name: "a tensor of 2^62 rows",
    bytes: () => patched(TENSORS, 12, 2n ** 62n),
    error: `tensor "token_embd.weight" of shape [${2n ** 62n}, 4] is ${
      2n ** 66n
    } bytes at offset 0, expected it within the file's ${SIZE}. ${AGAIN}`,
  },
  {
    name: "an unknown tensor type",
    bytes: () => patched(TENSORS, 20, [77, 0, 0, 0]),
    error: 'tensor "token_embd.weight" is of type 77, expected a type of ggml. ' +
      "It may be newer than this library",
  },
  {
    name: "half a block",
    bytes: () => patched(TENSORS, 20, [8, 0, 0, 0]),
    error: 'tensor "token_embd.weight" is of shape [4, 4], ' +
      "expected rows of a whole number of Q8_0 blocks of 32",
  },
  {
    name: "a tensor between places",
    bytes: () => patched(TENSORS, 24, 8n),
    error: 'tensor "token_embd.weight" is at offset 8, expected a multiple of 32',
  },
  {
    name: "tensors that overlap",
    bytes: () => patched("blk.0.attn_q.weight", 24, 32n),
    error:
      'tensor "blk.0.attn_q.weight" overlaps tensor "token_embd.weight", expected tensors apart',
  },
  {
    name: "a file whose last bytes are missing",
    bytes: () => smallLlama().slice(0, SIZE - 1),
    error: `tensor "blk.0.attn_q.weight" ends at byte ${SIZE}, ` +
      `expected it within the file's ${SIZE - 1}. ${AGAIN}`,
  },
  {
    name: "an architecture that is not known",
    bytes: () => smallLlama([["general.architecture", "string", "mamba"]]),
    error: 'general.architecture is "mamba", expected one of ' +
      "llama, qwen2, qwen3, gemma, gemma2, gemma3, phi3, smollm3, gpt2, gptneox, olmo2, starcoder2",
  },
  {
    name: "an adapter",
    bytes: () => smallLlama([["general.type", "string", "adapter"]]),
    error: 'general.type is "adapter", expected "model"',
  },
  {
    name: "a part of several",
    bytes: () => smallLlama([["split.count", "u16", 3], ["split.no", "u16", 1]]),
    error: 'it is part 2 of 3 and its name is "model.gguf", expected NAME-00002-of-00003.gguf. ' +
      "Give the parts their names, or join them with `llama-gguf-split --merge`",
  },
  {
    name: "a size that is missing",
    bytes: () => smallLlama([["llama.embedding_length", "string", "four"]]),
    error: 'llama.embedding_length is "four", expected a whole number of at least 0',
  },
  {
    name: "a mixture of experts",
    bytes: () => smallLlama([["llama.expert_count", "u32", 8]]),
    error: "llama.expert_count is 8, expected 0. Mixtures of experts are not supported",
  },
  {
    name: "a tensor that is no part of the model",
    bytes: () => smallLlama([], [zeros("../../etc/passwd", [4])]),
    error: 'tensor "../../etc/passwd" is no part of llama, expected only its weights',
  },
  {
    name: "a quantisation that is not read",
    bytes: () => smallLlama([], [zeros("output.weight", [4, 32], "IQ4_NL")]),
    error: 'tensor "output.weight" is IQ4_NL, expected one of F32, F16, BF16, Q8_0, Q4_0, Q4_1, ' +
      "Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K. Use a file of another quantisation",
  },
  {
    name: "rows that the heads do not divide",
    bytes: () => smallLlama([], [zeros("blk.0.attn_q.weight", [6, 4])]),
    error: 'tensor "blk.0.attn_q.weight" is of shape [6, 4], ' +
      "expected a multiple of 4 rows for its heads",
  },
  {
    name: "rope factors of something else",
    bytes: () => smallLlama([], [zeros("rope_freqs.weight", [2])]),
    error: 'tensor "rope_freqs.weight" has other factors, expected those of llama3\'s rope scaling',
  },
  {
    name: "a tokenizer that is not known",
    bytes: () => smallLlama([["tokenizer.ggml.model", "string", "bert"]]),
    error: 'tokenizer.ggml.model is "bert", expected gpt2 or llama',
  },
  {
    name: "a pre-tokenizer that is not known",
    bytes: () => smallLlama([["tokenizer.ggml.pre", "string", "klingon"]]),
    error:
      'tokenizer.ggml.pre is "klingon", expected one of default, gpt-2, phi-2, mpt, olmo, smollm, ' +
      "starcoder, refact, llama-bpe, llama3, llama-v3, falcon3, pixtral, smaug-bpe, dbrx, qwen2, " +
      "deepseek-r1-qwen, tekken, gpt-4o, llama4",
  },
  {
    name: "a merge of one piece",
    bytes: () => smallLlama([["tokenizer.ggml.merges", "string[]", ["a b", "ab"]]]),
    error: 'tokenizer.ggml.merges[1] is "ab", expected two pieces with a space between',
  },
  {
    name: "a merge into no token",
    bytes: () => smallLlama([["tokenizer.ggml.merges", "string[]", ["b a"]]]),
    error: 'tokenizer.ggml.merges[0] is "b a" and "ba" is no token, expected merges of tokens',
  },
  {
    name: "a token twice",
    bytes: () => smallLlama([["tokenizer.ggml.tokens", "string[]", ["a", "b", "a"]]]),
    error: 'tokens 0 and 2 are both "a", expected each token once',
  },
  {
    name: "more tokens than the embedding has rows",
    bytes: () => smallLlama([["tokenizer.ggml.tokens", "string[]", ["a", "b", "ab", "c", "d"]]]),
    error: "tokenizer.ggml.tokens has 5 tokens, expected at most the embedding's 4 rows",
  },
  {
    name: "types for other tokens",
    bytes: () => smallLlama([["tokenizer.ggml.token_type", "i32[]", [1, 1]]]),
    error: "tokenizer.ggml.token_type has 2 numbers, expected one for each of 3 tokens",
  },
  {
    name: "an end-of-sequence id beyond the vocabulary",
    bytes: () => smallLlama([["tokenizer.ggml.eos_token_id", "u32", 3]]),
    error: "tokenizer.ggml.eos_token_id is 3, expected below the number of tokens 3",
  },
].map((row) => ({ ...row, file: F, error: `Cannot read ${F}: ${row.error}` }));
