// Pieces of a config.json from a GGUF file's metadata, which families share, and how Llama's rows were turned.
import type { GgufFields, GgufRowOrder, Heads, RopeFactors } from "../gguf_family.ts";
import { llama3Scaling } from "../llama3_factors.ts";

type Json = Record<string, unknown>;

/** What all decoders with RMSNorm and a gated MLP say; `wholeHeads` where all of a head turns. */
export function decoderJson(
  fields: GgufFields,
  factors: RopeFactors,
  { theta = 10_000, wholeHeads = false }: { theta?: number; wholeHeads?: boolean } = {},
): Json {
  const base = fields.positive(".rope.freq_base", theta);
  return {
    vocab_size: vocabulary(fields),
    hidden_size: fields.size(".embedding_length"),
    intermediate_size: fields.size(".feed_forward_length"),
    num_hidden_layers: fields.size(".block_count"),
    num_attention_heads: fields.size(".attention.head_count"),
    num_key_value_heads: kvHeads(fields),
    head_dim: headDim(fields, wholeHeads ? ".rope.dimension_count" : undefined),
    max_position_embeddings: fields.size(".context_length"),
    rms_norm_eps: fields.positive(".attention.layer_norm_rms_epsilon"),
    hidden_act: "silu",
    rope_theta: base,
    rope_scaling: ropeScaling(fields, factors, base),
    tie_word_embeddings: !has(fields, "output.weight"),
  };
}

/** Key and value heads; as many as query heads where the file does not say. */
export function kvHeads(fields: GgufFields): number {
  return fields.size(".attention.head_count_kv", fields.size(".attention.head_count"));
}

/** Features of a head: of its keys and of its values, which `usual` may tell where the file does not. */
function headDim(fields: GgufFields, usual?: string): number {
  const even = fields.size(".embedding_length") / fields.size(".attention.head_count");
  const key = fields.size(
    ".attention.key_length",
    usual === undefined ? even : fields.size(usual, even),
  );
  const value = fields.size(".attention.value_length", key);
  if (key === value) return key;
  throw fields.mistake(
    `${fields.architecture}.attention.value_length is ${value}`,
    `attention.key_length ${key}`,
  );
}

/** The share of each head that turns. */
export function turning(fields: GgufFields): number {
  const width = headDim(fields);
  return fields.size(".rope.dimension_count", width) / width;
}

/** Rows of the embedding: some files say another number, or none. */
export function vocabulary(fields: GgufFields): number {
  const embedding = fields.tensors.get("token_embd.weight");
  if (embedding) return embedding.shape[0];
  throw fields.mistake('tensor "token_embd.weight" is missing', "it there");
}

/** Whether the file has a tensor. */
export function has(fields: GgufFields, tensor: string): boolean {
  return fields.tensors.has(tensor);
}

/** Something for each layer; a file with fewer tensors than layers is refused. */
export function eachLayer<T>(fields: GgufFields, of: (layer: number) => T): T[] {
  const length = fields.size(".block_count");
  const most = fields.tensors.size; // a layer has several
  if (length <= most) return Array.from({ length }, (_, layer) => of(layer));
  throw fields.mistake(
    `${fields.architecture}.block_count is ${length}`,
    `at most the file's ${most} tensors`,
  );
}

/** `layer_types`: every `every`-th layer sees all, unless the file says which slide. */
export function layerTypes(fields: GgufFields, every: number): string[] {
  const said = fields.get(".attention.sliding_window_pattern");
  const pattern = typeof said === "number" && said >= 1 ? said : every;
  return eachLayer(fields, (layer) => {
    const slides = Array.isArray(said) ? said[layer] === true : (layer + 1) % pattern !== 0;
    return slides ? "sliding_attention" : "full_attention";
  });
}

/** Scores' scale is this to the power −½; the largest model of a family has another than its head's width. */
export function queryScalar(fields: GgufFields, largest: number): number {
  if (fields.get(".attention.scale") !== undefined) {
    return Number((fields.positive(".attention.scale") ** -2).toPrecision(6));
  }
  if (fields.size(".block_count") !== largest) return headDim(fields);
  return fields.size(".embedding_length") / fields.size(".attention.head_count");
}

/** The activation of all Gemmas. */
export const GELU: Json = {
  hidden_act: "gelu_pytorch_tanh",
  hidden_activation: "gelu_pytorch_tanh",
};

/** Llama's rotary pairs (i, i + d/2) of each head of queries and keys were laid side by side. */
export function pairedRows(
  part: string,
  { heads, kvHeads }: Heads,
): GgufRowOrder | undefined {
  if (part !== "attn_q" && part !== "attn_k") return undefined;
  const count = part === "attn_q" ? heads : kvHeads;
  return {
    unit: 2 * count,
    rowOf: (row, rows) => {
      const width = rows / count, half = width / 2, inHead = row % width;
      return row - inHead + inHead % half * 2 + Math.floor(inHead / half);
    },
  };
}

function ropeScaling(fields: GgufFields, factors: RopeFactors, theta: number): Json | null {
  if (factors.llama3) {
    const scaling = llama3Scaling(factors.llama3, theta);
    if (scaling === undefined) {
      throw fields.mistake(
        'tensor "rope_freqs.weight" has other factors',
        "those of llama3's rope scaling",
      );
    }
    return {
      rope_type: "llama3",
      factor: scaling.factor,
      low_freq_factor: scaling.lowFreqFactor,
      high_freq_factor: scaling.highFreqFactor,
      original_max_position_embeddings: scaling.original,
    };
  }
  if (factors.long || factors.short) {
    return {
      rope_type: "longrope",
      long_factor: [...factors.long ?? []],
      short_factor: [...factors.short ?? []],
    };
  }
  const old = fields.get(".rope.scale_linear"); // before 2024
  const type = fields.text(".rope.scaling.type") ?? (old === undefined ? "none" : "linear");
  if (type === "none") return null;
  const factor = fields.positive(
    ".rope.scaling.factor",
    old === undefined ? 1 : fields.positive(".rope.scale_linear"),
  );
  if (type === "linear") return factor === 1 ? null : { rope_type: type, factor };
  const original = fields.size(
    ".rope.scaling.original_context_length",
    fields.size(".context_length"),
  );
  return { rope_type: type, factor, original_max_position_embeddings: original };
}
