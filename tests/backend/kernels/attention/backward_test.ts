import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { attention } from "../../../../backend/kernels/attention/attention.ts";
import { attentionBackward } from "../../../../backend/kernels/attention/backward.ts";
import * as reference from "../../../../backend/reference/attention.ts";
import type { Device } from "../../../../backend/device.ts";
import { assertClose } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { type AttentionCase, cases, packed, softmaxTolerance } from "../attention_cases.ts";

async function run(device: Device, sizes: AttentionCase, data = packed(sizes)) {
  const { heads, kvHeads, headDim } = sizes;
  const { rows, maxLength } = data;
  using arena = new Arena(device, "test");
  const tensors = {
    q: arena.upload([rows, heads * headDim], data.q, "q"),
    k: arena.upload([rows, kvHeads * headDim], data.k, "k"),
    v: arena.upload([rows, kvHeads * headDim], data.v, "v"),
    starts: arena.upload([data.starts.length], data.starts, "starts"),
    lengths: arena.upload([data.lengths.length], data.lengths, "lengths"),
  };
  const dout = arena.upload([rows, heads * headDim], data.dout, "dout");
  const options = { ...sizes, maxLength };
  const saved = attention(arena, tensors, options);
  return await arena.readAll(attentionBackward(arena, { ...tensors, ...saved, dout }, options));
}

for (const sizes of cases) {
  deviceTest(
    `attentionBackward() equals the f64 reference at ${JSON.stringify(sizes)}`,
    async (device) => {
      const { heads, kvHeads, headDim } = sizes, data = packed(sizes);
      const truth = reference.attentionBackward(data, { rows: data.rows, ...sizes });
      const { dq, dk, dv } = await run(device, sizes);
      const terms = data.maxLength * heads / kvHeads;
      // dout·v is a sum of headDim terms: its size is √headDim / 3, and delta cancels part of it.
      const size = Math.sqrt(headDim) / 3 + 1;
      assertClose(dq, truth.dq, softmaxTolerance(headDim, data.maxLength, size), "dq");
      assertClose(dk, truth.dk, softmaxTolerance(headDim, terms, size), "dk");
      assertClose(dv, truth.dv, softmaxTolerance(headDim, terms), "dv");
    },
  );
}

deviceTest("attentionBackward() gives the same bits twice", async (device) => {
  const sizes = { lengths: [60, 75, 300], heads: 4, kvHeads: 2, headDim: 16 };
  assertEquals(await run(device, sizes), await run(device, sizes));
});

deviceTest("attentionBackward() reads no block of rows outside its window", async (device) => {
  const sizes = { lengths: [560], heads: 2, kvHeads: 1, headDim: 8, window: 17 };
  const whole = await run(device, sizes);
  const poisoned = (from: number, to: number) => {
    const data = packed(sizes);
    for (const x of [data.q, data.k, data.v, data.dout]) {
      x.fill(NaN, from * x.length / 560, to * x.length / 560);
    }
    return run(device, sizes, data);
  };
  // 320 begins a block on both devices: its queries see keys from 304 on. Queries up to 271 see the keys of 0 … 255.
  const noHead = await poisoned(0, 256), noTail = await poisoned(320, 560);
  assertEquals(noHead.dq.slice(320 * 16), whole.dq.slice(320 * 16));
  for (const name of ["dk", "dv"] as const) {
    assertEquals(noHead[name].slice(320 * 8), whole[name].slice(320 * 8));
    assertEquals(noTail[name].slice(0, 256 * 8), whole[name].slice(0, 256 * 8));
  }
});

deviceTest("attentionBackward() refuses shapes that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const x = arena.upload([2, 8], new Float32Array(16), "x");
  const one = arena.upload([1], new Uint32Array(1), "one");
  const lse = arena.upload([2, 4], new Float32Array(8), "lse");
  const tensors = { q: x, k: x, v: x, starts: one, lengths: one, out: x, lse, dout: x };
  const options = { heads: 4, kvHeads: 4, headDim: 2, maxLength: 2 };
  assertThrows(
    () => attentionBackward(arena, { ...tensors, dout: lse }, options),
    TypeError,
    "dout is [2,4], expected [2, 8]",
  );
  assertThrows(
    () => attentionBackward(arena, { ...tensors, lse: x }, options),
    TypeError,
    "lse is [2,8], expected 8 elements",
  );
});
