import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../../backend/arena.ts";
import { linear, matmul, type Operand } from "../../../../backend/kernels/matmul/matmul.ts";
import { type BaseDType, dequantise, quantise } from "../../../../backend/quantise.ts";
import * as reference from "../../../../backend/reference/matmul.ts";
import { assertClose, f32Sum } from "../../../support/close.ts";
import { deviceTest } from "../../../support/devices.ts";
import { uniform } from "../../../support/random.ts";

interface Case {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly groups?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha?: number;
  readonly rank?: number;
  readonly transposeT?: boolean;
  /** b has groupStride 0. */
  readonly shared?: boolean;
  /** D is added. */
  readonly add?: boolean;
  /** B is stored so. */
  readonly narrow?: Exclude<BaseDType, "f32">;
}

const cases: Case[] = [
  { M: 1, N: 1, K: 1 },
  { M: 63, N: 65, K: 17 },
  { M: 64, N: 64, K: 16, groups: 3, transposeB: true, rank: 8, shared: true, add: true },
  { M: 65, N: 63, K: 15, groups: 2, transposeB: true, rank: 3, transposeT: true, alpha: -0.5 },
  { M: 5, N: 130, K: 33, transposeB: true, alpha: 3 },
  { M: 70, N: 9, K: 129, groups: 2, add: true },
  { M: 17, N: 31, K: 40, groups: 2, shared: true, rank: 17 },
  { M: 130, N: 300, K: 24, groups: 2, shared: true, transposeB: true, rank: 2, transposeT: true },
  { M: 66, N: 8, K: 1030, transposeB: true, add: true },
  { M: 600, N: 4, K: 6 },
  { M: 8, N: 70, K: 1100, groups: 2, transposeA: true, alpha: 0.25, add: true },
  { M: 70, N: 8, K: 515, transposeA: true, rank: 5, alpha: 2 },
  { M: 5, N: 6, K: 700, transposeA: true, transposeB: true },
  {
    M: 33,
    N: 20,
    K: 257,
    groups: 2,
    transposeA: true,
    shared: true,
    add: true,
    rank: 4,
    transposeT: true,
  },
  { M: 260, N: 1030, K: 3, transposeA: true },
  { M: 300, N: 7, K: 400, transposeA: true, alpha: 0.5 },
  { M: 40, N: 32, K: 200, groups: 2, transposeA: true, add: true },
  ...(["f16", "int8", "int4"] as const).flatMap((narrow): Case[] => [
    { narrow, M: 1, N: 1, K: 1, shared: true },
    { narrow, M: 33, N: 65, K: 31, shared: true, transposeB: true },
    { narrow, M: 9, N: 33, K: 300, shared: true, transposeB: true, alpha: 2 }, // past 256 columns
    { narrow, M: 20, N: 12, K: 64, shared: true, transposeB: true, groups: 3, rank: 3, add: true },
    { narrow, M: 17, N: 71, K: 65, shared: true, groups: 2, rank: 2, transposeT: true },
    { narrow, M: 70, N: 300, K: 33, shared: true, add: true },
  ]),
];

for (const one of cases) {
  const { M, N, K, groups = 1, transposeB, alpha = 1, rank = 0, transposeT, shared, add } = one;
  const { narrow } = one;
  const a = uniform(groups * M * K, 1), wide = uniform((shared ? 1 : groups) * K * N, 2);
  const stored = narrow && quantise(transposeB ? [N, K] : [K, N], wide, narrow);
  const b = stored === undefined ? wide : dequantise(stored);
  const u = uniform(groups * M * rank, 3), t = uniform(groups * rank * N, 4);
  const d = uniform(groups * M * N, 5);
  const args = {
    ...{ M, N, K, groups, transposeA: one.transposeA, transposeB, alpha },
    tail: rank === 0 ? undefined : { rank, alpha: 1.5, transposeT },
  };
  const groupStride = shared ? 0 : undefined;
  const truth = reference.matmul({
    ...args,
    a: { data: a },
    b: { data: b, groupStride },
    tail: args.tail && { ...args.tail, u: { data: u }, t: { data: t } },
    add: add ? { data: d } : undefined,
  });
  deviceTest(`matmul() equals the f64 reference for ${JSON.stringify(one)}`, async (device) => {
    using arena = new Arena(device, "test");
    const up = (data: Float32Array, name: string) => ({
      tensor: arena.upload([data.length], data, name),
    });
    const words = (data: Uint32Array, name: string) => arena.upload([data.length], data, name);
    const both = {
      ...args,
      a: up(a, "a"),
      b: stored === undefined
        ? { ...up(b, "b"), groupStride }
        : { tensor: words(stored.data as Uint32Array, "b") },
      narrow: stored && {
        dtype: narrow!,
        scales: stored.scales && words(stored.scales, "scales"),
      },
      tail: args.tail && { ...args.tail, u: up(u, "u"), t: up(t, "t") },
      add: add ? up(d, "d") : undefined,
    };
    const tolerance = f32Sum(K + rank, Math.max(1, Math.abs(alpha)));
    for (const variant of device.info.kind === "cpu" ? [undefined] : ["tiled", "direct"] as const) {
      const c = matmul(arena, { ...both, variant });
      assertEquals(c.shape, [groups * M, N]);
      assertClose(await arena.read(c), truth, tolerance, `c ${variant ?? ""}`);
    }
  });
}

for (const [transposeA, thin] of [[false, false], [true, false], [true, true]]) {
  deviceTest(
    `matmul() reads and writes inside larger tensors, transposeA ${transposeA}, thin ${thin}`,
    async (device) => {
      using arena = new Arena(device, "test");
      const M = thin ? 12 : 6, N = 9, groups = 2, rank = 3;
      const K = thin ? 300 : transposeA ? 600 : 10; // not split, split, not split
      const operand = (rows: number, cols: number, seed: number) => {
        const place = { offset: 5, ld: cols + 2, groupStride: rows * (cols + 2) + 3 };
        const data = uniform(5 + groups * place.groupStride, seed);
        return { data, ...place };
      };
      const host = {
        a: transposeA ? operand(K, M, 1) : operand(M, K, 1),
        b: operand(K, N, 2),
        u: operand(M, rank, 3),
        t: operand(rank, N, 4),
        d: operand(M, N, 5),
        out: operand(M, N, 6),
      };
      const sizes = { M, N, K, groups, transposeA, alpha: 0.5 };
      const truth = reference.matmul({
        ...sizes,
        ...{ a: host.a, b: host.b, add: thin ? undefined : host.d },
        tail: thin ? undefined : { u: host.u, t: host.t, rank, alpha: -1 },
      });
      const on = Object.fromEntries(
        Object.entries(host).map(([name, { data, ...place }]) => [name, {
          ...place,
          tensor: arena.upload([data.length], data, name),
        }]),
      ) as Record<keyof typeof host, Operand>;
      const c = matmul(arena, {
        ...sizes,
        ...{ a: on.a, b: on.b, add: thin ? undefined : on.d, out: on.out },
        tail: thin ? undefined : { u: on.u, t: on.t, rank, alpha: -1 },
      });
      assertEquals(c, on.out.tensor);
      const expected = Float64Array.from(host.out.data);
      truth.forEach((x, i) => {
        const g = Math.floor(i / (M * N)), m = Math.floor(i / N) % M;
        expected[5 + g * host.out.groupStride + m * host.out.ld + i % N] = x;
      });
      assertClose(await arena.read(c), expected, f32Sum(K), "out and what lies between its rows");
    },
  );
}

deviceTest("matmul() folds a grid of more than 65,535 workgroups", async (device) => {
  using arena = new Arena(device, "test");
  const M = 65536 * 8 + 3, x = uniform(M, 1);
  const c = matmul(arena, {
    a: { tensor: arena.upload([M, 1], x, "x") },
    b: { tensor: arena.upload([1], new Float32Array([2]), "w") },
    ...{ M, N: 1, K: 1, alpha: 2 },
  });
  assertEquals(await arena.read(c), x.map((v) => 4 * v));
});

deviceTest(
  "matmul() adds one row to every row of every group where add's ld is 0",
  async (device) => {
    using arena = new Arena(device, "test");
    const M = 130, N = 70, K = 9, groups = 2;
    const a = uniform(groups * M * K, 1), b = uniform(K * N, 2), d = uniform(3 + N, 3);
    const up = (data: Float32Array) => ({ tensor: arena.upload([data.length], data, "x") });
    for (const transposeA of [false, true]) {
      const sizes = { M, N, K, groups, transposeA };
      const place = { offset: 3, ld: 0, groupStride: 0 };
      const truth = reference.matmul({
        ...sizes,
        a: { data: a },
        b: { data: b, groupStride: 0 },
        add: { data: d, ...place },
      });
      const c = matmul(arena, {
        ...sizes,
        a: up(a),
        b: { ...up(b), groupStride: 0 },
        add: { ...up(d), ...place },
      });
      assertClose(await arena.read(c), truth, f32Sum(K), `c, transposeA ${transposeA}`);
    }
  },
);

deviceTest("matmul() refuses a narrow B with other words, places or a transposed A", (device) => {
  using arena = new Arena(device, "test");
  const a = { tensor: arena.zeros([2, 40], "a") }, sizes = { M: 2, N: 3, K: 40, transposeB: true };
  const words = (n: number) => arena.zeros([n], "words", "u32");
  const b = { tensor: words(48) }, narrow = { dtype: "int8", scales: words(6) } as const;
  matmul(arena, { ...sizes, a, b: { tensor: words(48) }, narrow });
  for (
    const [change, message] of [
      [{ b: { tensor: words(47) } }, "b is [47], expected [3, 16] words of int8 for [3, 40]"],
      [{ narrow: { ...narrow, scales: words(5) } }, "scales is [5], expected [3, 2] words of int8"],
      [{ narrow: { dtype: "int8" } as const }, "scales is [], expected [3, 2] words of int8"],
      [{ transposeA: true }, "b is int8, expected f32 where A is transposed"],
      [{ b: { ...b, offset: 0 } }, "b is int8, expected f32"],
      [{ b: { ...b, ld: 16 } }, "b is int8, expected f32"],
      [{ b: { ...b, groupStride: 48 } }, "b is int8, expected f32"],
    ] as const
  ) {
    assertThrows(() => matmul(arena, { ...sizes, a, b, narrow, ...change }), TypeError, message);
  }
});

deviceTest("matmul() has the same bits every time, also where K is split", async (device) => {
  using arena = new Arena(device, "test");
  const M = 8, N = 40, K = 2000, transposeA = true;
  const a = { tensor: arena.upload([K, M], uniform(K * M, 1), "a") };
  const b = { tensor: arena.upload([K, N], uniform(K * N, 2), "b") };
  const once = () => matmul(arena, { a, b, M, N, K, transposeA });
  const out = await arena.readAll({ first: once(), second: once() });
  assertEquals(out.first, out.second);
});

deviceTest(
  "matmul() refuses operands that are too small, an aliased out and bad sizes",
  (device) => {
    using arena = new Arena(device, "test");
    const tensor = arena.upload([6], uniform(6, 1), "x"), x = { tensor };
    const sizes = { M: 2, N: 2, K: 3 };
    assertThrows(
      () => matmul(arena, { a: x, b: { ...x, offset: 1 }, ...sizes }),
      TypeError,
      "b is [6] at 1 with ld 2 and groupStride 6, expected room for 1 × [3, 2]",
    );
    assertThrows(() => matmul(arena, { a: x, b: x, ...sizes, groups: 2 }), TypeError, "a is [6]");
    assertThrows(
      () => matmul(arena, { a: x, b: x, ...sizes, add: { tensor, ld: 1 } }),
      TypeError,
      "d is [6] at 0 with ld 1",
    );
    assertThrows(
      () => matmul(arena, { a: x, b: x, ...sizes, out: x }),
      TypeError,
      "expected other memory",
    );
    assertThrows(() => matmul(arena, { a: x, b: x, ...sizes, K: 0 }), RangeError, "K is 0");
  },
);

deviceTest(
  "linear() multiplies by the transposed weight and refuses another width",
  async (device) => {
    using arena = new Arena(device, "test");
    const x = uniform(6, 1), w = uniform(12, 2);
    const tx = arena.upload([2, 3], x, "x"), tw = arena.upload([4, 3], w, "w");
    const truth = reference.matmul({
      a: { data: x },
      b: { data: w },
      M: 2,
      N: 4,
      K: 3,
      transposeB: true,
    });
    const y = linear(arena, tx, tw);
    assertEquals(y.shape, [2, 4]);
    assertClose(await arena.read(y), truth, f32Sum(3), "y");
    assertThrows(() => linear(arena, tx, arena.zeros([4, 2], "v")), TypeError, "w is [4,2]");
  },
);
