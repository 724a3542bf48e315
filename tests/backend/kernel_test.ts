import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { grid, type Kernel, SCRATCH_BYTES } from "../../backend/kernel.ts";
import { deviceTest } from "../support/devices.ts";

Deno.test("grid() covers n threads with whole workgroups, none of them idle", () => {
  for (const [n, size] of [[0, 64], [1, 64], [64, 64], [65, 64], [65535, 1], [65535 * 64, 64]]) {
    assertEquals(grid(n, size), [Math.max(1, Math.ceil(n / size)), 1, 1]);
  }
  assertEquals(grid(200), grid(200, 64));
});

Deno.test("grid() folds into two dimensions past 65,535, with less than a row to spare", () => {
  for (const n of [65536, 65537, 131070, 131071, 1_000_003, 65535 * 65535]) {
    const [x, y, z] = grid(n, 1);
    assert(x <= 65535 && y <= 65535 && z === 1, `${n}: ${x}×${y}`);
    assert(x * y >= n && x * y < n + y, `${n}: ${x}×${y} covers ${x * y}`);
  }
});

Deno.test("SCRATCH_BYTES holds a whole number of WebAssembly pages", () => {
  assertEquals(SCRATCH_BYTES % 65536, 0);
});

/** x[i] = i for every thread that the grid has. */
const countKernel: Kernel = {
  name: "count",
  bindings: [{ name: "x", access: "read_write", type: "u32" }],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = flatIndex(group, groups, 1u, local);
  if (i < p.n) { x[i] = x[i] + i; }
}`,
  workgroups: (p) => grid(p.n, 1),
  cpu: [{
    tasks: (p) => p.n,
    run: ({ b }, lo, hi) => {
      for (let i = lo; i < hi; i++) b.x[i] += i;
    },
  }],
};

deviceTest("grid() and flatIndex() visit every index once, folded or not", async (device) => {
  for (const n of [1, 65535, 65537]) {
    using arena = new Arena(device, "count");
    const x = arena.zeros([n], "x", "u32");
    arena.dispatch(countKernel, { bind: { x }, params: { n } });
    assertEquals(await arena.read(x), new Uint32Array(n).map((_, i) => i));
  }
});
