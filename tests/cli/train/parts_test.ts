import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseModelConfig } from "../../../core/mod.ts";
import { storiesConfig } from "../../support/run_settings.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";
import { checkReference, checkTargets, openRunPolicies } from "../../../cli/train/parts.ts";
import { openRunDevice } from "../../../cli/policy/device.ts";
import { tinyMembers } from "../../support/command_run.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const config = storiesConfig(
  "--device cpu --threads 1 --reference ema --ema-rate 0.25",
);

Deno.test("checkReference() takes names and adapter folders, and suggests the nearest name", async () => {
  for (const name of ["behaviour", "sft", "ema"]) await checkReference(name);
  await assertRejects(() => checkReference("stf"), UsageError, "Did you mean sft?");
});

Deno.test("checkTargets() refuses names that no layer has, and takes the others", () => {
  const sizes = parseModelConfig({
    ...{ model_type: "llama", vocab_size: 16, hidden_size: 8, intermediate_size: 12 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2 },
  }, "config.json");
  for (const targetModules of [undefined, "all-linear", "q_proj,v_proj", ".*mlp.*"]) {
    checkTargets(storiesConfig("", { targetModules }), { sizes });
  }
  assertThrows(
    () => checkTargets(storiesConfig("", { targetModules: "q_prj" }), { sizes }),
    Mistake,
    "as q_proj",
  );
});

Deno.test("openRunPolicies() has sft as the start where there is one, and every member there", async () => {
  using device = await openRunDevice(config.device, undefined, recordingTerminal());
  const [member] = await tinyMembers(1);
  const start = { ...member, digest: "0123456789abcdefgh" };
  const sft = storiesConfig("--reference sft --members 3");
  using none = openRunPolicies(device, sft, undefined, undefined);
  assertEquals([none.mode, none.start], [{ kind: "sft" }, undefined]);
  {
    using policies = openRunPolicies(device, sft, undefined, start);
    const { mode, start: from } = policies;
    assert(mode.kind === "fixed" && mode.id === "start-0123456789abcdef");
    assertEquals(mode.adapter, from!.policy);
    assertEquals(from!.members.params.length, 3 * member.layout.size);
    assertEquals(from!.members.params.slice(0, member.layout.size), member.params);
  }
  assertEquals(device.stats().live, 0);
});
