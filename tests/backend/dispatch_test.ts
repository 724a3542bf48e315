import { assertEquals, assertThrows } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { checkedStorages } from "../../backend/dispatch.ts";
import type { Kernel } from "../../backend/kernel.ts";
import { deviceTest } from "../support/devices.ts";

const kernel: Kernel = {
  name: "checked",
  bindings: [
    { name: "x", access: "read", type: "vec4<f32>" },
    { name: "h", access: "read", type: "f16" },
    { name: "y", access: "read_write" },
  ],
  params: [["n", "u32"], ["by", "f32"]],
  fixed: ["D"],
  wgsl: () => "",
  workgroups: () => [1, 1, 1],
  cpu: [],
};

deviceTest(
  "checkedStorages() gives the memory of the bindings in order, and refuses what does not fit",
  (device) => {
    using arena = new Arena(device, "dispatch");
    const x = arena.alloc([4], "x"), h = arena.alloc([4], "h", "f16"), y = arena.alloc([4], "y");
    const bind = { y, h, x }, params = { n: 1, by: 0.5 }, fixed = { D: 2 };
    const storages = checkedStorages(kernel, { bind, params, fixed });
    assertEquals(storages.map(({ label, binds }) => [label, binds]), [["x", 1], ["h", 1], [
      "y",
      1,
    ]]);
    const bf16 = arena.alloc([4], "other", "bf16");
    const refused: [Parameters<typeof checkedStorages>[1], string][] = [
      [{ bind: { x, h }, params, fixed }, 'binding "y" is missing'],
      [{ bind: { ...bind, h: bf16 }, params, fixed }, '"h" is bf16, expected f16'],
      [{ bind: { ...bind, x: h }, params, fixed }, '"x" is f16, expected vec4<f32>'],
      [{ bind: { ...bind, x: y }, params, fixed }, '"y", which it writes, and "x" are one memory'],
      [{ bind, params: { n: -1, by: 1 }, fixed }, "param n is -1, expected a u32"],
      [{ bind, params: { n: 1, by: NaN }, fixed }, "param by is NaN, expected a finite number"],
      [{ bind, params }, "fixed D is undefined, expected a u32"],
    ];
    for (const [args, message] of refused) {
      assertThrows(() => checkedStorages(kernel, args), TypeError, message);
    }
    arena.release(x);
    const dead = 'Cannot bind "x" as x (binding 0) of checked: it was released in arena "dispatch"';
    assertThrows(() => checkedStorages(kernel, { bind, params, fixed }), ReferenceError, dead);
  },
);
