import { assertEquals, assertRejects } from "@std/assert";
import { Arena } from "../../backend/arena.ts";
import { CpuDevice } from "../../backend/cpu/device.ts";
import { chooseDevice, openDevice } from "../../backend/open.ts";
import { GpuDevice } from "../../backend/webgpu/device.ts";
import { deviceTest } from "../support/devices.ts";
import { scaleInPlace } from "./scale.ts";
import { fakeGpu, spyGpu, withNavigator } from "./webgpu/spy_gpu.ts";

const noAdapter = { kind: "cpu", reason: "no WebGPU adapter was found" } as const;

Deno.test("chooseDevice() takes the CPU where there is no adapter, none that answers, none that works", async () => {
  assertEquals(await chooseDevice(fakeGpu(() => Promise.resolve(null))), noAdapter);
  assertEquals(
    await chooseDevice(fakeGpu(() => Promise.reject(new Error("no driver")))),
    noAdapter,
  );
  assertEquals(
    await chooseDevice(fakeGpu(() => {
      throw new Error("no driver");
    })),
    noAdapter,
  );
  assertEquals(await chooseDevice(fakeGpu(() => new Promise(() => {})), 20), noAdapter);
});

Deno.test("chooseDevice() takes the CPU where the adapter is software, and says so", async () => {
  const description = "llvmpipe (LLVM 15.0.6, 256 bits)";
  assertEquals(await chooseDevice(fakeGpu({ description })), {
    kind: "cpu",
    reason: `the only WebGPU adapter is a software one (${description}), which is slower`,
  });
});

Deno.test("chooseDevice() takes a real adapter", async () => {
  assertEquals(await chooseDevice(fakeGpu({ vendor: "nvidia", description: "NVIDIA H100" })), {
    kind: "webgpu",
    reason: "a WebGPU adapter was found (NVIDIA H100)",
  });
});

Deno.test("openDevice() opens the CPU device where that is asked for or chosen", async () => {
  using asked = await openDevice({ kind: "cpu", threads: 1, poison: true });
  using chosen = await openDevice({ gpu: fakeGpu(() => Promise.resolve(null)), threads: 1 });
  assertEquals([asked instanceof CpuDevice, chosen instanceof CpuDevice], [true, true]);
  assertEquals([asked.poison, chosen.poison], [true, false]);
});

Deno.test("openDevice() needs no navigator: the CPU, or the WebGPU that it is given", async () => {
  await withNavigator(undefined, async () => {
    assertEquals(await chooseDevice(), noAdapter);
    using device = await openDevice({ threads: 1 });
    assertEquals(device instanceof CpuDevice, true);
    await assertRejects(() => openDevice({ kind: "webgpu" }), Error, "there is no adapter");
  });
});

deviceTest(
  "openDevice() opens an injected WebGPU where there is no navigator and no globals of it",
  async () => {
    const { gpu } = spyGpu();
    const adapter = (await gpu.requestAdapter())!;
    const injected = { requestAdapter: () => Promise.resolve(adapter) } as unknown as GPU;
    const globals = ["GPUBufferUsage", "GPUMapMode", "GPUShaderStage"];
    const own = globals.map((name) => Object.getOwnPropertyDescriptor(globalThis, name)!);
    await withNavigator(undefined, async () => {
      for (const name of globals) {
        Object.defineProperty(globalThis, name, { value: undefined, configurable: true });
      }
      try {
        using device = await openDevice({ kind: "webgpu", gpu: injected });
        using arena = new Arena(device, "test");
        const x = arena.upload([3], new Float32Array([1, 2, 3]), "x");
        scaleInPlace(arena, x, 2);
        assertEquals([...await arena.read(x)], [2, 4, 6]);
      } finally {
        globals.forEach((name, i) => Object.defineProperty(globalThis, name, own[i]));
      }
    });
  },
  ["webgpu"],
);

Deno.test("openDevice() says what to do where WebGPU is asked for and there is none", async () => {
  const gpu = fakeGpu(() => Promise.resolve(null));
  const error = await assertRejects(() => openDevice({ kind: "webgpu", gpu }), Error);
  assertEquals(
    error.message,
    "Cannot open WebGPU: there is no adapter, expected a driver. On Debian: apt-get install mesa-vulkan-drivers, or use the CPU device",
  );
});

deviceTest(
  "openDevice() opens any adapter where WebGPU is asked for, a real one unasked",
  async () => {
    using asked = await openDevice({ kind: "webgpu" });
    assertEquals(asked instanceof GpuDevice, true);
    using chosen = await openDevice({ gpu: spyGpu({ info: { description: "a real one" } }).gpu });
    assertEquals([chosen.info.kind, chosen.info.name, chosen.info.software], [
      "webgpu",
      "a real one",
      false,
    ]);
  },
  ["webgpu"],
);
