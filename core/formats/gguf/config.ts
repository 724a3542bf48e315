// A Hugging Face config.json from a GGUF file's metadata, architecture by architecture: sizes, rope, windows, caps,
// tied or not. What a file leaves to llama.cpp's source (Gemma's windows, SmolLM3's NoPE layers) is filled in here.
import type { GgufMetadata } from "./metadata.ts";
import { llama3Scaling } from "./rope_factors.ts";

/** Factors that rotary frequencies are divided by, where a file brings them; [dim / 2] each. */
export interface RopeFactors {
  /** `rope_freqs.weight`: Llama 3's. */
  readonly llama3?: Float32Array;
  /** `rope_factors_long.weight`. */
  readonly long?: Float32Array;
  /** `rope_factors_short.weight`. */
  readonly short?: Float32Array;
}

type Json = Record<string, unknown>;

/**
 * The config.json that the model's repository would have, as far as its mathematics goes.
 *
 * @param metadata Of one of the architectures in names.ts.
 * @param factors From the file's rope tensors.
 * @throws {TypeError} If a size is missing, or a feature has no counterpart there.
 */
export function ggufConfig(metadata: GgufMetadata, factors: RopeFactors): Json {
  const build = BUILDERS[metadata.architecture];
  const experts = metadata.count(".expert_count", 0);
  if (experts > 0) {
    throw metadata.mistake(
      `${metadata.architecture}.expert_count is ${experts}`,
      "0. Mixtures of experts are not supported",
    );
  }
  return { ...build(metadata, factors), ...ids(metadata) };
}

const BUILDERS: Readonly<Record<string, (metadata: GgufMetadata, factors: RopeFactors) => Json>> = {
  llama: (metadata, factors) => {
    const window = metadata.count(".attention.sliding_window", 0);
    const common = {
      ...decoder(metadata, factors),
      attention_bias: has(metadata, "blk.0.attn_q.bias"),
      mlp_bias: has(metadata, "blk.0.ffn_up.bias"),
    };
    return window === 0
      ? { ...kind("llama", "LlamaForCausalLM"), ...common }
      : { ...kind("mistral", "MistralForCausalLM"), ...common, sliding_window: window };
  },
  smollm3: (metadata, factors) => ({
    ...kind("smollm3", "SmolLM3ForCausalLM"),
    ...decoder(metadata, factors),
    attention_bias: has(metadata, "blk.0.attn_q.bias"),
    no_rope_layers: layers(metadata, (layer) => (layer + 1) % 4 === 0 ? 0 : 1),
    use_sliding_window: false,
    sliding_window: null,
  }),
  qwen2: (metadata, factors) => ({
    ...kind("qwen2", "Qwen2ForCausalLM"),
    ...decoder(metadata, factors),
    use_sliding_window: false,
  }),
  qwen3: (metadata, factors) => ({
    ...kind("qwen3", "Qwen3ForCausalLM"),
    ...decoder(metadata, factors),
    attention_bias: has(metadata, "blk.0.attn_q.bias"),
    use_sliding_window: false,
  }),
  gemma: (metadata, factors) => ({
    ...kind("gemma", "GemmaForCausalLM"),
    ...decoder(metadata, factors),
    ...GELU,
  }),
  gemma2: (metadata, factors) => ({
    ...kind("gemma2", "Gemma2ForCausalLM"),
    ...decoder(metadata, factors),
    ...GELU,
    query_pre_attn_scalar: queryScalar(metadata, 46),
    attn_logit_softcapping: metadata.positive(".attn_logit_softcapping", 50),
    final_logit_softcapping: metadata.positive(".final_logit_softcapping", 30),
    sliding_window: metadata.size(".attention.sliding_window", 4096),
    layer_types: layerTypes(metadata, 2),
  }),
  gemma3: (metadata, factors) => {
    const capped = metadata.get(".final_logit_softcapping") !== undefined;
    const swa = metadata.positive(".rope.freq_base_swa", 10_000);
    return {
      ...kind("gemma3_text", "Gemma3ForCausalLM"),
      ...decoder(metadata, factors, 1_000_000),
      ...GELU,
      query_pre_attn_scalar: queryScalar(metadata, 62),
      attn_logit_softcapping: null,
      final_logit_softcapping: capped ? metadata.positive(".final_logit_softcapping") : null,
      sliding_window: metadata.size(".attention.sliding_window", 4096),
      rope_local_base_freq: swa,
      layer_types: layerTypes(metadata, 6),
    };
  },
  phi3: (metadata, factors) => {
    const json = decoder(metadata, factors);
    // Files of 2024 leave out the window of the models with 4,096 positions.
    const deep = [32, 40].includes(metadata.size(".block_count"));
    const unsaid = deep && json.max_position_embeddings === 4096 ? 2047 : 0;
    return {
      ...kind("phi3", "Phi3ForCausalLM"),
      ...json,
      partial_rotary_factor: turning(metadata),
      original_max_position_embeddings: metadata.size(
        ".rope.scaling.original_context_length",
        metadata.size(".context_length"),
      ),
      sliding_window: metadata.count(".attention.sliding_window", unsaid) || null,
    };
  },
  olmo2: (metadata, factors) => {
    if (metadata.get(".attention.sliding_window") !== undefined) {
      throw metadata.mistake(
        "olmo2.attention.sliding_window is there, as in OLMo 3",
        "none. OLMo 3 is not supported",
      );
    }
    return {
      ...kind("olmo2", "Olmo2ForCausalLM"),
      ...decoder(metadata, factors),
      attention_bias: has(metadata, "blk.0.attn_q.bias"),
    };
  },
  gpt2: (metadata) => ({
    ...kind("gpt2", "GPT2LMHeadModel"),
    vocab_size: vocabulary(metadata),
    n_embd: metadata.size(".embedding_length"),
    n_layer: metadata.size(".block_count"),
    n_head: metadata.size(".attention.head_count"),
    n_inner: metadata.size(".feed_forward_length"),
    n_positions: metadata.size(".context_length"),
    n_ctx: metadata.size(".context_length"),
    layer_norm_epsilon: metadata.positive(".attention.layer_norm_epsilon"),
    activation_function: "gelu_new",
    tie_word_embeddings: !has(metadata, "output.weight"),
  }),
  gptneox: (metadata) => ({
    ...kind("gpt_neox", "GPTNeoXForCausalLM"),
    vocab_size: vocabulary(metadata),
    hidden_size: metadata.size(".embedding_length"),
    intermediate_size: metadata.size(".feed_forward_length"),
    num_hidden_layers: metadata.size(".block_count"),
    num_attention_heads: metadata.size(".attention.head_count"),
    max_position_embeddings: metadata.size(".context_length"),
    layer_norm_eps: metadata.positive(".attention.layer_norm_epsilon"),
    hidden_act: "gelu",
    rotary_pct: turning(metadata),
    rotary_emb_base: metadata.positive(".rope.freq_base", 10_000),
    use_parallel_residual: metadata.flag(".use_parallel_residual") ?? true,
    attention_bias: has(metadata, "blk.0.attn_qkv.bias"),
    tie_word_embeddings: !has(metadata, "output.weight"),
  }),
};

const GELU = { hidden_act: "gelu_pytorch_tanh", hidden_activation: "gelu_pytorch_tanh" };

function kind(type: string, architecture: string): Json {
  return { architectures: [architecture], model_type: type };
}

/** What all decoders with RMSNorm and a gated MLP say. */
function decoder(metadata: GgufMetadata, factors: RopeFactors, theta = 10_000): Json {
  const base = metadata.positive(".rope.freq_base", theta);
  return {
    vocab_size: vocabulary(metadata),
    hidden_size: metadata.size(".embedding_length"),
    intermediate_size: metadata.size(".feed_forward_length"),
    num_hidden_layers: metadata.size(".block_count"),
    num_attention_heads: metadata.size(".attention.head_count"),
    num_key_value_heads: kvHeads(metadata),
    head_dim: headDim(metadata),
    max_position_embeddings: metadata.size(".context_length"),
    rms_norm_eps: metadata.positive(".attention.layer_norm_rms_epsilon"),
    hidden_act: "silu",
    rope_theta: base,
    rope_scaling: ropeScaling(metadata, factors, base),
    tie_word_embeddings: !has(metadata, "output.weight"),
  };
}

/** Key and value heads; as many as query heads where the file does not say. */
export function kvHeads(metadata: GgufMetadata): number {
  return metadata.size(".attention.head_count_kv", metadata.size(".attention.head_count"));
}

function headDim(metadata: GgufMetadata): number {
  const even = metadata.size(".embedding_length") / metadata.size(".attention.head_count");
  const whole = ["llama", "smollm3"].includes(metadata.architecture); // there all of a head turns
  const usual = whole ? metadata.size(".rope.dimension_count", even) : even;
  const key = metadata.size(".attention.key_length", usual);
  const value = metadata.size(".attention.value_length", key);
  if (key === value) return key;
  throw metadata.mistake(
    `${metadata.architecture}.attention.value_length is ${value}`,
    `attention.key_length ${key}`,
  );
}

/** The share of each head that turns. */
function turning(metadata: GgufMetadata): number {
  const width = headDim(metadata);
  return metadata.size(".rope.dimension_count", width) / width;
}

/** Rows of the embedding: some files say another number, or none. */
function vocabulary(metadata: GgufMetadata): number {
  const embedding = metadata.header.tensors.get("token_embd.weight");
  if (embedding) return embedding.shape[0];
  throw metadata.mistake('tensor "token_embd.weight" is missing', "it there");
}

function ropeScaling(metadata: GgufMetadata, factors: RopeFactors, theta: number): Json | null {
  if (factors.llama3) {
    const scaling = llama3Scaling(factors.llama3, theta);
    if (scaling === undefined) {
      throw metadata.mistake(
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
  const old = metadata.get(".rope.scale_linear"); // before 2024
  const type = metadata.text(".rope.scaling.type") ?? (old === undefined ? "none" : "linear");
  if (type === "none") return null;
  const factor = metadata.positive(
    ".rope.scaling.factor",
    old === undefined ? 1 : metadata.positive(".rope.scale_linear"),
  );
  if (type === "linear") return factor === 1 ? null : { rope_type: type, factor };
  const original = metadata.size(
    ".rope.scaling.original_context_length",
    metadata.size(".context_length"),
  );
  return { rope_type: type, factor, original_max_position_embeddings: original };
}

/** Scores' scale is this to the power −½; the largest model of a family has another than its head's width. */
function queryScalar(metadata: GgufMetadata, largest: number): number {
  if (metadata.get(".attention.scale") !== undefined) {
    return Number((metadata.positive(".attention.scale") ** -2).toPrecision(6));
  }
  if (metadata.size(".block_count") !== largest) return headDim(metadata);
  return metadata.size(".embedding_length") / metadata.size(".attention.head_count");
}

/** Every `every`-th layer sees all, unless the file says which slide. */
function layerTypes(metadata: GgufMetadata, every: number): string[] {
  const said = metadata.get(".attention.sliding_window_pattern");
  const pattern = typeof said === "number" && said >= 1 ? said : every;
  return layers(metadata, (layer) => {
    const slides = Array.isArray(said) ? said[layer] === true : (layer + 1) % pattern !== 0;
    return slides ? "sliding_attention" : "full_attention";
  });
}

function layers<T>(metadata: GgufMetadata, of: (layer: number) => T): T[] {
  const length = metadata.size(".block_count");
  const most = metadata.header.tensors.size; // a layer has several
  if (length <= most) return Array.from({ length }, (_, layer) => of(layer));
  throw metadata.mistake(
    `${metadata.architecture}.block_count is ${length}`,
    `at most the file's ${most} tensors`,
  );
}

function has(metadata: GgufMetadata, tensor: string): boolean {
  return metadata.header.tensors.has(tensor);
}

function ids(metadata: GgufMetadata): Json {
  const id = (key: string) => {
    const whole = `tokenizer.ggml.${key}_token_id`;
    return metadata.get(whole) === undefined ? undefined : metadata.count(whole);
  };
  const bos = id("bos"), eos = id("eos"), eot = id("eot"), pad = id("padding");
  const ends = [...new Set([eos, eot])].filter((end) => end !== undefined);
  return {
    ...(bos === undefined ? {} : { bos_token_id: bos }),
    ...(ends.length === 0 ? {} : { eos_token_id: ends.length === 1 ? ends[0] : ends }),
    ...(pad === undefined ? {} : { pad_token_id: pad }),
  };
}
