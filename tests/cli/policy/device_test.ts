import { assert, assertEquals } from "@std/assert";
import { storiesConfig } from "../../support/run_settings.ts";
import { kernelPath, openRunDevice } from "../../../cli/policy/device.ts";
import { recordingTerminal } from "../../support/tiny_run.ts";

const config = storiesConfig("--device cpu --threads 1");

Deno.test("kernelPath() has what the bits depend on, and not the threads", () => {
  const info = {
    name: "WebAssembly SIMD",
    software: false,
    runsTwins: true,
    maxBindingBytes: 2 ** 30,
  };
  const cpu = (detail: string) => kernelPath({ ...info, kind: "cpu", detail });
  assertEquals(cpu("relaxed FMA, 2 threads"), "cpu, relaxed FMA");
  assertEquals(cpu("no FMA, 1 thread"), "cpu, no FMA");
  const gpu = kernelPath({
    kind: "webgpu",
    name: "llvmpipe",
    detail: "1.2",
    software: true,
    maxBindingBytes: 2 ** 27,
    runsTwins: false,
  });
  assertEquals(gpu, "webgpu, llvmpipe, 1.2");
});

Deno.test("openRunDevice() opens what is asked for and says so in one line", async () => {
  const terminal = recordingTerminal();
  using device = await openRunDevice(config.device, undefined, terminal);
  assertEquals(device.info.kind, "cpu");
  assertEquals(terminal.lines.length, 1);
  assert(
    /^Device: CPU \(.*1 thread\), as --device says$/.test(terminal.lines[0]),
    terminal.lines[0],
  );
});

Deno.test("openRunDevice() goes on on the kind of device that a resumed run began on", async () => {
  const terminal = recordingTerminal();
  const stored = { config, kernelPath: "cpu, relaxed FMA", model: "", prompts: "" };
  using device = await openRunDevice({ ...config, device: "auto" }, stored, terminal);
  assertEquals(device.info.kind, "cpu");
  assert(terminal.lines[0].endsWith(", on which the run began"), terminal.lines[0]);
});
