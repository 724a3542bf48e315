import { assert, assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import type { Device } from "../../../backend/device.ts";
import {
  headSoftmaxInPlaceKernel,
  sliceRows,
  tokenLogps,
} from "../../../backend/kernels/token_logps.ts";
import { uploadMatrix } from "../../../backend/matrix.ts";
import { type BaseDType, dequantise, quantise, wordsPerRow } from "../../../backend/quantise.ts";
import * as reference from "../../../backend/reference/token_logps.ts";
import { GpuDevice } from "../../../backend/webgpu/device.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { integers, uniform } from "../../support/random.ts";

const u = 2 ** -24;

interface Case {
  readonly H: number;
  readonly D: number;
  readonly V: number;
  /** Scale of h: 1 gives logits of a few nats, 200 hundreds. */
  readonly scale?: number;
  readonly softcap?: number;
}

const cases: Case[] = [
  { H: 1, D: 1, V: 1 },
  { H: 1, D: 7, V: 2 },
  { H: 63, D: 16, V: 64 },
  { H: 65, D: 33, V: 65 },
  { H: 64, D: 15, V: 511 },
  { H: 3, D: 128, V: 513 },
  { H: 130, D: 172, V: 1030 },
  { H: 2, D: 65, V: 2113 },
  { H: 5, D: 600, V: 70 },
  { H: 33, D: 16, V: 1100, scale: 200 },
  { H: 300, D: 8, V: 4100 }, // two slices on the CPU device
  { H: 4100, D: 8, V: 33 }, // and on WebGPU
  { H: 1, D: 1, V: 1, softcap: 30 },
  { H: 35, D: 40, V: 130, softcap: 3 },
  { H: 18, D: 24, V: 4200, scale: 60, softcap: 30 }, // logits to ±200: most are at the cap
];

function data({ H, D, V, scale = 1 }: Case) {
  return { h: uniform(H * D, 1, scale), w: uniform(V * D, 2), targets: integers(H, 3, V) };
}

/** How the head is stored; "f32" alone is a tensor. */
interface Stored {
  readonly dtype: BaseDType;
  readonly rows?: number;
}

async function run(device: Device, sizes: Case, gradient: boolean, stored?: Stored) {
  const { h, w, targets } = data(sizes), { H, D, V, softcap } = sizes;
  using arena = new Arena(device, "test");
  const { gradient: slopes, ...rows } = tokenLogps(arena, {
    h: arena.upload([H, D], h, "h"),
    w: stored === undefined ? arena.upload([V, D], w, "w") : uploadMatrix(arena, [V, D], w, {
      dtype: stored.dtype,
      label: "w",
      maxBytes: (stored.rows ?? V) * 4 * wordsPerRow(stored.dtype, D).data,
    }),
    targets: arena.upload([H], targets, "targets"),
  }, { gradient, softcap });
  assertEquals(slopes !== undefined, gradient);
  const out = await arena.readAll(slopes === undefined ? rows : { ...rows, slopes });
  return out as Record<
    "logps" | "entropy" | "lse" | "meanLogits" | "isTop" | "slopes",
    Float32Array
  >;
}

for (
  const { stored, ...sizes } of [
    ...cases.map((one) => ({ ...one, stored: undefined })),
    // A large vocabulary's head, in blocks of the rows that one binding holds.
    ...(["f32", "f16", "int8", "int4"] as const).flatMap((dtype) => [
      { H: 35, D: 40, V: 130, softcap: 3, stored: { dtype } },
      { H: 50, D: 48, V: 1000, softcap: undefined, stored: { dtype, rows: 150 } },
    ]),
  ]
) {
  const { H, D, V, scale = 1, softcap }: Case = sizes;
  const { h, targets, ...exact } = data(sizes);
  const w = stored === undefined ? exact.w : dequantise(quantise([V, D], exact.w, stored.dtype));
  const truth = reference.tokenLogps(h, w, targets, sizes);
  // A logit is a sum of D products; range: how far logits lie below their maximum where they count at all.
  let range = 0, top = 0;
  for (let r = 0; r < H; r++) {
    const logits = reference.logitsOf(h, w, r, sizes);
    const max = Math.max(...logits);
    range = Math.max(range, Math.min(100, max - Math.min(...logits)));
    top = Math.max(top, Math.abs(max));
  }
  // A cap's slope is at most 1; on the CPU device it is c − 2c / (e^(2x/c) + 1), which has 2e-7·c of exp's 4e-7.
  const logit = 8 * Math.sqrt(D) * u * scale + 4e-7 * (softcap ?? 0);
  const exp = 2 * (3 + 2 * Math.min(range, 20)) * u; // relative; further down e^−x does not count
  const log = 2 ** -21 + 8 * u * (top + range);
  const atol = logit + exp + log;
  const cap = softcap === undefined ? "" : `, softcap ${softcap}`;
  const how = stored && `, W ${stored.dtype} in ${Math.ceil(V / (stored.rows ?? V))} blocks`;
  const name = `[${H}, ${D}] with V ${V}, h of size ${scale}${cap}${how ?? ""}`;
  deviceTest(`tokenLogps() equals the f64 reference at ${name}`, async (device) => {
    for (const gradient of [false, true]) {
      const out = await run(device, sizes, gradient, stored);
      assertClose(out.lse, truth.lse, { rtol: 4 * u, atol }, "lse");
      assertClose(out.logps, truth.logps, { rtol: 4 * u, atol: atol + logit }, "logps");
      // Σ p·(m − l): p's relative error counts by how far below the maximum its mass lies, log V at most.
      const far = 1 + Math.log(V);
      const entropy = { rtol: 0, atol: (2 * logit + 2 * exp + 8 * Math.sqrt(V) * u) * far + log };
      assertClose(out.entropy, truth.entropy, entropy, "entropy");
      // Σ (l − top): V terms of up to 2·top, in at most 64 lanes or blocks
      const mean = { rtol: 4 * u, atol: logit + 16 * Math.sqrt(V) * u * (top + range) };
      assertClose(out.meanLogits, truth.meanLogits, mean, "meanLogits");
      out.isTop.forEach((found, r) => {
        if (found === truth.isTop[r]) return;
        const logits = reference.logitsOf(h, w, r, sizes);
        const gap = Math.max(...logits) - logits[targets[r]];
        assert(gap < 2 * logit, `isTop[${r}] is ${found}, expected ${truth.isTop[r]}`);
      });
      if (gradient) {
        const slope = { rtol: 8 * u, atol: 2 * logit + exp + 8 * u * (top + Math.sqrt(V)) };
        assertClose(out.slopes, truth.gradient, slope, "gradient");
      }
    }
  });
}

deviceTest("tokenLogps() knows the argmax, and of equal logits the first", async (device) => {
  using arena = new Arena(device, "test");
  const V = 200, row = new Float32Array(V);
  row.set([3, 5, 5], 60); // places 60 to 62; 5 again in another lane and beyond the first 64
  row[190] = 5;
  const targets = [61, 62, 190, 60];
  const { isTop, meanLogits } = tokenLogps(arena, {
    h: arena.upload([4, 1], new Float32Array(4).fill(1), "h"),
    w: arena.upload([V, 1], row, "w"),
    targets: arena.upload([4], new Uint32Array(targets), "targets"),
  }, { gradient: true });
  const out = await arena.readAll({ isTop, meanLogits });
  assertEquals([...out.isTop], [1, 0, 0, 0]);
  assertClose(
    out.meanLogits as Float32Array,
    new Array(4).fill(18 / V),
    { rtol: 1e-5, atol: 0 },
    "mean",
  );
});

for (const softcap of [undefined, 0.7]) {
  deviceTest(
    `headSoftmaxInPlace without WEIGHTS leaves what its device keeps in logits, softcap ${softcap}`,
    async (device) => {
      using arena = new Arena(device, "test");
      const rows = 3, V = 70, x = uniform(rows * V, 1);
      const logits = arena.upload([rows, V], x, "logits");
      const vector = () => arena.alloc([rows], "row");
      arena.dispatch(headSoftmaxInPlaceKernel, {
        bind: {
          targets: arena.upload([rows], integers(rows, 2, V), "targets"),
          ...{ logits, logps: vector(), entropy: vector(), lse: vector() },
          ...{ meanLogits: vector(), isTop: vector() },
        },
        params: { first: 0, rows, softcap: softcap ?? 0 },
        fixed: { V, WEIGHTS: 0, CAP: softcap === undefined ? 0 : 1 },
      });
      const kept = await arena.read(logits);
      const l = softcap === undefined ? x : x.map((v) => softcap * Math.tanh(v / softcap));
      if (device.info.kind === "webgpu") {
        return assertClose(kept, l, { rtol: softcap === undefined ? 0 : 8 * u, atol: 0 }, "l");
      }
      const truth = Float64Array.from(l, (v, i) => { // e^(l − max l), which its sums were made of
        const from = i - i % V;
        return Math.exp(v - Math.max(...l.subarray(from, from + V)));
      });
      const rtol = 16 * u + 4e-7 * (softcap ?? 0);
      assertClose(kept, truth, { rtol, atol: 0 }, "e^(l − max l)");
    },
  );
}

deviceTest("tokenLogps() never holds [H, V] logits", async (device) => {
  const cpu = device.info.kind === "cpu";
  using fresh = cpu ? await CpuDevice.open({ threads: 1 }) : await GpuDevice.open();
  const [H, V] = cpu ? [1100, 4096] : [9000, 64];
  await run(fresh, { H, D: 8, V }, true);
  const peak = fresh.stats().bytesPeak, logits = H * V * 4;
  assert(
    peak < 0.85 * logits,
    `${peak} bytes were in use, expected fewer than the logits' ${logits}`,
  );
});

Deno.test("sliceRows() keeps a slice within 128 MiB on WebGPU and small on the CPU device", () => {
  for (const V of [1, 1024, 2048, 49152, 128256, 262144]) {
    const [gpu, cpu] = [false, true].map((runsTwins) =>
      sliceRows(V, { runsTwins, maxBindingBytes: Infinity })
    );
    assert(gpu >= 1 && gpu <= 4096 && gpu * V * 4 <= 2 ** 27, `${gpu} rows of V ${V}`);
    assert(cpu >= 128 && (cpu === 128 || cpu * V <= 2 ** 20), `${cpu} rows of V ${V}`);
  }
});

Deno.test("sliceRows() takes no more than a binding holds, and one row at least", () => {
  for (const runsTwins of [false, true]) {
    const within = (V: number, maxBindingBytes: number) =>
      sliceRows(V, { runsTwins, maxBindingBytes });
    assertEquals(within(262144, 2 ** 24), 16);
    assertEquals(within(1000, 100), 1);
    assertEquals(within(64, 2 ** 30), within(64, Infinity));
  }
});

deviceTest("tokenLogps() of an f32 tensor and of its matrix have the same bits", async (device) => {
  const sizes = { H: 40, D: 24, V: 300 };
  const matrix = await run(device, sizes, true, { dtype: "f32" });
  assertEquals(matrix, await run(device, sizes, true));
});

deviceTest(
  "tokenLogps() refuses a softcap that caps nothing, and more capped logits than a thread keeps",
  (device) => {
    using arena = new Arena(device, "test");
    const h = arena.zeros([1, 1], "h"), targets = arena.zeros([1], "targets", "u32");
    for (const softcap of [0, -1, NaN, Infinity]) {
      assertThrows(
        () => tokenLogps(arena, { h, w: h, targets }, { gradient: false, softcap }),
        RangeError,
        `Cannot run tokenLogps: softcap is ${softcap}, expected a positive finite number`,
      );
    }
    const w = { shape: [2 ** 21, 1], dtype: "f32", blocks: [] } as const;
    assertThrows(
      () => tokenLogps(arena, { h, w, targets }, { gradient: false, softcap: 30 }),
      RangeError,
      "V is 2097152, expected at most 2088960 with a softcap",
    );
  },
);

deviceTest("tokenLogps() has the same bits on one thread and two", async (device) => {
  const sizes = { H: 200, D: 40, V: 1200 };
  using single = await CpuDevice.open({ threads: 1, poison: true });
  assertEquals(await run(single, sizes, true), await run(device, sizes, true));
  const stored = { dtype: "int4", rows: 500 } as const;
  assertEquals(await run(single, sizes, true, stored), await run(device, sizes, true, stored));
}, ["cpu"]);

deviceTest(
  "tokenLogps() refuses a head of another width and targets of another length",
  (device) => {
    using arena = new Arena(device, "test");
    const h = arena.upload([2, 4], uniform(8, 1), "h"),
      w = arena.upload([5, 3], uniform(15, 2), "w");
    const targets = arena.upload([3], new Uint32Array(3), "targets");
    const options = { gradient: true };
    assertThrows(
      () => tokenLogps(arena, { h, w, targets }, options),
      TypeError,
      "h is [2,4], expected [2, 3]",
    );
    assertThrows(
      () => tokenLogps(arena, { h, w: h, targets }, options),
      TypeError,
      "targets is [3], expected 2",
    );
  },
);
