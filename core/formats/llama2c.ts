// llama2.c checkpoints (its legacy "version 0"): seven int32, then every weight as f32 in a fixed order.
// Its RoPE turns neighbouring features (2i, 2i+1); Hugging Face's turns (i, i + headDim/2). Reordering the
// rows of wq and wk turns the one into the other, so that the model is an ordinary Llama afterwards.
import type { ModelConfig } from "../model/config.ts";
import type { HostTensors } from "../base/host_tensor.ts";
import { refuseWrongDownload } from "../base/json_object.ts";
import { cannotRead, type Mistake } from "../base/mistake.ts";

/** A llama2.c model as a Hugging Face Llama. */
export interface Llama2cModel {
  /** Sizes; ropeTheta is 10000 and rmsEps 1e-5, as llama2.c has them built in. */
  readonly config: ModelConfig;
  /** Weights by their Hugging Face names; copies. */
  readonly tensors: HostTensors;
}

const HEADER = ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"];
const NEWER_EXPORT = 0x616b3432; // "ak42"

/**
 * Reads a llama2.c `.bin` checkpoint. A negative vocab_size means that the head is not the embedding.
 *
 * @example
 * ```ts
 * import { parseLlama2c } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * // dim 2, hidden_dim 1, 1 layer, 1 head, 1 KV head, vocabulary 3, seq_len 4, then 42 numbers
 * const file = new Uint8Array(28 + 4 * 42);
 * new Int32Array(file.buffer, 0, 7).set([2, 1, 1, 1, 1, 3, 4]);
 * const { config, tensors } = parseLlama2c(file, "tiny.bin");
 * assertEquals([config.hiddenSize, config.tied], [2, true]);
 * assertEquals(tensors.get("model.embed_tokens.weight")?.shape, [3, 2]);
 * ```
 *
 * @param bytes The whole file; borrowed, any alignment.
 * @param name What to call the file in errors.
 * @returns Config and weights.
 * @throws {Mistake} If the file is of another format, or its length is not what its header implies.
 * @throws {Mistake} If the header's sizes are impossible.
 * @see https://github.com/karpathy/llama2.c
 */
export function parseLlama2c(bytes: Uint8Array, name: string): Llama2cModel {
  refuseWrongDownload(bytes, name, "a llama2.c checkpoint");
  if (bytes.length < 28) {
    throw cannotRead(name, {
      found: `it is ${bytes.length} bytes long`,
      expected: "at least the 28 of the header",
      fix: "The download was cut: fetch the file again",
    });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) === NEWER_EXPORT) {
    throw cannotRead(name, {
      found: 'it is a versioned llama2.c export ("ak42")',
      expected: "version 0",
      fix: "Export it with --version 0",
    });
  }
  const header = HEADER.map((_, i) => view.getInt32(4 * i, true));
  const tied = header[5] > 0;
  header[5] = Math.abs(header[5]);
  HEADER.forEach((field, i) => {
    if (header[i] < 1) throw badHeader(name, field, header[i], "at least 1");
  });
  const [dim, hidden, layers, heads, kvHeads, vocab, positions] = header;
  if (dim % heads !== 0 || (dim / heads) % 2 !== 0) {
    throw badHeader(name, "dim", dim, `an even multiple of the ${heads} of n_heads`);
  }
  if (heads % kvHeads !== 0) {
    throw badHeader(name, "n_kv_heads", kvHeads, `a divisor of the ${heads} of n_heads`);
  }
  const headDim = dim / heads;
  const kvDim = kvHeads * headDim;
  const perLayer = 2 * dim + 2 * dim * dim + 2 * kvDim * dim + 3 * hidden * dim;
  const wanted = 28 +
    4 * (vocab * dim * (tied ? 1 : 2) + layers * perLayer + dim + positions * headDim);
  if (bytes.length !== wanted) {
    const why = bytes.length < wanted
      ? "The download was cut: fetch the file again"
      : "It has a tail";
    throw cannotRead(name, {
      found: `it is ${bytes.length} bytes long`,
      expected: `${wanted} for dim ${dim}, hidden_dim ${hidden}, n_layers ${layers}, n_heads ` +
        `${heads}, n_kv_heads ${kvHeads}, vocab_size ${vocab} (${tied ? "tied" : "untied"}), ` +
        `seq_len ${positions}`,
      fix: why,
    });
  }

  const numbers = new Float32Array(bytes.slice(28).buffer);
  const tensors: HostTensors = new Map();
  let at = 0;
  const take = (...shape: number[]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    at += size;
    return { shape, data: numbers.slice(at - size, at) };
  };
  const eachLayer = (weight: string, ...shape: number[]) => {
    for (let layer = 0; layer < layers; layer++) {
      tensors.set(`model.layers.${layer}.${weight}.weight`, take(...shape));
    }
  };
  tensors.set("model.embed_tokens.weight", take(vocab, dim));
  eachLayer("input_layernorm", dim);
  eachLayer("self_attn.q_proj", dim, dim);
  eachLayer("self_attn.k_proj", kvDim, dim);
  eachLayer("self_attn.v_proj", kvDim, dim);
  eachLayer("self_attn.o_proj", dim, dim);
  eachLayer("post_attention_layernorm", dim);
  eachLayer("mlp.gate_proj", hidden, dim);
  eachLayer("mlp.down_proj", dim, hidden);
  eachLayer("mlp.up_proj", hidden, dim);
  tensors.set("model.norm.weight", take(dim));
  at += positions * headDim; // cosines and sines, [seq_len, headDim/2] each: RoPE makes its own
  if (!tied) tensors.set("lm_head.weight", take(vocab, dim));

  for (let layer = 0; layer < layers; layer++) {
    for (const projection of ["q_proj", "k_proj"]) {
      const key = `model.layers.${layer}.self_attn.${projection}.weight`;
      const { shape, data } = tensors.get(key)!;
      tensors.set(key, { shape, data: halfSplitRows(data, headDim, dim) });
    }
  }
  const config: ModelConfig = {
    vocabSize: vocab,
    hiddenSize: dim,
    intermediateSize: hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ropeTheta: 10000,
    rmsEps: 1e-5,
    tied,
    maxPositions: positions,
    bosId: 1,
    eosId: [1],
  };
  return { config, tensors };
}

/** Rows of each head from RoPE pairs (2i, 2i+1) to pairs (i, i + headDim/2). */
function halfSplitRows(
  weight: Float32Array<ArrayBuffer>,
  headDim: number,
  columns: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(weight.length);
  const half = headDim / 2;
  for (let head = 0; head < weight.length; head += headDim * columns) {
    for (let row = 0; row < headDim; row++) {
      const from = head + (row < half ? 2 * row : 2 * (row - half) + 1) * columns;
      out.set(weight.subarray(from, from + columns), head + row * columns);
    }
  }
  return out;
}

function badHeader(name: string, field: string, found: number, expected: string): Mistake {
  return cannotRead(name, {
    found: `${field} is ${found}`,
    expected,
    fix: "This is not a llama2.c checkpoint",
  });
}
