import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import type { Device } from "../../../backend/device.ts";
import { tokenLogpsWeightGrad } from "../../../backend/kernels/token_logps_weight_grad.ts";
import { uploadMatrix } from "../../../backend/matrix.ts";
import { dequantise, quantise } from "../../../backend/quantise.ts";
import * as reference from "../../../backend/reference/token_logps.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { integers, uniform } from "../../support/random.ts";

const u = 2 ** -24;

function data(sizes: reference.HeadSizes) {
  const { H, D, V } = sizes;
  const h = uniform(H * D, 1), w = uniform(V * D, 2), targets = integers(H, 3, V);
  const { lse } = reference.tokenLogps(h, w, targets, sizes);
  return {
    h,
    w,
    targets,
    lse: new Float32Array(lse),
    scale: uniform(H, 4),
    add: uniform(V * D, 5),
  };
}

async function run(device: Device, sizes: reference.HeadSizes, withAdd: boolean) {
  const { H, D, V, softcap } = sizes, x = data(sizes);
  using arena = new Arena(device, "test");
  return await arena.read(tokenLogpsWeightGrad(arena, {
    h: arena.upload([H, D], x.h, "h"),
    w: arena.upload([V, D], x.w, "w"),
    targets: arena.upload([H], x.targets, "targets"),
    lse: arena.upload([H], x.lse, "lse"),
    scale: arena.upload([H], x.scale, "scale"),
    add: withAdd ? arena.upload([V, D], x.add, "add") : undefined,
  }, { softcap }));
}

for (
  const [H, D, V, softcap] of [
    [1, 1, 1],
    [64, 16, 31],
    [65, 33, 33],
    [255, 8, 127],
    [257, 24, 129],
    [600, 65, 300],
    [5, 600, 70],
    [300, 8, 4100],
    [4100, 8, 33],
    [60, 24, 130, 2],
  ]
) {
  const sizes = { H, D, V, softcap }, x = data(sizes);
  const truth = reference.tokenLogpsWeightGrad(x.h, x.w, x.targets, x.lse, x.scale, sizes);
  // A logit's error, and exp's at up to √D nats below the maximum, relative to each p; then H terms are summed, of
  // which a token has its share, and its targets' rows.
  // A softcap adds 4e-7·c to a logit, as in token_logps_test.ts.
  const p = 8 * Math.sqrt(D) * u + 2 * (3 + 2 * Math.sqrt(D)) * u + 4e-7 * (softcap ?? 0);
  const tolerance = { rtol: 8 * u, atol: (p + 8 * u) * Math.sqrt(H) + 8 * u };
  deviceTest(
    `tokenLogpsWeightGrad() equals the f64 reference at [${H}, ${D}], V ${V}, softcap ${softcap}`,
    async (device) => {
      assertClose(await run(device, sizes, false), truth, tolerance, "dW");
      assertClose(
        await run(device, sizes, true),
        truth.map((t, i) => t + x.add[i]),
        tolerance,
        "dW + add",
      );
    },
  );
}

deviceTest("tokenLogpsWeightGrad() has the same bits on one thread and two", async (device) => {
  const sizes = { H: 300, D: 20, V: 400 };
  using single = await CpuDevice.open({ threads: 1, poison: true });
  assertEquals(await run(single, sizes, true), await run(device, sizes, true));
}, ["cpu"]);

deviceTest("tokenLogpsWeightGrad() takes the head as a matrix in blocks", async (device) => {
  const sizes = { H: 30, D: 33, V: 90 }, x = data(sizes), { H, D, V } = sizes;
  const stored = quantise([V, D], x.w, "int8");
  const truth = reference.tokenLogpsWeightGrad(
    x.h,
    dequantise(stored),
    x.targets,
    x.lse,
    x.scale,
    sizes,
  );
  using arena = new Arena(device, "test");
  const dw = tokenLogpsWeightGrad(arena, {
    h: arena.upload([H, D], x.h, "h"),
    w: uploadMatrix(arena, [V, D], x.w, { dtype: "int8", label: "w", maxBytes: 64 * 25 }),
    targets: arena.upload([H], x.targets, "targets"),
    lse: arena.upload([H], x.lse, "lse"),
    scale: arena.upload([H], x.scale, "scale"),
  });
  const p = 8 * Math.sqrt(D) * u + 2 * (3 + 2 * Math.sqrt(D)) * u;
  const tolerance = { rtol: 8 * u, atol: (p + 8 * u) * Math.sqrt(H) + 8 * u };
  assertClose(await arena.read(dw), truth, tolerance, "dW");
});

deviceTest("tokenLogpsWeightGrad() refuses shapes that do not fit", (device) => {
  using arena = new Arena(device, "test");
  const h = arena.upload([2, 3], uniform(6, 1), "h"), w = arena.upload([5, 3], uniform(15, 2), "w");
  const targets = arena.upload([2], new Uint32Array(2), "targets");
  const two = arena.upload([2], uniform(2, 1), "two");
  const args = { h, w, targets, lse: two, scale: two };
  for (
    const [name, change] of [["scale", { scale: h }], ["lse", { lse: w }], ["add", {
      add: h,
    }]] as const
  ) {
    assertThrows(
      () => tokenLogpsWeightGrad(arena, { ...args, ...change }),
      TypeError,
      `${name} is [`,
    );
  }
});
