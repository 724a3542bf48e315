// Gradients of the kernels are checked beside them; here: that the norms send them where they belong.
import { assertEquals } from "@std/assert";
import { layerNorm as layerNormTruth } from "../../../backend/reference/layer_norm.ts";
import { rmsNorm as rmsNormTruth } from "../../../backend/reference/rms_norm.ts";
import { layerNorm, rmsNorm } from "../../../core/ops/norm.ts";
import { Tape } from "../../../core/ops/tape.ts";
import { deviceTest } from "../../support/devices.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { uniform } from "../../support/random.ts";
import { WatchingArena } from "../../support/watching.ts";

const ROWS = 6, D = 5, eps = 1e-5, sizes = { rows: ROWS, cols: D, eps };

leavesOnlyGradients("rmsNorm", (arena, tape) => {
  const x = rows(arena, D, 1, "x"), w = arena.upload([D], uniform(D, 2), "w");
  return { inputs: [x, w], y: rmsNorm(tape, x, { tensor: w, trains: true }, eps) };
});

leavesOnlyGradients("layerNorm", (arena, tape) => {
  const x = rows(arena, D, 1, "x"), w = arena.upload([D], uniform(D, 2), "w");
  const b = arena.upload([D], uniform(D, 3), "b");
  const [weight, bias] = [w, b].map((tensor) => ({ tensor, trains: true }));
  return { inputs: [x, w, b], y: layerNorm(tape, x, weight, bias, eps) };
});

type Numbers = ArrayLike<number>;
const truths = {
  rmsNorm: (x: Numbers, w: Numbers) => rmsNormTruth(x, w, sizes).y,
  layerNorm: (x: Numbers, w: Numbers, b: Numbers) => layerNormTruth(x, w, b, sizes).y,
  "layerNorm without a bias": (x: Numbers, w: Numbers) => layerNormTruth(x, w, undefined, sizes).y,
};
for (const [name, truth] of Object.entries(truths)) {
  deviceTest(`${name}: two uses of one weight, and of x, sum their gradients`, async (device) => {
    const data = { x: uniform(ROWS * D, 1), w: uniform(D, 2), b: uniform(D, 3) };
    const dys = [uniform(ROWS * D, 4), uniform(ROWS * D, 5)];
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const x = arena.upload([ROWS, D], data.x, "x");
    const w = { tensor: arena.upload([D], data.w, "w"), trains: true };
    const b = { tensor: arena.upload([D], data.b, "b"), trains: true };
    for (const dy of dys) {
      const y = name === "rmsNorm"
        ? rmsNorm(tape, x, w, eps)
        : layerNorm(tape, x, w, name === "layerNorm" ? b : undefined, eps);
      tape.accumulate(y, () => arena.upload([ROWS, D], dy, "dy"));
    }
    tape.backward();
    const dx = tape.gradient(x)!, dw = tape.gradient(w.tensor)!, db = tape.gradient(b.tensor);
    assertEquals(db !== undefined, name === "layerNorm");
    const read = await arena.readAll({ dx, dw, db: db ?? dw });
    const dy = dys[0].map((v, i) => v + dys[1][i]);
    const f64 = (a: Float32Array) => Float64Array.from(a);
    const loose = { rtol: 4e-6, atol: 4e-6 }; // f32 gradients of sums of 60 terms, 1/σ up to 4
    const [xs, ws, bs] = [f64(data.x), f64(data.w), f64(data.b)];
    checkGradient((v) => inner(truth(v, ws, bs), dy), read.dx, xs, "∂x", loose);
    checkGradient((v) => inner(truth(xs, v, bs), dy), read.dw, ws, "∂w", loose);
    if (db) checkGradient((v) => inner(truth(xs, ws, v), dy), read.db, bs, "∂b", loose);
  });
}

for (const name of ["rmsNorm", "layerNorm"] as const) {
  deviceTest(`${name}() leaves no gradient of what is frozen`, (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true), x = rows(arena, D, 1, "x");
    const [w, b] = [2, 3].map((seed) => ({
      tensor: arena.upload([D], uniform(D, seed), "frozen"),
      trains: false,
    }));
    const y = name === "rmsNorm" ? rmsNorm(tape, x, w, eps) : layerNorm(tape, x, w, b, eps);
    tape.accumulate(y, () => arena.clone(y, "dy"));
    tape.backward();
    assertEquals(arena.aliveBut(x, w.tensor, b.tensor, tape.gradient(x)), []);
  });
}
