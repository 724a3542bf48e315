import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { mergeExact } from "../../../backend/kernels/merge.ts";
import * as reference from "../../../backend/reference/merge.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { uniform } from "../../support/random.ts";

const cases: { title: string; members: number; size: number; table: reference.MatrixEntry[] }[] = [
  { title: "one member, one element", members: 1, size: 1, table: [[0, 1, 1]] },
  { title: "no gaps", members: 2, size: 96, table: [[0, 64, 0], [64, 32, 1]] },
  {
    title: "gaps before, between and after",
    members: 5,
    size: 211,
    table: [[3, 63, 0], [66, 65, 1], [136, 7, 1], [150, 31, 0]],
  },
];

for (const { title, members, size, table } of cases) {
  const params = uniform(members * size, 7);
  const expected = reference.mergeExact(params, table, { members, size });
  deviceTest(`mergeExact() equals the f64 reference: ${title}`, async (device) => {
    using arena = new Arena(device, "test");
    const merged = mergeExact(
      arena,
      arena.upload([members, size], params, "params"),
      arena.upload([table.length, 3], new Uint32Array(table.flat()), "table"),
    );
    assertEquals(merged.shape, [1, members * size]);
    // A's are copies; B's are one product with the f32 1/K.
    assertClose(await arena.read(merged), expected, { rtol: 2 ** -22, atol: 0 }, "merged");
  });
}

deviceTest("mergeExact() of equal members halves nothing but B", async (device) => {
  using arena = new Arena(device, "test");
  const one = uniform(12, 3), both = new Float32Array(24);
  both.set(one);
  both.set(one, 12);
  const out = await arena.read(mergeExact(
    arena,
    arena.upload([2, 12], both, "params"),
    arena.upload([2, 3], new Uint32Array([0, 8, 0, 8, 4, 1]), "table"),
  ));
  const a = one.slice(0, 8), b = one.slice(8).map((x) => x / 2);
  assertEquals([...out], [...a, ...a, ...b, ...b]);
});

deviceTest("mergeExact() refuses a table that is not [n, 3]", (device) => {
  using arena = new Arena(device, "test");
  const params = arena.upload([2, 4], uniform(8, 1), "params");
  const table = arena.upload([2, 2], new Uint32Array(4), "table");
  assertThrows(() => mergeExact(arena, params, table), TypeError, "table is [2,2], expected 6");
});
