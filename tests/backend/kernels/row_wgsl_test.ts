import { assertEquals } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import { eachColumnWgsl, ROW_WGSL, rowSumsWgsl } from "../../../backend/kernels/row_wgsl.ts";
import { grid } from "../../../backend/workgroup.ts";
import { deviceTest } from "../../support/devices.ts";

/** y[row] = Σ x[row], Σ c·x[row], and z = the first less 2x. */
const rowSums: Kernel = {
  name: "rowSums",
  bindings: [
    { name: "x", access: "read" },
    { name: "y", access: "read_write" },
    { name: "z", access: "read_write" },
  ],
  params: [["rows", "u32"]],
  fixed: ["D"],
  wgsl: () =>
    /* wgsl */ `${ROW_WGSL}
  ${rowSumsWgsl({ sum: "v", weighted: "f32(c) * v" }, "let v = x[at];")}
  ${eachColumnWgsl("z[at] = sum - 2.0 * x[at];")}
  if (local == 0u) { y[2u * row] = sum; y[2u * row + 1u] = weighted; }
}`,
  workgroups: (p) => grid(p.rows + 1, 1),
  cpu: [],
};

deviceTest(
  "rowSumsWgsl() and eachColumnWgsl() have each row to themselves, and none past the last",
  async (device) => {
    for (const [rows, D] of [[1, 1], [3, 64], [2, 65], [1, 200]]) {
      using arena = new Arena(device, "test");
      const number = (r: number, c: number) => (r + 1) * (c % 7) + 1;
      const all = Array.from(
        { length: rows },
        (_, r) => Array.from({ length: D }, (_, c) => number(r, c)),
      );
      const x = arena.upload([rows, D], new Float32Array(all.flat()), "x");
      const y = arena.upload([rows + 1, 2], new Float32Array(2 * rows + 2).fill(-1), "y");
      const z = arena.upload([rows + 1, D], new Float32Array((rows + 1) * D).fill(-1), "z");
      arena.dispatch(rowSums, { bind: { x, y, z }, params: { rows }, fixed: { D } });
      const sum = (row: number[], weight: (c: number) => number) =>
        row.reduce((sum, v, c) => sum + weight(c) * v, 0);
      const read = await arena.readAll({ y, z });
      assertEquals([...read.y], [
        ...all.flatMap((row) => [sum(row, () => 1), sum(row, (c) => c)]),
        ...[-1, -1],
      ]);
      assertEquals([...read.z], [
        ...all.flatMap((row) => row.map((v) => sum(row, () => 1) - 2 * v)),
        ...Array(D).fill(-1),
      ]);
    }
  },
  ["webgpu"],
);
