import { assertEquals } from "@std/assert";
import { describeAdapter, ownGpu, requestAdapter } from "../../../backend/webgpu/adapter.ts";
import { fakeGpu, withNavigator } from "./spy_gpu.ts";

Deno.test("requestAdapter() asks once, for the fast one", async () => {
  const asked: unknown[] = [];
  const adapter = {} as GPUAdapter;
  const gpu = {
    requestAdapter(options: unknown) {
      asked.push(options);
      return Promise.resolve(adapter);
    },
  } as unknown as GPU;
  assertEquals(await requestAdapter(gpu), adapter);
  assertEquals(asked, [{ powerPreference: "high-performance" }]);
});

Deno.test("requestAdapter() gives undefined where there is none, where asking fails or takes too long", async () => {
  assertEquals(await requestAdapter(fakeGpu(() => Promise.resolve(null))), undefined);
  assertEquals(await requestAdapter(fakeGpu(() => Promise.reject(new Error("x")))), undefined);
  let answer: (adapter: GPUAdapter | null) => void = () => {};
  const slow = new Promise<GPUAdapter | null>((resolve) => answer = resolve);
  assertEquals(await requestAdapter(fakeGpu(() => slow), 30), undefined);
  answer(null);
});

Deno.test("requestAdapter() that fails late, after nobody waits, is no unhandled rejection", async () => {
  let fail: (error: Error) => void = () => {};
  const slow = new Promise<GPUAdapter | null>((_, reject) => fail = reject);
  assertEquals(await requestAdapter(fakeGpu(() => slow), 1), undefined);
  fail(new Error("too late"));
  await new Promise((resolve) => setTimeout(resolve, 0));
});

Deno.test("ownGpu() is navigator's, and none where there is no navigator", async () => {
  assertEquals(ownGpu(), navigator.gpu);
  assertEquals(await withNavigator(undefined, ownGpu), undefined);
  assertEquals(await withNavigator({}, ownGpu), undefined);
  assertEquals(await withNavigator(undefined, () => requestAdapter()), undefined);
});

const rows: [info: Partial<GPUAdapterInfo>, name: string, detail: string, software: boolean][] = [
  [{ description: "llvmpipe (LLVM 15)", vendor: "65541" }, "llvmpipe (LLVM 15)", "65541", true],
  [{ vendor: "google", architecture: "swiftshader" }, "swiftshader", "google swiftshader", true],
  [{ description: "Microsoft Basic Render Driver" }, "Microsoft Basic Render Driver", "", true],
  [{ vendor: "acme", isFallbackAdapter: true }, "acme", "acme", true],
  [
    { vendor: "nvidia", architecture: "hopper", device: "h100" },
    "h100",
    "nvidia hopper h100",
    false,
  ],
  [{ vendor: "apple", architecture: "metal-3" }, "metal-3", "apple metal-3", false],
  [{}, "unnamed adapter", "", false],
];

for (const [info, name, detail, software] of rows) {
  Deno.test(`describeAdapter() of ${JSON.stringify(info)} is ${software ? "software" : "real"}`, async () => {
    const adapter = (await fakeGpu(info).requestAdapter())!;
    assertEquals(describeAdapter(adapter), { name, detail, software });
  });
}
