import { assertThrows } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { attention } from "../../../../backend/kernels/attention/attention.ts";
import { attentionDecode } from "../../../../backend/kernels/attention/decode.ts";
import { kvWriteInPlace } from "../../../../backend/kernels/kv_cache.ts";
import * as reference from "../../../../backend/reference/attention_decode.ts";
import { assertClose } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { uniform } from "../../../support/random.ts";
import { cases, packed, softmaxTolerance } from "../attention_cases.ts";

for (const sizes of cases) {
  const { heads, kvHeads, headDim, window = Infinity } = sizes,
    lengths = new Uint32Array(sizes.lengths);
  const sequences = lengths.length, capacity = Math.max(...lengths) + 3;

  deviceTest(
    `attentionDecode() equals the f64 reference at ${JSON.stringify(sizes)}`,
    async (device) => {
      const q = uniform(sequences * heads * headDim, 1, 2);
      const cells = sequences * capacity * kvHeads * headDim;
      // What is past a sequence's length or before its window must not be read: poison it.
      const poison = (x: Float32Array<ArrayBuffer>) =>
        x.map((value, i) => {
          const cell = Math.floor(i / (kvHeads * headDim));
          const after = lengths[Math.floor(cell / capacity)] - cell % capacity;
          return after > 0 && after <= window ? value : NaN;
        });
      const kCache = poison(uniform(cells, 2, 2)), vCache = poison(uniform(cells, 3));
      const shape = [sequences, capacity, kvHeads * headDim];
      using arena = new Arena(device, "test");
      const out = attentionDecode(arena, {
        q: arena.upload([sequences, heads * headDim], q, "q"),
        kCache: arena.upload(shape, kCache, "kCache"),
        vCache: arena.upload(shape, vCache, "vCache"),
        lengths: arena.upload([sequences], lengths, "lengths"),
      }, sizes);
      assertClose(
        await arena.read(out),
        reference.attentionDecode({ q, kCache, vCache, lengths }, { capacity, ...sizes }),
        softmaxTolerance(headDim, capacity),
        "out",
      );
    },
  );

  deviceTest(
    `attentionDecode() equals the last rows of attention() at ${JSON.stringify(sizes)}`,
    async (device) => {
      const data = packed(sizes), { rows, starts, maxLength } = data;
      const rowSequence = new Uint32Array(rows), positions = new Uint32Array(rows);
      starts.forEach((start, s) => {
        rowSequence.fill(s, start, start + lengths[s]);
        for (let t = 0; t < lengths[s]; t++) positions[start + t] = t + 5;
      });
      using arena = new Arena(device, "test");
      const q = arena.upload([rows, heads * headDim], data.q, "q");
      const k = arena.upload([rows, kvHeads * headDim], data.k, "k");
      const v = arena.upload([rows, kvHeads * headDim], data.v, "v");
      const seen = arena.upload([sequences], lengths, "lengths");
      const packing = { starts: arena.upload([sequences], starts, "starts"), lengths: seen };
      const { out } = attention(arena, { q, k, v, ...packing }, { ...sizes, maxLength });
      const shape = [sequences, capacity, kvHeads * headDim];
      const kCache = arena.alloc(shape, "kCache"), vCache = arena.alloc(shape, "vCache");
      const cells = {
        rowSequence: arena.upload([rows], rowSequence, "rowSequence"),
        positions: arena.upload([rows], positions, "positions"),
      };
      kvWriteInPlace(arena, { cache: kCache, x: k, ...cells }, { back: 5 });
      kvWriteInPlace(arena, { cache: vCache, x: v, ...cells }, { back: 5 });
      const last = (x: ArrayLike<number>) =>
        new Float32Array(sequences * heads * headDim).map((_, i) => {
          const s = Math.floor(i / (heads * headDim));
          return x[(starts[s] + lengths[s] - 1) * heads * headDim + i % (heads * headDim)];
        });
      const queries = arena.upload([sequences, heads * headDim], last(data.q), "queries");
      const decoded = attentionDecode(arena, { q: queries, kCache, vCache, lengths: seen }, sizes);
      const read = await arena.readAll({ out, decoded });
      // The CPU twins run the same chains: equal bits. WebGPU's online softmax rescales in other places.
      const exact = device.info.kind === "cpu";
      const tolerance = exact ? { rtol: 0, atol: 0 } : softmaxTolerance(headDim, capacity);
      assertClose(read.decoded, last(read.out), tolerance, "out");
    },
  );
}

deviceTest("attentionDecode() refuses shapes that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const q = arena.upload([2, 8], new Float32Array(16), "q");
  const cache = arena.upload([2, 3, 4], new Float32Array(24), "cache");
  const odd = arena.upload([3, 4], new Float32Array(12), "odd");
  const lengths = arena.upload([2], new Uint32Array(2).fill(1), "lengths");
  const options = { heads: 4, kvHeads: 2, headDim: 2 };
  const tensors = { q, kCache: cache, vCache: cache, lengths };
  const refused = (change: Partial<typeof tensors>, message: string) =>
    assertThrows(
      () => attentionDecode(arena, { ...tensors, ...change }, options),
      TypeError,
      message,
    );
  refused({ vCache: odd }, "vCache is [3,4], expected [6, 4]");
  refused({ kCache: odd }, "kCache is [3,4], expected [2, 4]");
  refused({ lengths: odd }, "lengths is [3,4], expected 2 elements");
  assertThrows(
    () => attentionDecode(arena, tensors, { ...options, kvHeads: 3 }),
    TypeError,
    "heads is 4, expected a multiple of 3",
  );
  assertThrows(
    () => attentionDecode(arena, tensors, { ...options, headDim: 600 }),
    RangeError,
    "headDim is 600, expected 1 to 256",
  );
});
