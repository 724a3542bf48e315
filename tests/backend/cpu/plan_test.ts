import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { Plan } from "../../../backend/cpu/plan.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import { Storage } from "../../../backend/memory.ts";

const kernel: Kernel = {
  name: "plan",
  bindings: [
    { name: "x", access: "read" },
    { name: "ids", access: "read", type: "u32" },
    { name: "bits", access: "read_write", type: "bf16" },
  ],
  params: [["n", "u32"], ["own", "f32", "cpu"], ["other", "f32", "webgpu"]],
  fixed: ["D", "TAIL"],
  constants: { BLOCK: 7 },
  wgsl: () => "",
  workgroups: () => [1, 1, 1],
  cpu: [],
};

Deno.test("Plan.views() are of the bindings' types, where their memory is", () => {
  const storages = [8, 16, 24].map((address, id) =>
    new Storage({ bytes: 8, id, address, generation: 0 }, 8, "x")
  );
  const { x, ids, bits } = new Plan(kernel).views(new ArrayBuffer(64), storages);
  assert(x instanceof Float32Array && ids instanceof Uint32Array && bits instanceof Uint16Array);
  assertEquals([x, ids, bits].map((view) => [view.byteOffset, view.length]), [
    [8, 2],
    [16, 2],
    [24, 4],
  ]);
});

Deno.test("Plan.params() leaves out another device's, and copies nothing where there is none", () => {
  const given = { n: 1, own: 2, other: 3 };
  assertEquals(new Plan(kernel).params(given), { n: 1, own: 2 });
  const mine = { ...kernel, params: kernel.params.slice(0, 2) };
  assertStrictEquals(new Plan(mine).params(given), given);
});

Deno.test("Plan.fixed() has the constants too, and is one object for the same numbers", () => {
  const plan = new Plan(kernel), first = plan.fixed({ D: 4, TAIL: 0 });
  assertEquals(first, { BLOCK: 7, D: 4, TAIL: 0 });
  assertEquals(plan.fixed({ D: 4, TAIL: 1 }), { BLOCK: 7, D: 4, TAIL: 1 });
  assertStrictEquals(plan.fixed({ D: 4, TAIL: 0 }), first);
  const given = { D: 4, TAIL: 0 };
  assertStrictEquals(new Plan({ ...kernel, constants: undefined }).fixed(given), given);
  assertStrictEquals(new Plan({ ...kernel, fixed: [] }).fixed({}), kernel.constants);
});

Deno.test("Plan.fixed() does not keep ever more objects", () => {
  const plan = new Plan(kernel), first = plan.fixed({ D: 0, TAIL: 0 });
  for (let D = 1; D <= 40; D++) assertEquals(plan.fixed({ D, TAIL: 0 }).D, D);
  assertEquals(plan.fixed({ D: 0, TAIL: 0 }), first);
  assertNotStrictEquals(plan.fixed({ D: 0, TAIL: 0 }), first);
});
