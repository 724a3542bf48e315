import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import {
  type KernelLoss,
  preferenceLoss,
  preferenceLossKernel,
  preferenceLossOnHost,
} from "../../../backend/kernels/preference_loss.ts";
import * as reference from "../../../backend/reference/preference_loss.ts";
import { lossTable } from "../../losses/table.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { integers, uniform } from "../../support/random.ts";

/** Log-probs of a batch; the first pairs sit at ±89 and ±2000 nats, where naive sigmoids break. */
function batch(members: number, pairs: number, stride: number) {
  const logps = uniform(members * 2 * pairs, 1).map((x) => 20 * x - 40);
  const base = uniform(2 * pairs + (stride === 0 ? 0 : (members - 1) * stride), 2)
    .map((x) => 20 * x - 40);
  [89, -89, 2000, -2000].forEach((gap, i) => {
    if (i < pairs) logps[i] = base[i] + gap;
  });
  return { logps, base, counts: integers(2 * pairs, 3, 30) };
}

const u = 2 ** -24; // f32 unit roundoff

for (const { title, loss, target, exponential } of lossTable) {
  const beta = exponential?.beta ?? 0;
  for (const [members, pairs, stride] of [[1, 1, 0], [3, 5, 0], [2, 65, 130]]) {
    const { logps, base, counts } = batch(members, pairs, stride);
    const sizes = { members, pairs, referenceStride: stride };
    const truth = reference.preferenceLoss(loss, logps, base, counts, sizes);
    const name = `${title} at K ${members}, B ${pairs}, reference stride ${stride}`;
    deviceTest(`preferenceLoss() equals the f64 reference: ${name}`, async (device) => {
      using arena = new Arena(device, "test");
      const out = await arena.readAll(preferenceLoss(
        arena,
        {
          logps: arena.upload([logps.length], logps, "logps"),
          reference: arena.upload([base.length], base, "reference"),
          counts: arena.upload([2 * pairs], counts, "counts"),
        },
        loss,
        { members, pairs },
      ));
      assertEquals([out.losses.length, out.slopes.length], [members * pairs, members * 2 * pairs]);
      for (let k = 0, i = 0; k < members; k++) {
        for (let b = 0; b < pairs; b++, i++) {
          const w = 2 * pairs * k + b, l = w + pairs, r = stride * k + b;
          const slopes = [truth.slopes[w], truth.slopes[l]];
          // f32 rounds the margin by 4u of what it is made of. That moves the value by the slope, and a slope by
          // the curvature: 2 for ipo, at most β²/4 for a logistic, 0 for a hinge.
          const nats = [logps[w], logps[l], base[r], base[r + pairs]]
            .reduce(
              (sum, x) => sum + Math.abs(x),
              target * Math.max(1, counts[b], counts[pairs + b]),
            );
          const margin = 4 * u * nats;
          // 16u of arithmetic; WGSL's exp is good to (3 + 2|z|) ulp, and the losses cut |z| at 87.
          const z = beta * (logps[w] - base[r] - logps[l] + base[r + pairs]);
          const rtol = u * (16 + (beta > 0 ? 2 * (3 + 2 * Math.min(87, Math.abs(z))) : 0));
          const steep = Math.max(...slopes.map(Math.abs)) * pairs;
          const bend = loss.name === "ipo" ? 2 : beta ** 2 / 4;
          const value = { rtol, atol: margin * steep + 1e-37 };
          const slope = { rtol, atol: (margin * bend + 4 * u * beta) / pairs + 1e-37 };
          assertClose([out.losses[i]], [truth.losses[i]], value, `loss of pair ${i}`);
          assertClose([out.slopes[w], out.slopes[l]], slopes, slope, `slopes of pair ${i}`);
        }
      }
    });
  }
}

deviceTest(
  "preferenceLoss() is NaN for a pair with a number that is none, and for no other",
  async (device) => {
    const members = 2,
      pairs = 3,
      stride = 6,
      { logps, base, counts } = batch(members, pairs, stride);
    const sizes = { members, pairs, referenceStride: stride };
    for (const { title, loss } of lossTable) {
      const run = async (logps: Float32Array, base: Float32Array) => {
        using arena = new Arena(device, "test");
        return await arena.readAll(preferenceLoss(
          arena,
          {
            logps: arena.upload([logps.length], logps, "logps"),
            reference: arena.upload([base.length], base, "reference"),
            counts: arena.upload([2 * pairs], counts, "counts"),
          },
          loss,
          { members, pairs },
        ));
      };
      const sound = await run(logps, base);
      for (const value of [NaN, Infinity, -Infinity]) {
        // The second pair of the first member, the third of the second.
        for (const [name, at] of [["logps", 1], ["logps", 11], ["base", 4], ["base", 8]] as const) {
          const sick = { logps: logps.slice(), base: base.slice() };
          sick[name][at] = value;
          const pair = [1, 4, 8, 11].indexOf(at) < 2 ? 1 : 5;
          const out = await run(sick.logps, sick.base);
          const truth = reference.preferenceLoss(loss, sick.logps, sick.base, counts, sizes);
          const isNone = (x: ArrayLike<number>) => Array.from(x, Number.isNaN);
          assertEquals(isNone(truth.losses), [0, 1, 2, 3, 4, 5].map((i) => i === pair), title);
          assertEquals(isNone(out.losses), isNone(truth.losses), `${title}: ${value} in ${name}`);
          assertEquals(isNone(out.slopes), isNone(truth.slopes), `${title}: ${value} in ${name}`);
          const others = (x: ArrayLike<number>, y: ArrayLike<number>) =>
            Array.from(x).filter((_, i) => !Number.isNaN(y[i]));
          for (const part of ["losses", "slopes"] as const) {
            assertEquals(others(out[part], out[part]), others(sound[part], out[part]), title);
          }
        }
      }
    }
  },
);

const mine: KernelLoss = {
  name: "squared-hinge",
  value: ({ dw, dl }) => Math.max(0, 1 - (dw - dl)) ** 2,
  slopes: ({ dw, dl }) => {
    const slope = -2 * Math.max(0, 1 - (dw - dl));
    return { dw: slope, dl: -slope };
  },
};

deviceTest("preferenceLoss() runs a loss without WGSL on the CPU device", async (device) => {
  using arena = new Arena(device, "test");
  const { losses, slopes } = preferenceLoss(
    arena,
    {
      logps: arena.upload([4], new Float32Array([-3, -5, -4, -9]), "logps"),
      reference: arena.upload([4], new Float32Array([-3, -6, -4, -8]), "reference"),
      counts: arena.upload([4], new Uint32Array([1, 2, 3, 4]), "counts"),
    },
    mine,
    { members: 1, pairs: 2 },
  );
  const out = await arena.readAll({ losses, slopes });
  assertEquals([...out.losses, ...out.slopes], [1, 0, -1, -0, 1, 0]);
}, ["cpu"]);

deviceTest("preferenceLoss() refuses a loss without WGSL on WebGPU", (device) => {
  using arena = new Arena(device, "test");
  const rows = arena.upload([2], uniform(2, 1), "rows");
  const counts = arena.upload([2], new Uint32Array(2), "counts");
  assertThrows(
    () =>
      preferenceLoss(arena, { logps: rows, reference: rows, counts }, mine, {
        members: 1,
        pairs: 1,
      }),
    TypeError,
    'wgsl of the loss "squared-hinge" is undefined',
  );
}, ["webgpu"]);

deviceTest("preferenceLoss() refuses log-probs of other rows", (device) => {
  using arena = new Arena(device, "test");
  const logps = arena.upload([6], uniform(6, 1), "logps");
  const counts = arena.upload([4], new Uint32Array(4), "counts");
  const { loss } = lossTable[0];
  assertThrows(
    () =>
      preferenceLoss(arena, { logps, reference: logps, counts }, loss, { members: 1, pairs: 2 }),
    TypeError,
    "logps is [6], expected 4 elements",
  );
});

Deno.test("preferenceLossOnHost() rounds the f64 reference once, and checks lengths", () => {
  for (const { loss } of lossTable) {
    const { logps, base, counts } = batch(2, 5, 10);
    const sizes = { members: 2, pairs: 5 };
    const out = preferenceLossOnHost(loss, { logps, reference: base, counts }, sizes);
    const truth = reference.preferenceLoss(loss, logps, base, counts, {
      ...sizes,
      referenceStride: 10,
    });
    assertEquals(out.losses, new Float32Array(truth.losses));
    assertEquals(out.slopes, new Float32Array(truth.slopes));
    assertThrows(
      () => preferenceLossOnHost(loss, { logps, reference: base, counts: [1] }, sizes),
      TypeError,
      "counts has 1 elements, expected 10",
    );
  }
});

Deno.test("preferenceLossKernel() is one a loss object, named by its options", () => {
  const names = lossTable.map(({ loss }) => preferenceLossKernel(loss).name);
  assertEquals(new Set(names).size, names.length);
  assertStrictEquals(preferenceLossKernel(mine), preferenceLossKernel(mine));
  assertNotStrictEquals(preferenceLossKernel(mine), preferenceLossKernel({ ...mine }));
});
