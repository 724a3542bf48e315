import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseModelConfig } from "../../core/mod.ts";
import { parseFlags, UsageError } from "../../cli/flags.ts";
import {
  asUsage,
  checkReference,
  checkTargets,
  kernelPath,
  openPolicies,
  openReference,
  openRunDevice,
} from "../../cli/setup.ts";
import { tinyMembers } from "../support/command_run.ts";
import { recordingTerminal } from "../support/tiny_run.ts";

const command = parseFlags([
  "--device",
  "cpu",
  "--threads",
  "1",
  "--reference",
  "ema",
  "--ema-rate",
  "0.25",
]);
if (command.kind !== "start") throw new Error("unreachable");
const { config } = command;

Deno.test("kernelPath() has what the bits depend on, and not the threads", () => {
  const info = { name: "WebAssembly SIMD", software: false, maxBindingBytes: 2 ** 30 };
  const cpu = (detail: string) => kernelPath({ ...info, kind: "cpu", detail });
  assertEquals(cpu("relaxed FMA, 2 threads"), "cpu, relaxed FMA");
  assertEquals(cpu("no FMA, 1 thread"), "cpu, no FMA");
  const gpu = kernelPath({
    kind: "webgpu",
    name: "llvmpipe",
    detail: "1.2",
    software: true,
    maxBindingBytes: 2 ** 27,
  });
  assertEquals(gpu, "webgpu, llvmpipe, 1.2");
});

Deno.test("openRunDevice() opens what is asked for and says so in one line", async () => {
  const terminal = recordingTerminal();
  using device = await openRunDevice(config, undefined, terminal);
  assertEquals(device.info.kind, "cpu");
  assertEquals(terminal.lines.length, 1);
  assert(
    /^Device: CPU \(.*1 thread\), as --device says$/.test(terminal.lines[0]),
    terminal.lines[0],
  );
  using reference = openReference(device, config, undefined);
  assertEquals(reference.mode, { kind: "ema", rate: 0.25 });
});

Deno.test("openRunDevice() goes on on the kind of device that a resumed run began on", async () => {
  const terminal = recordingTerminal();
  const stored = { config, kernelPath: "cpu, relaxed FMA", model: "", prompts: "" };
  using device = await openRunDevice({ ...config, device: "auto" }, stored, terminal);
  assertEquals(device.info.kind, "cpu");
  assert(terminal.lines[0].endsWith(", on which the run began"), terminal.lines[0]);
});

Deno.test("checkReference() takes names and adapter folders, and suggests the nearest name", async () => {
  for (const name of ["behaviour", "sft", "ema"]) await checkReference(name);
  await assertRejects(() => checkReference("stf"), UsageError, "Did you mean sft?");
});

Deno.test("asUsage() makes a user's mistake of what says what it cannot do, and of nothing else", async () => {
  const throwing = (error: Error) => () => Promise.reject(error);
  await assertRejects(
    () => asUsage(throwing(new TypeError("Cannot read x"))),
    UsageError,
    "Cannot read x",
  );
  await assertRejects(
    () => asUsage(throwing(new TypeError("x is undefined"))),
    TypeError,
    "x is undefined",
  );
});

Deno.test("checkTargets() refuses names that no layer has, and takes the others", () => {
  const sizes = parseModelConfig({
    ...{ model_type: "llama", vocab_size: 16, hidden_size: 8, intermediate_size: 12 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2 },
  }, "config.json");
  for (const targetModules of [undefined, "all-linear", "q_proj,v_proj", ".*mlp.*"]) {
    checkTargets({ targetModules }, { sizes });
  }
  assertThrows(() => checkTargets({ targetModules: "q_prj" }, { sizes }), TypeError, "as q_proj");
});

Deno.test("openPolicies() has sft as the start where there is one, and every member there", async () => {
  using device = await openRunDevice(config, undefined, recordingTerminal());
  const [member] = await tinyMembers(1);
  const start = { ...member, digest: "0123456789abcdefgh" };
  const sft = { ...config, reference: "sft", members: 3 };
  using none = openPolicies(device, sft, undefined, undefined);
  assertEquals([none.mode, none.start], [{ kind: "sft" }, undefined]);
  {
    using policies = openPolicies(device, sft, undefined, start);
    const { mode, start: from } = policies;
    assert(mode.kind === "fixed" && mode.id === "start-0123456789abcdef");
    assertEquals(mode.adapter, from!.policy);
    assertEquals(from!.members.params.length, 3 * member.layout.size);
    assertEquals(from!.members.params.slice(0, member.layout.size), member.params);
  }
  assertEquals(device.stats().live, 0);
});
