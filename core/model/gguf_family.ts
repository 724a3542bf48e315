// What a family's GGUF files say and how llama.cpp's converter laid its weights: what it needs beside the names and the
// norms that it has anyway. The files themselves are read in core/formats/gguf.

/** Metadata of a GGUF file being read. Keys that begin with "." stand after the architecture's name. */
export interface GgufFields {
  /** As `general.architecture` says. */
  readonly architecture: string;
  /** The file's tensors by their names there. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>;
  /** The value as it is, if it is there. */
  get(key: string): unknown;
  /** A whole number of at least 0; the fallback where it is absent. */
  count(key: string, fallback?: number): number;
  /** A whole number of at least 1; the fallback where it is absent. */
  size(key: string, fallback?: number): number;
  /** A finite number above 0, as the shortest decimal that rounds to the file's f32. */
  positive(key: string, fallback?: number): number;
  /** True or false, or nothing. */
  flag(key: string): boolean | undefined;
  /** A string, or nothing. */
  text(key: string): string | undefined;
  /** The one-line error for something in this file. */
  mistake(what: string, expected: string): TypeError;
}

/** Factors that rotary frequencies are divided by, where a file brings them; [dim / 2] each. */
export interface RopeFactors {
  /** `rope_freqs.weight`: Llama 3's. */
  readonly llama3?: Float32Array;
  /** `rope_factors_long.weight`. */
  readonly long?: Float32Array;
  /** `rope_factors_short.weight`. */
  readonly short?: Float32Array;
}

/** Heads of a model, which the converter turned rows around. */
export interface Heads {
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads. */
  readonly kvHeads: number;
}

/** Where the converter put the rows of a tensor. */
export interface GgufRowOrder {
  /** Rows that the tensor has a multiple of. */
  readonly unit: number;
  /** Where a row of Hugging Face's tensor lies in the GGUF tensor of as many `rows`. */
  readonly rowOf: (row: number, rows: number) => number;
}

/** A family as llama.cpp has it. */
export interface GgufFamily {
  /** `general.architecture`. */
  readonly architecture: string;
  /** Tells its files from those of another family with the same architecture; absent: all that no other one takes. */
  readonly is?: (fields: GgufFields) => boolean;
  /** The family's own config.json, but for `architectures`, `model_type` and the special ids, which all have. */
  readonly config: (fields: GgufFields, factors: RopeFactors) => Record<string, unknown>;
  /** Rows of a block's part, "attn_q", that lie elsewhere than in Hugging Face's tensor; nothing where they do not. */
  readonly rows?: (part: string, heads: Heads) => GgufRowOrder | undefined;
  /** Byte-level text is composed (NFC) before it is cut, whatever the pre-tokenizer's name says. */
  readonly composesText?: boolean;
  /** Pieces of equal score were merged by their lengths, and those that a user defined have lost their score of 0. */
  readonly mergesByLength?: boolean;
}
