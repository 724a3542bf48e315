import { assertEquals, assertThrows } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { settleSft } from "../../../training/sft/options.ts";
import { tinySft } from "../../support/tiny_sft.ts";

Deno.test("settleSft() is one epoch at rank 8, steps where they are given, and refuses no length", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  using options = await tinySft(device);
  const { rank: _rank, alpha: _alpha, seed: _seed, epochs: _epochs, ...bare } = options;
  const { rank, alpha, seed, cadence } = settleSft(bare);
  assertEquals([rank, alpha, seed, cadence.steps, cadence.phases], [8, 16, 0, 3, 1]);
  assertEquals(settleSft({ ...options, epochs: 3 }).cadence.steps, 9);
  assertEquals(settleSft({ ...options, epochs: 3, steps: 4 }).cadence.steps, 4);
  for (const epochs of [0, 0.5]) {
    assertThrows(
      () => settleSft({ ...bare, epochs }),
      RangeError,
      `epochs is ${epochs}, expected a whole number`,
    );
  }
  assertThrows(() => settleSft({ ...bare, steps: 0 }), RangeError, "steps");
});
