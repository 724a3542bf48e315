import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseLlama2c } from "../../../core/formats/llama2c.ts";
import { checkTensors } from "../../../core/model/shapes.ts";

const [DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB, SEQ] = [8, 3, 2, 2, 1, 5, 6];
const HEAD = DIM / HEADS;
const KV_DIM = KV_HEADS * HEAD;

/** A .bin whose numbers are their own positions, so that every weight says where it came from. */
function bin(
  vocab = VOCAB,
  header = [DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, vocab, SEQ],
): Uint8Array {
  const perLayer = 2 * DIM + 2 * DIM * DIM + 2 * KV_DIM * DIM + 3 * HIDDEN * DIM;
  const heads = vocab < 0 ? 2 : 1;
  const count = heads * VOCAB * DIM + LAYERS * perLayer + DIM + SEQ * HEAD;
  const bytes = new Uint8Array(28 + 4 * count);
  new Int32Array(bytes.buffer, 0, 7).set(header);
  new Float32Array(bytes.buffer, 28).forEach((_, i, all) => all[i] = i);
  return bytes;
}

Deno.test("parseLlama2c() finds every weight where llama2.c wrote it", () => {
  const { config, tensors } = parseLlama2c(bin(), "tiny.bin");
  assertEquals(config, {
    vocabSize: 5,
    hiddenSize: 8,
    intermediateSize: 3,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 4,
    ropeTheta: 10000,
    rmsEps: 1e-5,
    tied: true,
    maxPositions: 6,
    bosId: 1,
    eosId: [1],
  });
  checkTensors(config, tensors);
  let at = 0;
  const first = (name: string, perLayer: number) => {
    for (let layer = 0; layer < LAYERS; layer++) {
      assertEquals(
        tensors.get(`model.layers.${layer}.${name}.weight`)!.data[0],
        at + layer * perLayer,
      );
    }
    at += LAYERS * perLayer;
  };
  assertEquals(tensors.get("model.embed_tokens.weight")!.data[0], 0);
  at += VOCAB * DIM;
  first("input_layernorm", DIM);
  first("self_attn.q_proj", DIM * DIM);
  first("self_attn.k_proj", KV_DIM * DIM);
  first("self_attn.v_proj", KV_DIM * DIM);
  first("self_attn.o_proj", DIM * DIM);
  first("post_attention_layernorm", DIM);
  first("mlp.gate_proj", HIDDEN * DIM);
  first("mlp.down_proj", DIM * HIDDEN);
  first("mlp.up_proj", HIDDEN * DIM);
  assertEquals(tensors.get("model.norm.weight")!.data[0], at);
});

Deno.test("parseLlama2c() reads an untied head after the two RoPE tables", () => {
  const { config, tensors } = parseLlama2c(bin(-VOCAB), "tiny.bin");
  assertEquals(config.tied, false);
  checkTensors(config, tensors);
  const norm = tensors.get("model.norm.weight")!.data[0];
  assertEquals(tensors.get("lm_head.weight")!.data[0], norm + DIM + SEQ * HEAD);
});

Deno.test("parseLlama2c() reorders rows of q and k within each head, and only there", () => {
  const { tensors } = parseLlama2c(bin(), "tiny.bin");
  for (const [name, heads] of [["q_proj", HEADS], ["k_proj", KV_HEADS]] as const) {
    const { data } = tensors.get(`model.layers.1.self_attn.${name}.weight`)!;
    const rows = Array.from(
      { length: heads * HEAD },
      (_, row) => (data[row * DIM] - data[0]) / DIM,
    );
    const order = [0, 2, 1, 3, 4, 6, 5, 7].slice(0, heads * HEAD);
    assertEquals(rows, order);
    assertEquals(data[DIM + 3] - data[DIM], 3); // columns stay
  }
  const v = tensors.get("model.layers.1.self_attn.v_proj.weight")!.data;
  assertEquals([v[DIM] - v[0], v[2 * DIM] - v[0]], [DIM, 2 * DIM]);
});

Deno.test("parseLlama2c() half-split RoPE on its q and k scores as neighbour RoPE on llama2.c's", () => {
  const bytes = bin();
  const numbers = new Float32Array(bytes.buffer, 28);
  numbers.forEach((_, i) => numbers[i] = Math.fround(Math.sin(i * 12.9898)));
  const { tensors } = parseLlama2c(bytes, "tiny.bin");
  const qAt = VOCAB * DIM + LAYERS * DIM;
  const kAt = qAt + LAYERS * DIM * DIM;
  const x = Array.from({ length: DIM }, (_, i) => Math.cos(i));
  const rows = (weight: Float32Array, at: number) =>
    Array.from({ length: HEAD }, (_, row) => {
      return x.reduce((sum, value, i) => sum + value * weight[at + row * DIM + i], 0);
    });
  const rotate = (
    v: number[],
    position: number,
    a: (i: number) => number,
    b: (i: number) => number,
  ) => {
    const out = v.slice();
    for (let i = 0; i < HEAD / 2; i++) {
      const angle = position * 10000 ** (-2 * i / HEAD);
      out[a(i)] = v[a(i)] * Math.cos(angle) - v[b(i)] * Math.sin(angle);
      out[b(i)] = v[a(i)] * Math.sin(angle) + v[b(i)] * Math.cos(angle);
    }
    return out;
  };
  const neighbours = (v: number[], p: number) => rotate(v, p, (i) => 2 * i, (i) => 2 * i + 1);
  const halves = (v: number[], p: number) => rotate(v, p, (i) => i, (i) => i + HEAD / 2);
  const dot = (a: number[], b: number[]) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const theirs = dot(neighbours(rows(numbers, qAt), 5), neighbours(rows(numbers, kAt), 2));
  const q = tensors.get("model.layers.0.self_attn.q_proj.weight")!.data;
  const k = tensors.get("model.layers.0.self_attn.k_proj.weight")!.data;
  assertAlmostEquals(dot(halves(rows(q, 0), 5), halves(rows(k, 0), 2)), theirs, 1e-12);
});

Deno.test("parseLlama2c() reads from any alignment and does not alias the file", () => {
  const whole = bin();
  const shifted = new Uint8Array(new ArrayBuffer(whole.length + 3), 3);
  shifted.set(whole);
  const { tensors } = parseLlama2c(shifted, "tiny.bin");
  shifted.fill(0);
  assertEquals(tensors, parseLlama2c(whole, "tiny.bin").tensors);
});

const header = (at: number, value: number) => {
  const fields = [DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, VOCAB, SEQ];
  fields[at] = value;
  return bin(VOCAB, fields);
};
const NOT = "This is not a llama2.c checkpoint";
const SIZES =
  "dim 8, hidden_dim 3, n_layers 2, n_heads 2, n_kv_heads 1, vocab_size 5 (tied), seq_len 6";
const newer = bin();
new DataView(newer.buffer).setUint32(0, 0x616b3432, true);
const MALFORMED: [what: string, bytes: Uint8Array, message: string][] = [
  [
    "an empty file",
    new Uint8Array(),
    "the file is empty, expected a llama2.c checkpoint. Fetch the file again",
  ],
  [
    "a cut header",
    bin().slice(0, 27),
    "it is 27 bytes long, expected at least the 28 of the header. The download was cut: fetch the file again",
  ],
  [
    "cut weights",
    bin().slice(0, -4),
    `it is 2552 bytes long, expected 2556 for ${SIZES}. The download was cut: fetch the file again`,
  ],
  [
    "a tail",
    Uint8Array.of(...bin(), 0),
    `it is 2557 bytes long, expected 2556 for ${SIZES}. It has a tail`,
  ],
  [
    "a newer export",
    newer,
    'it is a versioned llama2.c export ("ak42"), expected version 0. Export it with --version 0',
  ],
  ["no layers", header(2, 0), `n_layers is 0, expected at least 1. ${NOT}`],
  ["a negative width", header(0, -8), `dim is -8, expected at least 1. ${NOT}`],
  ["an empty vocabulary", header(5, 0), `vocab_size is 0, expected at least 1. ${NOT}`],
  [
    "heads that do not divide",
    header(3, 3),
    `dim is 8, expected an even multiple of the 3 of n_heads. ${NOT}`,
  ],
  [
    "heads of odd size",
    header(3, 8),
    `dim is 8, expected an even multiple of the 8 of n_heads. ${NOT}`,
  ],
  [
    "KV heads that do not divide",
    header(4, 3),
    `n_kv_heads is 3, expected a divisor of the 2 of n_heads. ${NOT}`,
  ],
];
for (const [what, bytes, message] of MALFORMED) {
  Deno.test(`parseLlama2c() refuses ${what}`, () => {
    assertEquals(
      assertThrows(() => parseLlama2c(bytes, "tiny.bin"), Error).message,
      `Cannot read tiny.bin: ${message}`,
    );
  });
}

const STORIES = new URL("../../../../shared/data/stories260K/stories260K.bin", import.meta.url); // real data, where it lies beside the checkout
const stories = await Deno.readFile(STORIES).catch(() => undefined);
if (stories) {
  Deno.test("parseLlama2c() reads stories260K: 260,032 parameters, norms near one", () => {
    const { config, tensors } = parseLlama2c(stories, "stories260K.bin");
    checkTensors(config, tensors);
    assertEquals([config.layers, config.heads, config.kvHeads, config.tied], [5, 8, 4, true]);
    const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
    assertEquals(parameters, 260032);
    for (const [name, { data }] of tensors) {
      const rms = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
      const [low, high] = /norm/.test(name) ? [0.2, 10] : [0.01, 1];
      assertEquals(rms > low && rms < high, true, `${name} has RMS ${rms}`);
    }
  });
}
