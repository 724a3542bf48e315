import { assert, assertEquals } from "@std/assert";
import { gpuTile, matmulGrid, matmulWgsl } from "../../../../backend/kernels/matmul/wgsl.ts";

const flags = { TA: 0, TB: 1, TT: 0, TAIL: 1, ADD: 1, RM: 4, RN: 4, DIRECT: 0 };

Deno.test("gpuTile() is 64 × 64 for large products and thin where the output is", () => {
  assertEquals(gpuTile(flags), { rows: 64, cols: 64 });
  assertEquals(gpuTile({ ...flags, RM: 1, RN: 1 }), { rows: 16, cols: 16 });
  assertEquals(gpuTile({ ...flags, DIRECT: 1 }), { rows: 8, cols: 64 });
});

Deno.test("matmulGrid() covers all tiles, groups and splits within 65,535 a dimension", () => {
  assertEquals(matmulGrid({ M: 65, N: 64, groups: 3, splits: 2 }, flags), [12, 1, 1]);
  const [x, y, z] = matmulGrid({ M: 64 * 70_000, N: 1, groups: 1, splits: 1 }, flags);
  assert(x <= 65535 && y <= 65535 && z === 1 && x * y >= 70_000, `${[x, y, z]}`);
});

Deno.test("matmulWgsl() stays within WebGPU's default limits", () => {
  for (const RM of [1, 2, 4]) {
    for (const RN of [1, 2, 4]) {
      const code = matmulWgsl({ ...flags, RM, RN });
      assert(code.includes("@workgroup_size(256)"));
      const floats = [...code.matchAll(/var<workgroup> \w+: array<f32, (\d+)>/g)];
      assertEquals(floats.length, 2);
      assert(4 * floats.reduce((sum, [, n]) => sum + Number(n), 0) <= 16384);
    }
  }
});

Deno.test("matmulWgsl() has no tail and no workgroup memory where it needs none", () => {
  assert(!matmulWgsl({ ...flags, TAIL: 0 }).includes("tailAlpha"));
  assert(!matmulWgsl({ ...flags, DIRECT: 1 }).includes("workgroupBarrier"));
});
