// Gradients of the kernels are checked beside them; here: that linear() puts them together, adapter included.
import { assertEquals, assertThrows } from "@std/assert";
import { dequantise, quantise, uploadMatrix, wordsPerRow } from "../../../backend/mod.ts";
import { adapterLayout, linear, Tape } from "../../../core/mod.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { checkGradient, inner } from "../../support/gradcheck.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { uniform } from "../../support/random.ts";
import { WatchingArena } from "../../support/watching.ts";

const IN = 5, OUT = 7, ROWS = 6, MEMBERS = 2, RANK = 3, SCALE = 2;
const layout = adapterLayout([{ name: "layer", inDim: IN, outDim: OUT }], {
  rank: RANK,
  alpha: SCALE * RANK,
});
const layer = layout.modules.get("layer")!;

/** What linear() says in its comment, in f64: rows of member g see only A_g and B_g. */
function linearTruth(x: Float64Array, w: Float64Array, p: Float64Array): Float64Array {
  const y = new Float64Array(ROWS * OUT);
  for (let i = 0; i < ROWS; i++) {
    const at = Math.floor(i / (ROWS / MEMBERS)) * layout.size;
    for (let o = 0; o < OUT; o++) {
      for (let d = 0; d < IN; d++) {
        let weight = w[o * IN + d];
        for (let r = 0; r < RANK; r++) {
          weight += SCALE * p[at + layer.bOffset + r * OUT + o] *
            p[at + layer.aOffset + r * IN + d];
        }
        y[i * OUT + o] += weight * x[i * IN + d];
      }
    }
  }
  return y;
}

deviceTest(
  "linear() with members has the values and gradients of W + scale·B·A for each",
  async (device) => {
    const xs = uniform(ROWS * IN, 1), ws = uniform(OUT * IN, 2);
    const ps = uniform(MEMBERS * layout.size, 3), rs = uniform(ROWS * OUT, 4);
    const dys = uniform(ROWS * OUT, 5);
    using arena = new WatchingArena(device, "test");
    const x = arena.upload([ROWS, IN], xs, "x"), w = arena.upload([OUT, IN], ws, "w");
    const params = arena.upload([MEMBERS, layout.size], ps, "params");
    const residual = arena.upload([ROWS, OUT], rs, "residual");
    const gradient = arena.zeros([MEMBERS, layout.size], "gradient");
    const tape = new Tape(arena, true);
    const use = { layout, params, gradient };
    const lora = { use, module: layer };
    const y = linear(tape, x, { tensor: w, trains: true }, { lora, residual });
    const again = linear(tape, x, { tensor: w, trains: true }, { residual }); // x, w and residual reused
    const [dy, dAgain] = [
      arena.upload([ROWS, OUT], dys, "dy"),
      arena.upload([ROWS, OUT], dys, "dy2"),
    ];
    const copies = { y: arena.clone(y), again: arena.clone(again) };
    tape.accumulate(y, () => dy);
    tape.accumulate(again, () => dAgain);
    tape.backward();
    const grads = {
      x: tape.gradient(x)!,
      w: tape.gradient(w)!,
      residual: tape.gradient(residual)!,
    };
    assertEquals(
      arena.aliveBut(x, w, params, residual, gradient, ...Object.values({ ...grads, ...copies })),
      [],
    );
    const read = await arena.readAll({ ...copies, ...grads, params: gradient });

    const f64 = (a: Float32Array) => Float64Array.from(a);
    const none = new Float64Array(ps.length);
    const truth = linearTruth(f64(xs), f64(ws), f64(ps)).map((v, i) => v + rs[i]);
    const tolerance = f32Sum(IN + RANK * IN, 4);
    assertClose(read.y, truth, tolerance, "y");
    assertClose(
      read.again,
      linearTruth(f64(xs), f64(ws), none).map((v, i) => v + rs[i]),
      tolerance,
      "without an adapter",
    );
    assertClose(read.residual, dys.map((v) => 2 * v), f32Sum(1), "residual");
    const sum = (x: Float64Array, w: Float64Array, p: Float64Array) =>
      inner(linearTruth(x, w, p), dys) + inner(linearTruth(x, w, none), dys);
    const loose = { rtol: 2e-6, atol: 2e-6 }; // f32 gradients of sums of 42 terms
    checkGradient((v) => sum(v, f64(ws), f64(ps)), read.x, xs, "∂x", loose);
    checkGradient((v) => sum(f64(xs), v, f64(ps)), read.w, ws, "∂W", loose);
    checkGradient((v) => sum(f64(xs), f64(ws), v), read.params, ps, "∂A, ∂B", loose);
  },
);

leavesOnlyGradients("linear", (arena, tape) => {
  const x = rows(arena, IN, 1, "x"), w = arena.upload([OUT, IN], uniform(OUT * IN, 2), "w");
  return { inputs: [x, w], y: linear(tape, x, { tensor: w, trains: true }) };
});

for (const adapted of [false, true]) {
  for (const more of ["a bias", "a bias and a residual"]) {
    deviceTest(
      `linear() adds ${more}${adapted ? ", with an adapter" : ""}, and sums its gradient`,
      async (device) => {
        const xs = uniform(ROWS * IN, 1), ws = uniform(OUT * IN, 2), bs = uniform(OUT, 6);
        const ps = uniform(MEMBERS * layout.size, 3), rs = uniform(ROWS * OUT, 4);
        const dys = uniform(ROWS * OUT, 5);
        using arena = new WatchingArena(device, "test");
        const x = arena.upload([ROWS, IN], xs, "x"), w = arena.upload([OUT, IN], ws, "w");
        const b = arena.upload([OUT], bs, "b"),
          residual = arena.upload([ROWS, OUT], rs, "residual");
        const params = arena.upload([MEMBERS, layout.size], ps, "params");
        const tape = new Tape(arena, true);
        const options = {
          lora: adapted ? { use: { layout, params }, module: layer } : undefined,
          residual: more === "a bias" ? undefined : residual,
        };
        const weight = { tensor: w, trains: false }, bias = { tensor: b, trains: true };
        const first = linear(tape, x, weight, { ...options, bias });
        const second = linear(tape, x, weight, { ...options, bias });
        const value = arena.clone(first);
        for (const y of [first, second]) {
          tape.accumulate(y, () => arena.upload([ROWS, OUT], dys, "dy"));
        }
        tape.backward();
        const kept = [x, w, b, residual, params, value, tape.gradient(x), tape.gradient(b)];
        assertEquals(arena.aliveBut(...kept, tape.gradient(residual)), []);
        const read = await arena.readAll({ value, db: tape.gradient(b)! });
        const p = adapted ? Float64Array.from(ps) : new Float64Array(ps.length);
        const plain = linearTruth(Float64Array.from(xs), Float64Array.from(ws), p);
        const truth = plain.map((v, i) =>
          v + bs[i % OUT] + (options.residual === undefined ? 0 : rs[i])
        );
        assertClose(read.value, truth, f32Sum(IN + RANK * IN, 4), "y");
        const sums = Float64Array.from({ length: OUT }, (_, o) => {
          let sum = 0;
          for (let r = 0; r < ROWS; r++) sum += 2 * dys[r * OUT + o];
          return sum;
        });
        assertClose(read.db, sums, f32Sum(2 * ROWS), "db");
      },
    );
  }
}

for (const [dtype, maxBytes] of [["int8", undefined], ["f32", 3], ["int4", 2]] as const) {
  deviceTest(
    `linear() on a frozen matrix of ${dtype}${
      maxBytes ? " in blocks" : ""
    } has its values and gradients`,
    async (device) => {
      const xs = uniform(ROWS * IN, 1), ws = uniform(OUT * IN, 2), dys = uniform(ROWS * OUT, 5);
      const ps = uniform(MEMBERS * layout.size, 3);
      using arena = new WatchingArena(device, "test");
      const x = arena.upload([ROWS, IN], xs, "x");
      const w = uploadMatrix(arena, [OUT, IN], ws, {
        dtype,
        label: "w",
        maxBytes: maxBytes && maxBytes * 4 * wordsPerRow(dtype, IN).data,
      });
      const params = arena.upload([MEMBERS, layout.size], ps, "params");
      const gradient = arena.zeros([MEMBERS, layout.size], "gradient");
      const tape = new Tape(arena, true);
      const lora = { use: { layout, params, gradient }, module: layer };
      const y = linear(tape, x, { tensor: w, trains: false }, { lora });
      const value = arena.clone(y);
      tape.accumulate(y, () => arena.upload([ROWS, OUT], dys, "dy"));
      tape.backward();
      const read = await arena.readAll({ value, dx: tape.gradient(x)!, dp: gradient });
      const f64 = (a: Float32Array) => Float64Array.from(a);
      const exact = f64(dequantise(quantise([OUT, IN], ws, dtype)));
      const tolerance = f32Sum(IN + RANK * IN, 4);
      assertClose(read.value, linearTruth(f64(xs), exact, f64(ps)), tolerance, "y");
      const loose = { rtol: 2e-6, atol: 2e-6 }; // f32 gradients of sums of 42 terms
      const sum = (x: Float64Array, p: Float64Array) => inner(linearTruth(x, exact, p), dys);
      checkGradient((v) => sum(v, f64(ps)), read.dx, xs, "∂x", loose);
      checkGradient((v) => sum(f64(xs), v), read.dp, ps, "∂A, ∂B", loose);
    },
  );
}

deviceTest("linear() trains f32 in one block and nothing else", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true), ws = uniform(OUT * IN, 2);
  const x = rows(arena, IN, 1, "x");
  const upload = (dtype: "f32" | "f16", maxBytes?: number) =>
    uploadMatrix(arena, [OUT, IN], ws, { dtype, label: "w", maxBytes });
  const one = upload("f32");
  const y = linear(tape, x, { tensor: one, trains: true });
  tape.accumulate(y, () => arena.clone(y, "dy"));
  tape.backward();
  assertEquals(tape.gradient(one.blocks[0].data)!.shape, [OUT, IN]);
  for (
    const [tensor, found] of [[upload("f16"), "f16 in 1 block"], [
      upload("f32", 80),
      "f32 in 2 blocks",
    ]] as const
  ) {
    assertThrows(
      () => linear(tape, x, { tensor, trains: true }),
      TypeError,
      `Cannot train "w": it is ${found}, expected f32 in one. Train an adapter on it, or load it as f32`,
    );
  }
});

deviceTest("linear() computes no gradient of an input that nothing upstream wants", (device) => {
  const dispatched = (wanted: boolean, gradient: boolean) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const x = rows(arena, IN, 1, "x"), residual = rows(arena, OUT, 2, "residual");
    const w = arena.upload([OUT, IN], uniform(OUT * IN, 2), "w");
    const params = arena.zeros([MEMBERS, layout.size], "params");
    const use = {
      layout,
      params,
      ...(gradient && { gradient: arena.zeros(params.shape, "gradient") }),
    };
    if (!wanted) tape.flow(x, []);
    const y = linear(tape, x, { tensor: w, trains: false }, {
      lora: { use, module: layer },
      residual,
    });
    tape.accumulate(y, () => rows(arena, OUT, 3, "dy"));
    arena.commit();
    const before = device.stats().dispatches;
    tape.backward();
    arena.commit();
    assertEquals([tape.gradient(x) !== undefined, tape.wants(y)], [wanted, true]);
    assertEquals(arena.alive.some(({ storage }) => storage.label === "lora.v"), false);
    return device.stats().dispatches - before;
  };
  const [both, noInput, noAdapter, neither] = [[true, true], [false, true], [true, false], [
    false,
    false,
  ]]
    .map(([wanted, gradient]) => dispatched(wanted, gradient));
  assertEquals([both - noInput, noAdapter, neither], [1, 2, 0]);
});

deviceTest("linear() passes on that nothing upstream trains", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const x = rows(arena, IN, 1, "x"), w = arena.upload([OUT, IN], uniform(OUT * IN, 2), "w");
  const b = arena.zeros([OUT], "b");
  tape.flow(x, []);
  const wants = (trains: boolean, biasTrains: boolean) =>
    tape.wants(linear(tape, x, { tensor: w, trains }, { bias: { tensor: b, trains: biasTrains } }));
  assertEquals([wants(false, false), wants(true, false), wants(false, true)], [false, true, true]);
});
