// Benches of attention: forward, backward, one query over a cache, and the write into it.
import {
  attention,
  attentionBackward,
  attentionDecode,
  type Device,
  kvWriteInPlace,
} from "../../backend/mod.ts";
import type { KernelBench, Size } from "../support/harness.ts";
import { Inputs } from "../support/inputs.ts";
import { config, LENGTH, stepSizes } from "../support/sizes.ts";

const { heads, kvHeads, headDim } = config;
const options = { heads, kvHeads, headDim, maxLength: LENGTH };

/** Packed sequences of a step. FLOP of a half square of scores, each product of which is 2·D. */
function packed(device: Device, size: Size) {
  const { rows, sequences } = stepSizes(size);
  const on = new Inputs(device);
  const q = on.f32([rows, heads * headDim]);
  const k = on.f32([rows, kvHeads * headDim]), v = on.f32([rows, kvHeads * headDim]);
  const starts = on.u32(sequences, (s) => s * LENGTH), lengths = on.u32(sequences, () => LENGTH);
  const pairs = sequences * heads * LENGTH * (LENGTH + 1) / 2;
  return {
    on,
    rows,
    tensors: { q, k, v, starts, lengths },
    shape: `${sequences} × ${LENGTH} rows, ${heads} heads of ${headDim}`,
    productFlop: 2 * pairs * headDim,
  };
}

/** 128 sequences, or 16, with caches that are half full. */
function cached(device: Device, size: Size) {
  const sequences = size === "full" ? 128 : 16, capacity = 128, count = 64;
  const width = kvHeads * headDim;
  const on = new Inputs(device);
  const keys = on.f32([sequences, capacity, width]), values = on.f32([sequences, capacity, width]);
  const lengths = on.u32(sequences, () => count);
  return { on, sequences, count, width, keys, values, lengths };
}

/** Attention and its cache. */
export const attentionBenches: readonly KernelBench[] = [
  {
    name: "attention",
    setup(device, size) {
      const { on, tensors, shape, productFlop } = packed(device, size);
      return {
        shape,
        flop: 2 * productFlop,
        owned: on.done(),
        record: (arena) => attention(arena, tensors, options).out,
      };
    },
  },
  {
    name: "attention backward",
    setup(device, size) {
      const { on, rows, tensors, shape, productFlop } = packed(device, size);
      const out = on.f32([rows, heads * headDim]), dout = on.f32([rows, heads * headDim]);
      const lse = on.f32([rows, heads], 1, 4);
      return {
        shape,
        flop: 5 * productFlop,
        owned: on.done(),
        record: (arena) => attentionBackward(arena, { ...tensors, out, dout, lse }, options).dq,
      };
    },
  },
  {
    name: "attention decode",
    setup(device, size) {
      const { on, sequences, count, width, keys, values, lengths } = cached(device, size);
      const q = on.f32([sequences, heads * headDim]);
      return {
        shape: `${sequences} queries over ${count} keys, ${heads} heads of ${headDim}`,
        bytes: 2 * 4 * sequences * count * width,
        owned: on.done(),
        record: (arena) =>
          attentionDecode(arena, { q, kCache: keys, vCache: values, lengths }, options),
      };
    },
  },
  {
    name: "kv cache write",
    setup(device, size) {
      const { on, sequences, count, width, keys } = cached(device, size);
      const rows = sequences * count;
      const x = on.f32([rows, width]);
      const rowSequence = on.u32(rows, (r) => Math.floor(r / count));
      const positions = on.u32(rows, (r) => r % count);
      return {
        shape: `[${rows}, ${width}]`,
        bytes: 8 * rows * width,
        owned: on.done(),
        record: (arena) => {
          kvWriteInPlace(arena, { cache: keys, x, rowSequence, positions });
          return keys;
        },
      };
    },
  },
];
