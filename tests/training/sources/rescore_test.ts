import { recordedPair as record } from "../../support/recorded_pair.ts";
import { assert, assertEquals } from "@std/assert";
import { CpuDevice } from "../../../backend/cpu/device.ts";
import { rescore } from "../../../training/mod.ts";
import { modelFixture } from "../../support/fixtures.ts";

Deno.test("rescore() keeps reference log-probs of the same reference, and computes others", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const model = await modelFixture(device, "tiny_llama");
  using _weights = model.weights;
  const reference = { id: "sft" };
  const own = await rescore({ device, model, reference, phase: 1, mode: "behaviour" }, [record()]);
  assertEquals(own, [{ ...record(), phase: 1 }]);
  const [sum] = await rescore({ device, model, reference, phase: 1, mode: "behaviour" }, [
    record("sft"),
  ]);
  assertEquals([sum.a.referenceLogp, sum.b.referenceLogp, sum.referenceId], [-3, -5, "snapshot-0"]);
  const mixed = await rescore({ device, model, reference, phase: 0, mode: "sft" }, [
    record("sft"),
    record(),
  ]);
  assertEquals(mixed[0].a.referenceLogp, -7);
  assert(mixed[1].a.referenceLogp !== -7 && mixed[1].a.referenceLogp < -5);
  assert(mixed[1].a.referenceLogp !== mixed[1].b.referenceLogp);
  assertEquals(mixed[1].referenceId, "sft");
});
