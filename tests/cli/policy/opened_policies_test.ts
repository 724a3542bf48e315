import { assert, assertEquals, assertRejects } from "@std/assert";
import { openPolicies } from "../../../cli/policy/opened_policies.ts";
import { commandWorkspace, tinyMembers, writePeft } from "../../support/command_run.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const CPU = { device: "cpu", threads: 1 } as const;

Deno.test("openPolicies() puts a model with its adapters on the device and frees all of it", async () => {
  using work = await commandWorkspace();
  const [member] = await tinyMembers(1);
  await writePeft(`${work.dir}/lora`, member);
  const terminal = recordingTerminal();
  const adapter = ["base", `${work.dir}/lora`];
  const opened = await openPolicies(
    { ...CPU, model: `${work.dir}/model`, context: 32, adapter },
    { terminal },
    (base) => Promise.resolve(base.positions),
  );
  assertEquals([opened.prepared, opened.model.config.maxPositions], [32, 32]);
  const [base, lora] = opened.policies;
  assertEquals([base.name, base.adapter()], ["base", undefined]);
  assertEquals(lora.adapter()!.params.shape, [1, member.layout.size]);
  assert(base.digest !== lora.digest && lora.digest.length === 64);
  assertEquals(
    terminal.lines.length,
    1,
    "Expected the device on the error stream and nothing else",
  );
  opened[Symbol.dispose]();
  assertEquals(opened.device.stats().live, 0);
});

Deno.test("openPolicies() finds mistakes before it opens a device", async () => {
  using work = await commandWorkspace();
  const terminal = recordingTerminal();
  const flags = { ...CPU, model: `${work.dir}/model` };
  const fails = (more: object, prepare = () => Promise.resolve()) =>
    openPolicies({ ...flags, ...more }, { terminal }, prepare);
  await assertRejects(() => fails({ model: "nowhere" }), Mistake, "it is not there");
  await assertRejects(() => fails({ context: 65 }), Error, "--context is 65, expected at most");
  await assertRejects(() => fails({ adapter: ["nowhere"] }), Error, "Cannot use the adapter");
  await assertRejects(() => fails({ adapter: "nowhere" }), Error, "Cannot use the adapter");
  const bad = () => Promise.reject(new TypeError("Cannot prepare"));
  await assertRejects(() => fails({}, bad), TypeError, "Cannot prepare");
  assertEquals(terminal.lines, []);
});
