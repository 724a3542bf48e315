// ggml's k-quants to f32: super-blocks of 256 numbers in 8 or 16 groups, whose scales are small integers times one f16.
// The reference formulas round each step to f32; only the last step can round: a scale has 11 + 6 bits (Q6_K 11 + 8), its
// product with a number of 5 bits fits 24, so that f64 steps and one rounding, when `out` is written, give the same bits.
import { f16At } from "../../base/half.ts";
import type { BlockReader } from "./dequantise.ts";

const scales = new Uint8Array(8), minima = new Uint8Array(8); // of the super-block being read

/** x = (d·s)·q − (dmin·m): bytes are 16 scale pairs, 64 of two-bit numbers, d, dmin. */
function readQ2K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at + 80), dmin = f16At(bytes, at + 82);
  for (let group = 0; group < 16; group++) {
    const pair = bytes[at + group];
    const scale = d * (pair & 15), least = dmin * (pair >> 4);
    const from = at + 16 + twoBitByte(group), shift = twoBitShift(group);
    for (let i = 0; i < 16; i++) {
      out[to + group * 16 + i] = scale * (bytes[from + i] >> shift & 3) - least;
    }
  }
}

/** x = (d·s)·(q − 4 unless its high bit is set): bytes are 32 of high bits, 64 of two-bit numbers, 12 of scales, d. */
function readQ3K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at + 108), packed = at + 96;
  for (let group = 0; group < 16; group++) {
    const low = group < 8 ? bytes[packed + group] & 15 : bytes[packed + group - 8] >> 4;
    const high = bytes[packed + 8 + group % 4] >> (group >> 2) * 2 & 3;
    const scale = d * ((low | high << 4) - 32);
    const from = at + 32 + twoBitByte(group), shift = twoBitShift(group);
    const mask = at + (group & 1) * 16, bit = group >> 1;
    for (let i = 0; i < 16; i++) {
      const below = bytes[mask + i] >> bit & 1 ? 0 : 4;
      out[to + group * 16 + i] = scale * ((bytes[from + i] >> shift & 3) - below);
    }
  }
}

/** x = (d·s)·q − (dmin·m): bytes are d, dmin, 12 of scales and minima, 128 of four-bit numbers. */
function readQ4K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at), dmin = f16At(bytes, at + 2);
  unpackScales(bytes, at + 4);
  for (let group = 0; group < 8; group++) {
    const scale = d * scales[group], least = dmin * minima[group];
    const from = at + 16 + (group >> 1) * 32, shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      out[to + group * 32 + i] = scale * (bytes[from + i] >> shift & 15) - least;
    }
  }
}

/** As Q4_K with 32 bytes of fifth bits, one bit a group, before the four-bit numbers. */
function readQ5K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at), dmin = f16At(bytes, at + 2);
  unpackScales(bytes, at + 4);
  for (let group = 0; group < 8; group++) {
    const scale = d * scales[group], least = dmin * minima[group];
    const from = at + 48 + (group >> 1) * 32, shift = (group & 1) * 4;
    for (let i = 0; i < 32; i++) {
      const q = bytes[from + i] >> shift & 15 | (bytes[at + 16 + i] >> group & 1) << 4;
      out[to + group * 32 + i] = scale * q - least;
    }
  }
}

/** x = (d·s)·(q − 32): bytes are 128 of low four bits, 64 of high two bits, 16 signed scales, d. */
function readQ6K(bytes: Uint8Array, at: number, out: Float32Array, to: number): void {
  const d = f16At(bytes, at + 208);
  for (let group = 0; group < 16; group++) {
    const scale = d * (bytes[at + 192 + group] << 24 >> 24);
    const half = group >> 3, inner = group & 7; // of 128 numbers; group of 16 in it
    const low = at + half * 64 + (inner & 3) * 16, nibble = (inner >> 2) * 4;
    const high = at + 128 + half * 32 + (inner & 1) * 16, shift = (inner >> 1) * 2;
    for (let i = 0; i < 16; i++) {
      const q = bytes[low + i] >> nibble & 15 | (bytes[high + i] >> shift & 3) << 4;
      out[to + group * 16 + i] = scale * (q - 32);
    }
  }
}

/** How a super-block of each k-quant is read. */
export const K_QUANTS: Readonly<Record<string, BlockReader>> = {
  Q2_K: readQ2K,
  Q3_K: readQ3K,
  Q4_K: readQ4K,
  Q5_K: readQ5K,
  Q6_K: readQ6K,
};

/** Six-bit scales and minima of 8 groups from 12 bytes: the last four have their high bits over the first's. */
function unpackScales(bytes: Uint8Array, at: number): void {
  for (let i = 0; i < 4; i++) {
    const scale = bytes[at + i], least = bytes[at + 4 + i], both = bytes[at + 8 + i];
    scales[i] = scale & 63;
    minima[i] = least & 63;
    scales[i + 4] = both & 15 | scale >> 2 & 48;
    minima[i + 4] = both >> 4 | least >> 2 & 48;
  }
}

/** Where 16 two-bit numbers begin: 32 bytes hold eight groups, two after another at each of four shifts. */
function twoBitByte(group: number): number {
  return (group >> 3) * 32 + (group & 1) * 16;
}

function twoBitShift(group: number): number {
  return (group >> 1 & 3) * 2;
}
