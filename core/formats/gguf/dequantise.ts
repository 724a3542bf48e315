// ggml's blocks to f32 numbers, with the roundings of the reference formulas (gguf-py's quants.py, ggml-quants.c), so
// that every bit agrees: d·q has at most 11 + 8 bits and is exact, the sum is rounded once, when `out` is written. Here the
// types of 32 numbers a block and plain floats; k_quants.ts has those of 256.
import { widenFloats } from "../../base/float_bytes.ts";
import { f16At } from "../../base/half.ts";
import { GGML_TYPE_IDS, GGML_TYPES } from "./ggml_types.ts";
import { K_QUANTS } from "./k_quants.ts";

/** Writes the numbers of the block at `bytes[at]` to `out[to]` and on. */
export type BlockReader = (
  bytes: Uint8Array,
  at: number,
  out: Float32Array,
  to: number,
) => void;

const HALF = 16; // bytes of four-bit numbers; byte i holds numbers i (low) and i + 16 (high)

/** x = d·q */
function readQ80(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at);
  for (let i = 0; i < 32; i++) out[to + i] = d * (bytes[at + 2 + i] << 24 >> 24);
}

/** x = d·(q − 8) */
function readQ40(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at);
  for (let i = 0; i < HALF; i++) {
    const pair = bytes[at + 2 + i];
    out[to + i] = d * ((pair & 15) - 8);
    out[to + HALF + i] = d * ((pair >> 4) - 8);
  }
}

/** x = d·q + m */
function readQ41(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at), m = f16At(bytes, at + 2);
  for (let i = 0; i < HALF; i++) {
    const pair = bytes[at + 4 + i];
    out[to + i] = d * (pair & 15) + m;
    out[to + HALF + i] = d * (pair >> 4) + m;
  }
}

/** x = d·(q − 16); bit i of four bytes is the fifth bit of number i. */
function readQ50(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at), fifth = u32At(bytes, at + 2);
  for (let i = 0; i < HALF; i++) {
    const pair = bytes[at + 6 + i];
    out[to + i] = d * (((pair & 15) | (fifth >>> i & 1) << 4) - 16);
    out[to + HALF + i] = d * (((pair >> 4) | (fifth >>> (i + HALF) & 1) << 4) - 16);
  }
}

/** x = d·q + m, with fifth bits as in Q5_0. */
function readQ51(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at), m = f16At(bytes, at + 2), fifth = u32At(bytes, at + 4);
  for (let i = 0; i < HALF; i++) {
    const pair = bytes[at + 8 + i];
    out[to + i] = d * ((pair & 15) | (fifth >>> i & 1) << 4) + m;
    out[to + HALF + i] = d * ((pair >> 4) | (fifth >>> (i + HALF) & 1) << 4) + m;
  }
}

const BLOCKS: Readonly<Record<string, BlockReader>> = {
  Q8_0: readQ80,
  Q4_0: readQ40,
  Q4_1: readQ41,
  Q5_0: readQ50,
  Q5_1: readQ51,
  ...K_QUANTS,
};

/** Names of the tensor types that are read, plain floats first. */
export const DEQUANTISED: readonly string[] = ["F32", "F16", "BF16", ...Object.keys(BLOCKS)];

/** Whether {@linkcode dequantise} knows the type. */
export function isDequantised(type: string): boolean {
  return DEQUANTISED.includes(type);
}

/**
 * Whole blocks of a type to f32.
 *
 * @param type One of {@linkcode DEQUANTISED}.
 * @param bytes Blocks one after another, in a buffer of their own.
 * @param out Where the numbers go: as many as the blocks have.
 */
export function dequantise(
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
  out: Float32Array,
): void {
  if (type === "F32" || type === "F16" || type === "BF16") {
    out.set(widenFloats(bytes, type));
    return;
  }
  const read = BLOCKS[type];
  const block = GGML_TYPES.get(GGML_TYPE_IDS.get(type) ?? -1);
  if (read === undefined || block === undefined) {
    throw new TypeError(
      `Cannot dequantise: the type is ${type}, expected one of ${DEQUANTISED.join(", ")}`,
    );
  }
  const blocks = bytes.length / block.bytes;
  for (let i = 0; i < blocks; i++) read(bytes, i * block.bytes, out, i * block.elements);
}

function u32At(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
}
