import { assert, assertEquals } from "@std/assert";
import { storiesConfig } from "../../../support/run_settings.ts";
import { openRunPolicies } from "../../../../cli/train/device/run_policies.ts";
import { openRunDevice } from "../../../../cli/policy/device.ts";
import { tinyMembers } from "../../../support/command_run.ts";
import { recordingTerminal } from "../../../support/tiny_run.ts";

const config = storiesConfig(
  "--device cpu --threads 1 --reference ema --ema-rate 0.25",
);

Deno.test("openRunPolicies() has the rate of an averaged reference", async () => {
  using device = await openRunDevice(config.device, undefined, recordingTerminal());
  using policies = openRunPolicies(device, config, {});
  assertEquals(policies.reference, { kind: "ema", rate: 0.25 });
});

Deno.test("openRunPolicies() has sft as the start where there is one, and every member there", async () => {
  using device = await openRunDevice(config.device, undefined, recordingTerminal());
  const [member] = await tinyMembers(1);
  const start = { ...member, digest: "0123456789abcdefgh" };
  const sft = storiesConfig("--reference sft --members 3");
  using none = openRunPolicies(device, sft, {});
  assertEquals([none.reference, none.start], [{ kind: "sft" }, undefined]);
  {
    using policies = openRunPolicies(device, sft, { start });
    const { reference, start: from } = policies;
    assert(reference.kind === "fixed" && reference.id === "start-0123456789abcdef");
    assertEquals(reference.adapter, from!.policy);
    assertEquals(from!.members.params.length, 3 * member.layout.size);
    assertEquals(from!.members.params.slice(0, member.layout.size), member.params);
  }
  assertEquals(device.stats().live, 0);
});
