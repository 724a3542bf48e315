// ggml's tensor types by the number a GGUF file gives them: elements and bytes of a block, as ggml.h lays them out.

/** A tensor type: `elements` numbers lie in `bytes` bytes. */
export interface GgmlType {
  /** As ggml calls it: F32, Q4_K. */
  readonly name: string;
  /** Numbers in a block; a row is a whole number of blocks. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
}

const K = 256; // elements of a super-block

const TABLE: readonly [id: number, name: string, elements: number, bytes: number][] = [
  [0, "F32", 1, 4],
  [1, "F16", 1, 2],
  [2, "Q4_0", 32, 18],
  [3, "Q4_1", 32, 20],
  [6, "Q5_0", 32, 22],
  [7, "Q5_1", 32, 24],
  [8, "Q8_0", 32, 34],
  [9, "Q8_1", 32, 40],
  [10, "Q2_K", K, 84],
  [11, "Q3_K", K, 110],
  [12, "Q4_K", K, 144],
  [13, "Q5_K", K, 176],
  [14, "Q6_K", K, 210],
  [15, "Q8_K", K, 292],
  [16, "IQ2_XXS", K, 66],
  [17, "IQ2_XS", K, 74],
  [18, "IQ3_XXS", K, 98],
  [19, "IQ1_S", K, 50],
  [20, "IQ4_NL", 32, 18],
  [21, "IQ3_S", K, 110],
  [22, "IQ2_S", K, 82],
  [23, "IQ4_XS", K, 136],
  [24, "I8", 1, 1],
  [25, "I16", 1, 2],
  [26, "I32", 1, 4],
  [27, "I64", 1, 8],
  [28, "F64", 1, 8],
  [29, "IQ1_M", K, 56],
  [30, "BF16", 1, 2],
  [34, "TQ1_0", K, 54],
  [35, "TQ2_0", K, 66],
  [39, "MXFP4", 32, 17],
  [40, "NVFP4", 64, 36],
  [41, "Q1_0", 128, 18],
];

/** Every tensor type that a file may say, by its number. */
export const GGML_TYPES: ReadonlyMap<number, GgmlType> = new Map(
  TABLE.map(([id, name, elements, bytes]) => [id, { name, elements, bytes }]),
);

/** The number of a tensor type by its name. */
export const GGML_TYPE_IDS: ReadonlyMap<string, number> = new Map(
  TABLE.map(([id, name]) => [name, id]),
);
