// Narrow storage of a frozen matrix, on the host. Rows are padded to blocks of 32; x̂ is what a device computes with.
//   f16   x̂ = half(x), two a word                                      16    bits an element
//   int8  x̂ = q·s, q in −127 … 127, s = max|x| / 127 in f32            9     bits: as GGUF's Q8_0, whose values it keeps
//   int4  x̂ = q·d + m, q in 0 … 15, d and m in f16                     5     bits: as GGUF's Q4_1, whose values it keeps
// On normal numbers the rms error is 0.0002, 0.0054 and 0.075 of their spread (symmetric 4 bits have 0.086, NF4 0.087).
// Every x̂ is exact in f32 or rounded once (q·d is exact), so that all devices compute with the same numbers.

/** How a matrix is stored on a device. Only f32 can train. */
export type BaseDType = "f32" | "f16" | "int8" | "int4";

/** Elements of a row that share a scale; rows are padded to a multiple of it. */
export const QUANT_BLOCK = 32;

/** A matrix, or some rows of one, as it is stored. */
export interface HostMatrix {
  /** Rows and columns. */
  readonly shape: readonly [rows: number, cols: number];
  /** How elements are stored. */
  readonly dtype: BaseDType;
  /** f32: the elements; else words of 32 bits, low bits first, {@linkcode wordsPerRow} of them a row. */
  readonly data: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
  /** A word for each 32 elements of a row: int8 the bits of s, int4 the halves d (low) and m (high). */
  readonly scales?: Uint32Array<ArrayBuffer>;
}

const BITS = { f32: 32, f16: 16, int8: 8, int4: 4 } as const;
const LARGEST_HALF = 65504;

/**
 * Words of 32 bits that one row takes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wordsPerRow } from "@leash/bpo/backend";
 * assertEquals(wordsPerRow("int4", 64), { data: 8, scales: 2 }); // 5 bits an element
 * ```
 */
export function wordsPerRow(dtype: BaseDType, cols: number): { data: number; scales: number } {
  if (dtype === "f32") return { data: cols, scales: 0 };
  const blocks = Math.ceil(cols / QUANT_BLOCK);
  return { data: blocks * BITS[dtype], scales: dtype === "f16" ? 0 : blocks };
}

/**
 * Round a matrix to what a device will store.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dequantise, quantise } from "@leash/bpo/backend";
 * const narrow = quantise([1, 3], new Float32Array([-127, 64.2, 5]), "int8");
 * assertEquals(dequantise(narrow), new Float32Array([-127, 64, 5]));
 * ```
 *
 * @param data [rows, cols] f32; borrowed, and returned as it is for "f32".
 * @param label What to call it in errors.
 * @throws {TypeError} If the data do not have rows × cols elements.
 * @throws {RangeError} If a number is not finite, or beyond 65504 for f16 and int4, which hold halves.
 */
export function quantise(
  shape: readonly [rows: number, cols: number],
  data: Float32Array<ArrayBuffer>,
  dtype: BaseDType,
  label = "the matrix",
): HostMatrix {
  const [rows, cols] = shape;
  if (data.length !== rows * cols) {
    throw new TypeError(
      `Cannot quantise "${label}": it has ${data.length} elements, expected ${
        rows * cols
      } for [${shape}]`,
    );
  }
  if (dtype === "f32") return { shape, dtype, data };
  const limit = dtype === "int8" ? 3.4028234663852886e38 : LARGEST_HALF;
  for (let i = 0; i < data.length; i++) {
    if (Math.abs(data[i]) <= limit) continue;
    throw new RangeError(
      `Cannot store "${label}" as ${dtype}: element ${i} is ${data[i]}, expected ${
        Number.isFinite(data[i]) ? `at most ${LARGEST_HALF}. Use f32` : "finite numbers"
      }`,
    );
  }
  const words = wordsPerRow(dtype, cols);
  const packed = new Uint32Array(rows * words.data);
  if (dtype === "f16") {
    const halves = new Float16Array(packed.buffer);
    for (let r = 0; r < rows; r++) {
      halves.set(data.subarray(r * cols, (r + 1) * cols), r * words.data * 2);
    }
    return { shape, dtype, data: packed };
  }
  const scales = new Uint32Array(rows * words.scales);
  const encode = dtype === "int8" ? int8Encoder(packed, scales) : int4Encoder(packed, scales);
  for (let r = 0, block = 0; r < rows; r++) {
    for (let c = 0; c < cols; c += QUANT_BLOCK, block++) {
      const from = r * cols + c;
      encode(block, data, from, from + Math.min(QUANT_BLOCK, cols - c));
    }
  }
  return { shape, dtype, data: packed, scales };
}

/** Stores elements from … to − 1 as a block. */
type Encode = (block: number, x: Float32Array, from: number, to: number) => void;

function int8Encoder(packed: Uint32Array<ArrayBuffer>, scales: Uint32Array<ArrayBuffer>): Encode {
  const bytes = new Int8Array(packed.buffer), s = new Float32Array(scales.buffer);
  return (block, x, from, to) => {
    let top = 0;
    for (let i = from; i < to; i++) {
      const size = Math.abs(x[i]);
      if (size > top) top = size;
    }
    s[block] = top / 127;
    const scale = s[block], at = block * QUANT_BLOCK - from;
    if (scale === 0) return; // nothing, or too small for f32: zeros
    for (let i = from; i < to; i++) {
      const q = Math.round(x[i] / scale); // past 127 where a subnormal scale was rounded down by much
      bytes[at + i] = q > 127 ? 127 : q < -127 ? -127 : q;
    }
  };
}

/** The range of the block in 16 steps, then the d and m of least squares for these steps, if they are better. */
function int4Encoder(packed: Uint32Array<ArrayBuffer>, scales: Uint32Array<ArrayBuffer>): Encode {
  const halves = new Float16Array(scales.buffer);
  const first = new Uint8Array(QUANT_BLOCK), second = new Uint8Array(QUANT_BLOCK);
  /** Steps q for d and m, which are rounded to halves first; the squared error. */
  const steps = (q: Uint8Array, x: Float32Array, from: number, to: number, at: number): number => {
    const d = halves[at], m = halves[at + 1];
    let error = 0;
    for (let i = from; i < to; i++) {
      const exact = d > 0 ? (x[i] - m) / d + 0.5 : 0;
      const step = exact >= 16 ? 15 : exact <= 0 ? 0 : exact | 0; // rounded to the nearest
      const off = x[i] - (step * d + m);
      q[i - from] = step;
      error += off * off;
    }
    return error;
  };
  return (block, x, from, to) => {
    const n = to - from, at = 2 * block;
    let low = Infinity, high = -Infinity, sum = 0;
    for (let i = from; i < to; i++) {
      if (x[i] < low) low = x[i];
      if (x[i] > high) high = x[i];
      sum += x[i];
    }
    halves[at] = high / 15 - low / 15;
    halves[at + 1] = low;
    const error = steps(first, x, from, to, at);
    let best = first;
    if (error > 0) {
      let sumQ = 0, sumQQ = 0, sumXQ = 0;
      for (let i = 0; i < n; i++) {
        sumQ += first[i];
        sumQQ += first[i] * first[i];
        sumXQ += x[from + i] * first[i];
      }
      const spread = n * sumQQ - sumQ * sumQ, d = halves[at], m = halves[at + 1];
      const slope = spread > 0 ? (n * sumXQ - sumQ * sum) / spread : 0;
      const start = (sum - slope * sumQ) / n;
      halves[at] = slope;
      halves[at + 1] = start;
      const holds = Math.abs(start) <= LARGEST_HALF && slope <= LARGEST_HALF;
      if (holds && steps(second, x, from, to, at) < error) best = second;
      else {
        halves[at] = d;
        halves[at + 1] = m;
      }
    }
    for (let i = 0; i < n; i++) packed[block * 4 + (i >> 3)] |= best[i] << (4 * (i & 7));
  };
}

/**
 * The numbers that a device computes with, bit for bit: the truth in tests.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dequantise, quantise } from "@leash/bpo/backend";
 * const sixteen = Float32Array.from({ length: 16 }, (_, i) => 0.5 * i - 3); // 16 steps: exact
 * assertEquals(dequantise(quantise([1, 16], sixteen, "int4")), sixteen);
 * ```
 *
 * @returns [rows, cols], fresh.
 */
export function dequantise({ shape, dtype, data, scales }: HostMatrix): Float32Array<ArrayBuffer> {
  const [rows, cols] = shape;
  if (dtype === "f32") return Float32Array.from(data);
  const words = wordsPerRow(dtype, cols);
  const scaled = scales ?? data;
  const halves = new Float16Array(scaled.buffer, scaled.byteOffset);
  const bytes = new Int8Array(data.buffer, data.byteOffset);
  const s = new Float32Array(scaled.buffer, scaled.byteOffset);
  const element = {
    f16: (r: number, c: number) => halves[2 * r * words.data + c],
    int8: (r: number, c: number) => bytes[4 * r * words.data + c] * s[r * words.scales + (c >> 5)],
    int4: (r: number, c: number) => {
      const q = (data[r * words.data + (c >> 3)] >>> (4 * (c & 7))) & 15;
      const at = 2 * (r * words.scales + (c >> 5));
      return q * halves[at] + halves[at + 1];
    },
  }[dtype];
  const out = new Float32Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) out[r * cols + c] = element(r, c);
  }
  return out;
}
