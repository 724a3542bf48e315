// Gradients of the kernels are checked beside them; here: that ops put them together, and leave nothing behind.
import { assertEquals, assertThrows } from "@std/assert";
import type { Arena, Device, Tensor } from "../../backend/mod.ts";
import { ropeTable } from "../../backend/mod.ts";
import {
  adapterLayout,
  attention,
  gather,
  linear,
  rmsNorm,
  rope,
  siluMul,
  Tape,
} from "../../core/mod.ts";
import { assertClose, f32Sum } from "../support/close.ts";
import { deviceTest } from "../support/devices.ts";
import { checkGradient, inner } from "../support/gradcheck.ts";
import { uniform } from "../support/random.ts";
import { WatchingArena } from "../support/watching.ts";

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

/** One op of each kind on small inputs: its inputs and its output. */
type Case = (arena: Arena, tape: Tape) => { inputs: Tensor[]; y: Tensor };
const segments = (arena: Arena) => ({
  starts: arena.upload([2], new Uint32Array([0, 3]), "starts"),
  lengths: arena.upload([2], new Uint32Array([3, 3]), "lengths"),
  maxLength: 3,
});
const rows = (arena: Arena, width: number, seed: number, label: string) =>
  arena.upload([ROWS, width], uniform(ROWS * width, seed), label);
const cases: Record<string, Case> = {
  linear(arena, tape) {
    const x = rows(arena, IN, 1, "x"), w = arena.upload([OUT, IN], uniform(OUT * IN, 2), "w");
    return { inputs: [x, w], y: linear(tape, x, { tensor: w, trains: true }) };
  },
  rmsNorm(arena, tape) {
    const x = rows(arena, IN, 1, "x"), w = arena.upload([IN], uniform(IN, 2), "w");
    return { inputs: [x, w], y: rmsNorm(tape, x, { tensor: w, trains: true }, 1e-5) };
  },
  rope(arena, tape) {
    const x = rows(arena, 8, 1, "x");
    const positions = arena.upload([ROWS], new Uint32Array([0, 1, 2, 0, 1, 2]), "positions");
    const table = arena.upload([4, 4], ropeTable(4, 4, 100), "table");
    return {
      inputs: [x, positions, table],
      y: rope(tape, x, positions, table, { heads: 2, headDim: 4 }),
    };
  },
  attention(arena, tape) {
    const q = rows(arena, 8, 1, "q"), k = rows(arena, 4, 2, "k"), v = rows(arena, 4, 3, "v");
    const s = segments(arena);
    return {
      inputs: [q, k, v, s.starts, s.lengths],
      y: attention(tape, { q, k, v }, s, { heads: 2, kvHeads: 1, headDim: 4 }),
    };
  },
  siluMul(arena, tape) {
    const gate = rows(arena, IN, 1, "gate"), up = rows(arena, IN, 2, "up");
    return { inputs: [gate, up], y: siluMul(tape, gate, up) };
  },
  gather(arena, tape) {
    const table = rows(arena, IN, 1, "table");
    const ids = arena.upload([3], new Uint32Array([4, 0, 4]), "ids");
    return { inputs: [table, ids], y: gather(tape, { tensor: table, trains: true }, ids) };
  },
};
for (const [name, build] of Object.entries(cases)) {
  deviceTest(`${name}() leaves only its output, and after backward only gradients`, (device) => {
    for (const recording of [true, false]) {
      using arena = new WatchingArena(device, "test");
      const tape = new Tape(arena, recording);
      const { inputs, y } = build(arena, tape);
      if (!recording) {
        assertEquals(arena.aliveBut(...inputs, y), []);
        continue;
      }
      tape.accumulate(y, () => arena.clone(y, "dy"));
      tape.backward();
      assertEquals(arena.aliveBut(...inputs, ...inputs.map((x) => tape.gradient(x))), []);
      arena.commit();
    }
  });
}

deviceTest(
  "gather() sends the sum of its rows back, and exact zeros to rows that it did not take",
  async (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const table = arena.upload([4, 1], new Float32Array([1, 2, 3, 4]), "table");
    const take = (...ids: number[]) =>
      gather(
        tape,
        { tensor: table, trains: true },
        arena.upload([ids.length], Uint32Array.from(ids), "ids"),
      );
    const first = take(3, 0, 3), second = take(0);
    const gradient = (...g: number[]) => arena.upload([g.length, 1], Float32Array.from(g), "dy");
    tape.accumulate(first, () => gradient(1, 10, 100));
    tape.accumulate(second, () => gradient(1000));
    tape.backward();
    assertEquals([...await arena.read(tape.gradient(table)!)], [1010, 0, 0, 101]);
  },
);

deviceTest("gather() of a frozen table leaves no gradient", (device) => {
  using arena = new WatchingArena(device, "test");
  const tape = new Tape(arena, true);
  const table = rows(arena, IN, 1, "table");
  const ids = arena.upload([1], new Uint32Array([2]), "ids");
  const y = gather(tape, { tensor: table, trains: false }, ids);
  tape.accumulate(y, () => arena.clone(y, "dy"));
  tape.backward();
  assertEquals(arena.aliveBut(table, ids), []);
});

const once: [name: string, use: (tape: Tape, x: Tensor, device: Device) => Tensor, why: string][] =
  [
    [
      "rope",
      (tape, x) => {
        const { arena } = tape;
        const positions = arena.upload([ROWS], new Uint32Array(ROWS), "positions");
        const table = arena.upload([4, 4], ropeTable(4, 4, 100), "table");
        return rope(tape, x, positions, table, { heads: 2, headDim: 4 });
      },
      "the input of rope used twice",
    ],
    [
      "attention",
      (tape, x) =>
        attention(tape, { q: x, k: x, v: x }, segments(tape.arena), {
          heads: 1,
          kvHeads: 1,
          headDim: 8,
        }),
      "an input of attention used twice",
    ],
  ];
for (const [name, use, why] of once) {
  deviceTest(`${name}() refuses to differentiate an input that has another use`, (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const x = rows(arena, 8, 1, "x");
    for (const y of [use(tape, x, device), use(tape, x, device)]) {
      tape.accumulate(y, () => arena.clone(y, "dy"));
    }
    assertThrows(() => tape.backward(), Error, why);
  });
}
