// Gradients of the kernels are checked beside them; here: that the ops send them where they belong.
import { activationMulBackward } from "../../../backend/reference/activation.ts";
import { activation, activationMul } from "../../../core/ops/activation.ts";
import { Tape } from "../../../core/ops/tape.ts";
import { assertClose } from "../../support/close.ts";
import { deviceTest } from "../../support/devices.ts";
import { leavesOnlyGradients, rows } from "../../support/op_checks.ts";
import { uniform } from "../../support/random.ts";
import { WatchingArena } from "../../support/watching.ts";

leavesOnlyGradients("activationMul", (arena, tape) => {
  const gate = rows(arena, 5, 1, "gate"), up = rows(arena, 5, 2, "up");
  return { inputs: [gate, up], y: activationMul(tape, "gelu", gate, up) };
});

leavesOnlyGradients("activation", (arena, tape) => {
  const x = rows(arena, 5, 1, "x");
  return { inputs: [x], y: activation(tape, "geluTanh", x) };
});

for (const kind of ["silu", "gelu", "geluTanh"] as const) {
  deviceTest(
    `activationMul() and activation(), ${kind}, add to the gradient that is there`,
    async (device) => {
      using arena = new WatchingArena(device, "test");
      const tape = new Tape(arena, true), n = 9;
      const data = { g: uniform(n, 1, 3), u: uniform(n, 2), dh: uniform(n, 3) };
      const g = arena.upload([n], data.g, "g"), u = arena.upload([n], data.u, "u");
      for (const h of [activationMul(tape, kind, g, u), activation(tape, kind, g)]) {
        tape.accumulate(h, () => arena.upload([n], data.dh, "dh"));
      }
      tape.backward();
      const out = await arena.readAll({ g: tape.gradient(g)!, u: tape.gradient(u)! });
      const { dg } = activationMulBackward(kind, data.g, data.u.map((v) => v + 1), data.dh);
      const { du } = activationMulBackward(kind, data.g, data.u, data.dh);
      const tolerance = { rtol: 3e-6, atol: 3e-6 }; // as for the kernel
      assertClose(out.g, dg, tolerance, "∂g: a gate of u and a gate of 1 make one of u + 1");
      assertClose(out.u, du, tolerance, "∂u");
    },
  );
}
