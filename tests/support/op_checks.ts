// What every op promises the tape, checked in one line: no temporary survives, and a second use is summed or refused.
import { assertEquals, assertThrows } from "@std/assert";
import type { Arena, Tensor } from "../../backend/mod.ts";
import { Tape } from "../../core/ops/tape.ts";
import { deviceTest } from "./devices.ts";
import { uniform } from "./random.ts";
import { WatchingArena } from "./watching.ts";

/** Six rows of numbers in [−1, 1). */
export function rows(arena: Arena, width: number, seed: number, label: string): Tensor {
  return arena.upload([6, width], uniform(6 * width, seed), label);
}

/** The six rows as two packed sequences of three. */
export function segments(arena: Arena): { starts: Tensor; lengths: Tensor; maxLength: number } {
  return {
    starts: arena.upload([2], new Uint32Array([0, 3]), "starts"),
    lengths: arena.upload([2], new Uint32Array([3, 3]), "lengths"),
    maxLength: 3,
  };
}

/** Test that the op leaves its outputs alive and nothing else, and only gradients after `backward`. */
export function leavesOnlyGradients(
  name: string,
  build: (arena: Arena, tape: Tape) => { inputs: Tensor[]; y: Tensor | Tensor[] },
): void {
  deviceTest(`${name}() leaves only its output, and after backward only gradients`, (device) => {
    for (const recording of [true, false]) {
      using arena = new WatchingArena(device, "test");
      const tape = new Tape(arena, recording);
      const { inputs, y } = build(arena, tape);
      const outputs = [y].flat();
      if (!recording) {
        assertEquals(arena.aliveBut(...inputs, ...outputs), []);
        continue;
      }
      for (const output of outputs) tape.accumulate(output, () => arena.clone(output, "dy"));
      tape.backward();
      assertEquals(arena.aliveBut(...inputs, ...inputs.map((x) => tape.gradient(x))), []);
      arena.commit();
    }
  });
}

/** Test that differentiating `x` [6, 8] through two of the op is refused because of `why`. */
export function refusesTwoUses(
  name: string,
  use: (tape: Tape, x: Tensor) => Tensor,
  why: string,
): void {
  deviceTest(`${name}() refuses to differentiate an input that has another use`, (device) => {
    using arena = new WatchingArena(device, "test");
    const tape = new Tape(arena, true);
    const x = rows(arena, 8, 1, "x");
    for (const y of [use(tape, x), use(tape, x)]) {
      tape.accumulate(y, () => arena.clone(y, "dy"));
    }
    assertThrows(() => tape.backward(), Error, why);
  });
}
