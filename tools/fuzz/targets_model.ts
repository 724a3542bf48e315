// Models, adapters and checkpoints: configs, weights, indices, GGUF, llama2.c, manifests.
import { checkTensorShapes, linearLayers, tensorShapes } from "../../core/model/shapes.ts";
import { parseModelConfig } from "../../core/model/config.ts";
import { loadCheckpoint } from "../../files/checkpoint.ts";
import { MANIFEST } from "../../files/durable/manifest.ts";
import { sha256 } from "../../core/base/sha256.ts";
import { openGguf } from "../../core/formats/gguf/open.ts";
import { parseLlama2c } from "../../core/formats/llama2c.ts";
import { parseLlama2cTokenizer } from "../../core/formats/llama2c_tokenizer.ts";
import { parseJsonObject, refuseWrongDownload } from "../../core/base/json_object.ts";
import { quote } from "../../core/base/quote.ts";
import { loadPeftAdapter } from "../../core/formats/peft.ts";
import { fileOfBytes } from "../../core/base/random_access.ts";
import { encodeSafetensors, parseSafetensors } from "../../core/formats/safetensors.ts";
import { openSafetensors, openShardedSafetensors } from "../../core/formats/safetensors_stream.ts";
import type { TensorSource } from "../../core/base/tensor_source.ts";
import { readPretrainedTokenizer } from "../../core/text/tokenizer/pretrained_tokenizer.ts";
import { layers, whole as wholeAdapter } from "../../tests/malformed/adapter.ts";
import { goodConfig } from "../../tests/malformed/config.ts";
import { shards } from "../../tests/malformed/index.ts";
import { ggufMutator } from "./mutate_binary.ts";
import { jsonMutator, safetensorsMutator } from "./mutate_json.ts";
import type { Input, Target } from "./target.ts";
import { cannotRead } from "../../core/base/mistake.ts";

const FIXTURES = new URL("../../tests/fixtures/", import.meta.url);
const fixture = (path: string) => Deno.readFile(new URL(path, FIXTURES));
const json = (file: string, value: unknown): Input => {
  return { file, bytes: new TextEncoder().encode(JSON.stringify(value)) };
};

async function readAll(source: TensorSource): Promise<void> {
  for (const name of source.tensors.keys()) await source.read(name);
}

const FAMILIES = [
  ...["llama3", "llama_dynamic", "mistral", "gemma2", "gemma3", "gpt2", "gpt_neox", "olmo2"],
  ...["phi3", "qwen2", "qwen3", "smollm3", "starcoder2"],
];

const config: Target = {
  name: "config",
  async seeds() {
    const configs = FAMILIES.map(async (name) => {
      const { config } = JSON.parse(
        new TextDecoder().decode(await fixture(`families/${name}.json`)),
      );
      return json("config.json", config);
    });
    return [...await Promise.all(configs), json("config.json", goodConfig)];
  },
  mutators: () => [jsonMutator],
  parse({ file, bytes }) {
    refuseWrongDownload(bytes, file, "a JSON object");
    const config = parseModelConfig(parseJsonObject(bytes, file, "the file"), file);
    linearLayers(config);
    const shapes = [...tensorShapes(config)].map(([name, shape]) => [name, { shape }] as const);
    checkTensorShapes(config, new Map(shapes), file);
    return Promise.resolve();
  },
};

const safetensors: Target = {
  name: "safetensors",
  seeds() {
    const tensors = new Map([
      ["a", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["b.weight", { shape: [4], data: Float32Array.of(0.5, -1, 0, 2) }],
      ["none", { shape: [0, 2], data: new Float32Array(0) }],
      ["one", { shape: [], data: Float32Array.of(7) }],
    ]);
    const metadata = new Map([["format", "pt"]]);
    const files = (["F32", "F16", "BF16"] as const).map((dtype) => {
      return { file: "model.safetensors", bytes: encodeSafetensors(tensors, { dtype, metadata }) };
    });
    return Promise.resolve(files);
  },
  mutators: () => [safetensorsMutator],
  async parse({ file, bytes }) {
    let error: unknown;
    try {
      using source = await openSafetensors(fileOfBytes(bytes, file), { allowNonFinite: true });
      await readAll(source);
    } catch (caught) {
      error = caught;
    }
    parseSafetensors(bytes, file);
    if (error !== undefined) throw error;
  },
};

const index: Target = {
  name: "index",
  seeds() {
    const [a, b] = [...shards.keys()];
    const weight_map = { a, x: a, b };
    return Promise.resolve([
      json("model.safetensors.index.json", { weight_map }),
      json("model.safetensors.index.json", { metadata: { total_size: 20 }, weight_map }),
      ...[...shards].map(([file, bytes]) => ({ file, bytes })),
    ]);
  },
  mutators: (file) => file.endsWith(".json") ? [jsonMutator] : [safetensorsMutator],
  async parse({ file, bytes }) {
    const [a, b] = [...shards.keys()];
    const good = json("model.safetensors.index.json", { weight_map: { a, x: a, b } });
    const files = new Map([...shards, [good.file, good.bytes] as const, [file, bytes] as const]);
    const open = (name: string) => {
      const content = files.get(name);
      if (content === undefined && !name.includes("/")) {
        throw cannotRead(quote(name), { found: "it is missing", expected: "a file" });
      }
      if (content === undefined) throw new Error(`a path was opened: ${name}`);
      return Promise.resolve(fileOfBytes(content, name));
    };
    using source = await openShardedSafetensors(await open(good.file), open, {
      allowNonFinite: true,
    });
    await readAll(source);
  },
};

const adapter: Target = {
  name: "adapter",
  async seeds() {
    const names = ["all_linear", "layers", "list", "patterns", "regex", "rslora"];
    const configs = names.map(async (name) => {
      return {
        file: "adapter_config.json",
        bytes: await fixture(`peft/${name}/adapter_config.json`),
      };
    });
    const whole = [...wholeAdapter()].map(([file, bytes]) => ({ file, bytes: bytes.slice() }));
    return [...whole, ...whole, ...await Promise.all(configs)];
  },
  mutators: (file) => file.endsWith(".json") ? [jsonMutator] : [safetensorsMutator],
  parse({ file, bytes }) {
    loadPeftAdapter(new Map(wholeAdapter()).set(file, bytes), layers, "lora");
    return Promise.resolve();
  },
};

const gguf: Target = {
  name: "gguf",
  async seeds() {
    const names = ["bpe", "spm_llama", "gemma3", "gpt2", "llama3", "phi3", "quants", "gptneox"];
    return await Promise.all(names.map(async (name) => {
      return { file: "model.gguf", bytes: await fixture(`gguf/${name}.gguf`) };
    }));
  },
  mutators: () => [ggufMutator, ggufMutator],
  async parse({ file, bytes }) {
    const options = { allowNonFinite: true };
    const { source, configJson, tokenizerJson, tokenizerConfig } = await openGguf(
      fileOfBytes(bytes, file),
      options,
    );
    using _source = source;
    const config = parseModelConfig(configJson, file);
    checkTensorShapes(config, source.tensors, file);
    await readAll(source);
    if (tokenizerJson === undefined) return;
    const files = new Map([
      json("tokenizer.json", tokenizerJson),
      json("tokenizer_config.json", tokenizerConfig),
    ].map((input) => [input.file, input.bytes]));
    const read = (name: string) => Promise.resolve(files.get(name));
    const tokenizer = await readPretrainedTokenizer(read, file, {
      embeddingRows: config.vocabSize,
    });
    tokenizer.decode(tokenizer.encode("a ab Hello 12\n", { addSpecial: true }));
  },
};

const SIZES = [4, 6, 1, 2, 1, 5, 3]; // dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len

function llama2cModel(tied: boolean): Uint8Array<ArrayBuffer> {
  const [dim, hidden, layers, heads, kvHeads, vocab, positions] = SIZES;
  const kv = kvHeads * dim / heads;
  const perLayer = 2 * dim + 2 * dim * dim + 2 * kv * dim + 3 * hidden * dim;
  const numbers = vocab * dim * (tied ? 1 : 2) + layers * perLayer + dim + positions * dim / heads;
  const bytes = new Uint8Array(28 + 4 * numbers);
  new Int32Array(bytes.buffer, 0, 7).set(SIZES.with(5, tied ? vocab : -vocab));
  return bytes;
}

function llama2cVocabulary(): Uint8Array<ArrayBuffer> {
  const pieces = ["<unk>", "<s>", "</s>", " ", "a"].map((piece) => new TextEncoder().encode(piece));
  const bytes = new Uint8Array(4 + pieces.reduce((sum, { length }) => sum + 8 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 4;
  for (const piece of pieces) {
    view.setFloat32(at, -at, true);
    view.setInt32(at + 4, piece.length, true);
    bytes.set(piece, at + 8);
    at += 8 + piece.length;
  }
  return bytes;
}

const llama2c: Target = {
  name: "llama2c",
  seeds() {
    return Promise.resolve([
      { file: "model.bin", bytes: llama2cModel(true) },
      { file: "model.bin", bytes: llama2cModel(false) },
      { file: "tokenizer.bin", bytes: llama2cVocabulary() },
    ]);
  },
  mutators: () => [],
  parse({ file, bytes }) {
    if (file === "model.bin") parseLlama2c(bytes, file);
    else parseLlama2cTokenizer(bytes, 5, file).encode("a a");
    return Promise.resolve();
  },
};

const CHECKPOINT: readonly Input[] = [
  json("checkpoint.json", {
    format: "leash-checkpoint-1",
    arrays: [{ name: "m", type: "f32", length: 2 }, { name: "v", type: "u32", length: 1 }],
    meta: { step: 1, lr: [0.5, null] },
  }),
  { file: "arrays.bin", bytes: new Uint8Array(12) },
];

async function manifestOf(files: readonly Input[]): Promise<Input> {
  const entries = files.map(async ({ file, bytes }) => {
    return [file, { sha256: await sha256(bytes), size: bytes.length }];
  });
  return json(MANIFEST, { files: Object.fromEntries(await Promise.all(entries)) });
}

/** A checkpoint on disk: the manifest as it is given, or one that agrees with the file that was changed. */
const checkpoint: Target = {
  name: "checkpoint",
  seeds: async () => [...CHECKPOINT, await manifestOf(CHECKPOINT)],
  mutators: (file) => file.endsWith(".json") ? [jsonMutator] : [],
  async parse(input, work) {
    const files = CHECKPOINT.map((whole) => whole.file === input.file ? input : whole);
    const manifest = input.file === MANIFEST ? input : await manifestOf(files);
    for (const { file, bytes } of [...files, manifest]) {
      await Deno.writeFile(`${work}/${file}`, bytes);
    }
    await loadCheckpoint(work);
  },
};

/** Models, adapters and checkpoints. */
export const MODEL_TARGETS: readonly Target[] = [
  ...[config, safetensors, index, adapter, gguf, llama2c, checkpoint],
];
