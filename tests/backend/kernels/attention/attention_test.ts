import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import {
  attention,
  type AttentionOptions,
} from "../../../../backend/kernels/attention/attention.ts";
import * as reference from "../../../../backend/reference/attention.ts";
import type { Device } from "../../../../backend/device.ts";
import { assertClose } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { uniform } from "../../../support/random.ts";
import { type AttentionCase, cases, packed, softmaxTolerance } from "../attention_cases.ts";

type Packed = ReturnType<typeof packed>;

async function run(device: Device, sizes: AttentionCase, data: Packed, maxLength: number) {
  const { heads, kvHeads, headDim } = sizes;
  using arena = new Arena(device, "test");
  return await arena.readAll(attention(arena, {
    q: arena.upload([data.rows, heads * headDim], data.q, "q"),
    k: arena.upload([data.rows, kvHeads * headDim], data.k, "k"),
    v: arena.upload([data.rows, kvHeads * headDim], data.v, "v"),
    starts: arena.upload([data.starts.length], data.starts, "starts"),
    lengths: arena.upload([data.lengths.length], data.lengths, "lengths"),
  }, { ...sizes, maxLength }));
}

for (const sizes of cases) {
  deviceTest(`attention() equals the f64 reference at ${JSON.stringify(sizes)}`, async (device) => {
    const data = packed(sizes);
    const truth = reference.attention(data, { rows: data.rows, ...sizes });
    const { out, lse } = await run(device, sizes, data, data.maxLength);
    assertClose(lse, truth.lse, softmaxTolerance(sizes.headDim, data.maxLength), "lse");
    assertClose(out, truth.out, softmaxTolerance(sizes.headDim, data.maxLength), "out");
  });
}

deviceTest("attention() survives scores of ±2000", async (device) => {
  const sizes = { lengths: [3], heads: 1, kvHeads: 1, headDim: 4 };
  const data = { ...packed(sizes), q: new Float32Array(12).fill(100) };
  data.k = new Float32Array([-2000, 2000, 0].flatMap((s) => Array(4).fill(s / 200)));
  const { out, lse } = await run(device, sizes, data, 3);
  assertEquals([...lse], [-2000, 2000, 2000]);
  const expected = [0, 1, 1].flatMap((t) => [...data.v.slice(4 * t, 4 * t + 4)]);
  assertEquals([...out], expected);
});

deviceTest(
  "attention() gives a row the same bits whatever is packed beside it or follows",
  async (device) => {
    const heads = 4, kvHeads = 2, headDim = 16, T = 70, more = 230;
    const data = packed({ lengths: [T + more], heads, kvHeads, headDim });
    const head = (x: Float32Array<ArrayBuffer>, width: number) => x.slice(0, T * width);
    const alone = {
      ...data,
      rows: T,
      lengths: new Uint32Array([T]),
      q: head(data.q, heads * headDim),
      k: head(data.k, kvHeads * headDim),
      v: head(data.v, kvHeads * headDim),
    };
    const join = (x: Float32Array, seed: number, width: number) =>
      new Float32Array([...uniform(33 * width, seed), ...x]);
    const beside = {
      ...data,
      rows: 33 + T + more,
      starts: new Uint32Array([0, 33]),
      lengths: new Uint32Array([33, T + more]),
      q: join(data.q, 11, heads * headDim),
      k: join(data.k, 12, kvHeads * headDim),
      v: join(data.v, 13, kvHeads * headDim),
    };
    const sizes = { lengths: [], heads, kvHeads, headDim };
    const a = await run(device, sizes, alone, T), b = await run(device, sizes, beside, 512);
    const at = (width: number) => [33 * width, (33 + T) * width] as const;
    assertEquals(a.out, b.out.slice(...at(heads * headDim)));
    assertEquals(a.lse, b.lse.slice(...at(heads)));
  },
);

deviceTest("attention() reads no block of rows outside its window", async (device) => {
  const sizes = { lengths: [560], heads: 2, kvHeads: 1, headDim: 8, window: 17 };
  const data = packed(sizes);
  const whole = await run(device, sizes, data, 560);
  for (const x of [data.q, data.k, data.v]) x.fill(NaN, 0, 256 * x.length / 560);
  const cut = await run(device, sizes, data, 560);
  // 320 begins a block of queries on both devices; its first key is 304, past the chunk of 256 keys.
  assertEquals(cut.out.slice(320 * 16), whole.out.slice(320 * 16));
  assertEquals(cut.lse.slice(320 * 2), whole.lse.slice(320 * 2));
});

deviceTest("attention() refuses shapes and sizes that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const q = arena.upload([2, 8], uniform(16, 1), "q"), k = arena.upload([2, 4], uniform(8, 1), "k");
  const one = arena.upload([1], new Uint32Array(1), "one");
  const tensors = { q, k, v: k, starts: one, lengths: one };
  const options = { heads: 4, kvHeads: 2, headDim: 2, maxLength: 2 };
  assertThrows(
    () => attention(arena, { ...tensors, v: q }, options),
    TypeError,
    "v is [2,8], expected [2, 4]",
  );
  assertThrows(
    () => attention(arena, tensors, { ...options, kvHeads: 3 }),
    TypeError,
    "heads is 4, expected a multiple of 3",
  );
  assertThrows(
    () => attention(arena, { ...tensors, lengths: k }, options),
    TypeError,
    "lengths is [2,4], expected 1 elements",
  );
  const wrong: [Partial<AttentionOptions>, string][] = [
    [{ headDim: 257 }, "headDim is 257, expected 1 to 256"],
    [{ maxLength: 0 }, "maxLength is 0, expected 1 or more"],
    [{ maxLength: 49153 }, "maxLength is 49153, expected at most 49152"],
    [{ scale: 0 }, "scale is 0, expected more than 0"],
    [{ softcap: -50 }, "softcap is -50, expected more than 0"],
    [{ softcap: Infinity }, "softcap is Infinity, expected more than 0"],
    [{ window: 0 }, "window is 0, expected a whole number of rows"],
    [{ window: 2.5 }, "window is 2.5, expected a whole number of rows"],
  ];
  for (const [change, message] of wrong) {
    assertThrows(() => attention(arena, tensors, { ...options, ...change }), RangeError, message);
  }
});
