import { assert, assertEquals } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { defineKernel, type Kernel } from "../../backend/kernel.ts";
import {
  eachThreadWgsl,
  eachWorkgroupWgsl,
  grid,
  WORKGROUP,
  WORKGROUP_SUM,
} from "../../backend/workgroup.ts";
import { deviceTest } from "../support/devices.ts";

Deno.test("grid() covers n threads with whole workgroups, none of them idle", () => {
  for (const [n, size] of [[0, 64], [1, 64], [64, 64], [65, 64], [65535, 1], [65535 * 64, 64]]) {
    assertEquals(grid(n, size), [Math.max(1, Math.ceil(n / size)), 1, 1]);
  }
  assertEquals(grid(200), grid(200, WORKGROUP));
});

Deno.test("grid() folds into two dimensions past 65,535, with less than a row to spare", () => {
  for (const n of [65536, 65537, 131070, 131071, 1_000_003, 65535 * 65535]) {
    const [x, y, z] = grid(n, 1);
    assert(x <= 65535 && y <= 65535 && z === 1, `${n}: ${x}×${y}`);
    assert(x * y >= n && x * y < n + y, `${n}: ${x}×${y} covers ${x * y}`);
  }
});

/** x[i] += i in every workgroup of one thread. */
const countGroups: Kernel = defineKernel({
  name: "countGroups",
  bindings: [{ name: "x", access: "read_write", type: "u32" }],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${eachWorkgroupWgsl("i", "p.n", 1)}
  x[i] = x[i] + i;
}`,
  workgroups: (p) => grid(p.n, 1),
  cpu: [{
    tasks: (p) => p.n,
    run: ({ b }, lo, hi) => {
      for (let i = lo; i < hi; i++) b.x[i] += i;
    },
  }],
});

/** x[i] += i in every thread. */
const countThreads: Kernel = defineKernel({
  name: "countThreads",
  bindings: [{ name: "x", access: "read_write", type: "u32" }],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${eachThreadWgsl("i", "p.n")}
  x[i] = x[i] + i;
}`,
  workgroups: (p) => grid(p.n),
  cpu: countGroups.cpu,
});

deviceTest(
  "eachWorkgroupWgsl() and eachThreadWgsl() visit every index of a grid once, folded or not",
  async (device) => {
    const cases: [Kernel, number][] = [
      ...[1, 65535, 65537].map((n): [Kernel, number] => [countGroups, n]),
      ...[1, 63, 65, 65535 * 64 + 1].map((n): [Kernel, number] => [countThreads, n]),
    ];
    for (const [kernel, n] of cases) {
      using arena = new Arena(device, "count");
      const x = arena.zeros([n], "x", "u32");
      arena.dispatch(kernel, { bind: { x }, params: { n } });
      assertEquals(await arena.read(x), new Uint32Array(n).map((_, i) => i));
    }
  },
);

/** sum = what `total` says in every thread of a workgroup whose threads have 1, 2, 3 … */
const sumKernel: Kernel = {
  name: "sumOfThreads",
  bindings: [{ name: "sum", access: "read_write" }],
  params: [],
  fixed: [],
  wgsl: () =>
    /* wgsl */ `${WORKGROUP_SUM}${eachWorkgroupWgsl("only", "1u")}
  sum[local] = total(local, f32(local + 1u));
}`,
  workgroups: () => [1, 1, 1],
  cpu: [],
};

deviceTest("WORKGROUP_SUM gives every thread the sum of all", async (device) => {
  using arena = new Arena(device, "sum");
  const sum = arena.alloc([WORKGROUP], "sum");
  arena.dispatch(sumKernel, { bind: { sum }, params: {} });
  const all = WORKGROUP * (WORKGROUP + 1) / 2;
  assertEquals([...(await arena.read(sum))], Array(WORKGROUP).fill(all));
}, ["webgpu"]);
