import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import type { Tensor } from "../../../backend/tensor.ts";
import { FEATURES, LIMITS } from "../../../backend/webgpu/capabilities.ts";
import { GpuDevice } from "../../../backend/webgpu/device.ts";
import { deviceTest } from "../../support/devices.ts";
import { f32, scaled, scaleInPlace, scaleKernel } from "../scale.ts";
import { counter, test } from "./own_device.ts";
import { spyGpu } from "./spy_gpu.ts";

const invalidKernel: Kernel = {
  ...scaleKernel,
  name: "invalid",
  wgsl: () => "@compute @workgroup_size(64)\nfn main() {\n  let y = notThere;\n}",
};

test("GpuDevice.open() uses the GPU object that it is given", async (device, spy) => {
  const count = counter(spy);
  using arena = new Arena(device, "injected");
  await arena.read(arena.upload([1], f32(1), "x"));
  assertEquals(device.info.name, "a spy");
  assert(count("createBuffer", "createCommandEncoder", "submit").every((n) => n > 0));
}, { info: { description: "a spy" } });

deviceTest("GpuDevice.open() asks for all that the adapter has and kernels can use", async () => {
  const spy = spyGpu();
  using _device = await GpuDevice.open({ gpu: spy.gpu });
  const { features, limits } = (await navigator.gpu.requestAdapter())!;
  const { requiredFeatures, requiredLimits } = spy.requested!;
  assertEquals(requiredLimits, Object.fromEntries(LIMITS.map((name) => [name, limits[name]])));
  assertEquals([...requiredFeatures!], FEATURES.filter((name) => features.has(name)));
}, ["webgpu"]);

test("GpuDevice fails the step of an invalid kernel at its read, in one line", async (device) => {
  using make = new Arena(device, "make");
  const x = make.upload([2], f32(1, 2), "x");
  make.commit();
  using state = make.keep(x);
  const error = await assertRejects(async () => {
    using arena = new Arena(device, "invalid");
    const next = scaled(arena, state, 3);
    arena.dispatch(invalidKernel, { bind: { x: next.borrow() }, params: { n: 2, by: 1 } });
    await arena.read(next.borrow());
  }, Error);
  assert(error.message.startsWith("Cannot finish the work on WebGPU: "), error.message);
  assert(error.message.includes("notThere"), error.message);
  assert(!error.message.includes("\n"), error.message);
  using arena = new Arena(device, "after");
  assertEquals(
    await arena.read(state.borrow()),
    f32(1, 2),
    "nothing ran and the donation is undone",
  );
});

/** What every use of a device says from then on. */
async function isLost(device: GpuDevice, arena: Arena, x: Tensor, why: string): Promise<void> {
  for (let i = 0; i < 2; i++) {
    for (const use of [() => arena.read(x), () => device.check()]) {
      const { message } = await assertRejects(use, Error);
      assert(message.startsWith(`Cannot use WebGPU: the device is lost (${why}`), message);
      assert(message.endsWith("). Open it again and resume from the last checkpoint"), message);
      assert(!message.includes("\n"), message);
    }
    scaleInPlace(arena, x, 2);
    assertThrows(() => arena.commit(), Error, "the device is lost");
  }
}

test("GpuDevice is lost to a step that follows a commit which failed: its state is unknown", async (device) => {
  using make = new Arena(device, "make");
  const x = make.upload([2], f32(1, 2), "x");
  make.commit();
  using state = make.keep(x);
  using first = new Arena(device, "invalid");
  using next = scaled(first, state, 3);
  first.dispatch(invalidKernel, { bind: { x: next.borrow() }, params: { n: 2, by: 1 } });
  first.commit(); // the caller believes that x is 3 times as much; nothing ran
  using arena = new Arena(device, "next");
  await isLost(device, arena, next.borrow(), "an earlier commit failed: ");
});

test("GpuDevice.check() of a commit that failed loses the device too", async (device) => {
  using arena = new Arena(device, "invalid");
  const x = arena.zeros([2], "x");
  await device.check();
  arena.dispatch(invalidKernel, { bind: { x }, params: { n: 2, by: 1 } });
  arena.commit();
  const { message } = await assertRejects(() => device.check(), Error);
  assert(message.includes("an earlier commit failed: ") && message.includes("notThere"), message);
  await isLost(device, arena, x, "an earlier commit failed: ");
});

test("GpuDevice is lost to work that was sent before a failed read was known", async (device) => {
  using arena = new Arena(device, "invalid");
  const x = arena.upload([2], f32(1, 2), "x");
  assertEquals(await arena.read(x), f32(1, 2));
  arena.dispatch(invalidKernel, { bind: { x }, params: { n: 2, by: 1 } });
  const failed = arena.read(x);
  scaleInPlace(arena, x, 2);
  arena.commit();
  await assertRejects(() => failed, Error, "notThere");
  await isLost(device, arena, x, "work was sent after a step that failed: ");
});

test("GpuDevice.lose() ends all work, and says how to go on", async (device) => {
  using arena = new Arena(device, "lost");
  const x = arena.upload([2], f32(1, 2), "x");
  assertEquals(await arena.read(x), f32(1, 2));
  device.lose();
  const why =
    "Cannot use WebGPU: the device is lost (it was destroyed). Open it again and resume from the last checkpoint";
  for (let i = 0; i < 2; i++) {
    scaleInPlace(arena, x, 2);
    assertEquals(assertThrows(() => arena.commit(), Error).message, why);
    assertEquals((await assertRejects(() => arena.read(x), Error)).message, why);
    assertEquals((await assertRejects(() => device.check(), Error)).message, why);
  }
});

test("GpuDevice that is lost behind its back never yields a step", async (device, spy) => {
  using arena = new Arena(device, "lost");
  const x = arena.upload([2], f32(1, 2), "x");
  assertEquals(await arena.read(x), f32(1, 2));
  spy.device.destroy();
  scaleInPlace(arena, x, 2);
  await assertRejects(() => arena.read(x), Error, "WebGPU");
  await new Promise((resolve) => setTimeout(resolve, 5));
  await assertRejects(() => arena.read(x), Error, "the device is lost");
});

test("GpuDevice that is lost between submit and read never yields a step", async (device) => {
  using arena = new Arena(device, "lost");
  await assertRejects(() => arena.read(arena.upload([2], f32(1, 2), "x")), Error, "WebGPU");
}, {
  calls: {
    submit: (real, device) => (buffers) => {
      real(buffers);
      device.destroy();
    },
  },
});

test("GpuDevice that is closed does no more work", async (device) => {
  const arena = new Arena(device, "closed");
  const x = arena.upload([2], f32(1, 2), "x");
  device[Symbol.dispose]();
  await assertRejects(() => arena.read(x), Error, "the device is lost (it was closed)");
});

test("GpuDevice compiles a pipeline once for each set of constants", async (device, spy) => {
  const kernel: Kernel = {
    ...scaleKernel,
    name: "constant",
    fixed: ["TIMES"],
    wgsl: () => scaleKernel.wgsl({}).replace("p.by", "p.by * f32(TIMES)"),
  };
  using arena = new Arena(device, "pipelines");
  const x = arena.upload([1], f32(1), "x");
  const count = counter(spy);
  for (const TIMES of [2, 3, 2, 2, 3]) {
    arena.dispatch(kernel, { bind: { x }, params: { n: 1, by: 1 }, fixed: { TIMES } });
    arena.commit();
  }
  assertEquals((await arena.read(x))[0], 2 ** 3 * 3 ** 2);
  assertEquals(count("createComputePipeline", "createShaderModule"), [2, 2]);
  assertEquals(device.stats().pipelines, 2);
});

test("GpuDevice makes a bind group once for each set of memory", async (device, spy) => {
  using arena = new Arena(device, "groups");
  const x = arena.upload([1], f32(1), "x"), y = arena.upload([1], f32(1), "y");
  const count = counter(spy);
  for (let i = 0; i < 3; i++) {
    scaleInPlace(arena, x, 2);
    scaleInPlace(arena, y, 3);
    arena.commit();
  }
  assertEquals(count("createBindGroup"), [2]);
  device.release(device.acquire(9999, "unused"), "it goes back to the system");
  device.trim(); // destroys a buffer, and all groups: they may hold it
  scaleInPlace(arena, x, 2);
  const read = await arena.readAll({ x, y });
  assertEquals([read.x[0], read.y[0]], [16, 27]);
  assertEquals(count("createBindGroup"), [3]);
});

test("GpuDevice submits once a commit, with or without a read", async (device, spy) => {
  using arena = new Arena(device, "submits");
  const x = arena.upload([300], new Float32Array(300).fill(1), "x");
  const count = counter(spy);
  for (let i = 0; i < 10; i++) scaleInPlace(arena, x, 2);
  arena.commit();
  assertEquals(count("submit", "beginComputePass"), [1, 0]);
  arena.write(x, f32(5));
  for (let i = 0; i < 10; i++) scaleInPlace(arena, x, 2);
  const read = await arena.read(x); // the first of its size, so its staging buffer is new
  assertEquals([read[0], read[299]], [5 * 2 ** 10, 2 ** 20]);
  assertEquals(count("submit", "createCommandEncoder"), [2, 2]);
  assertEquals(device.stats().submits, 2);
});

/** x[i] = value: every dispatch has other params. */
const putKernel: Kernel = {
  ...scaleKernel,
  name: "put",
  params: [["i", "u32"], ["value", "f32"]],
  wgsl: () => "@compute @workgroup_size(1) fn main() { x[p.i] = x[p.i] * 2.0 + p.value; }",
  workgroups: () => [1, 1, 1],
};

test("GpuDevice gives each of 2,500 dispatches of a submit its own params", async (device) => {
  const n = 2500; // the params have room for 1,024 at first
  using arena = new Arena(device, "params");
  const x = arena.zeros([n], "x");
  const put = (i: number, value: number) =>
    arena.dispatch(putKernel, { bind: { x }, params: { i, value } });
  put(7, 1); // a submit before the growth uses the small one
  arena.commit();
  for (let i = 0; i < n; i++) put(i, i + 0.5);
  arena.commit();
  for (let i = 0; i < 3; i++) put(i, 0); // and a small one after it
  const expected = new Float32Array(n).map((_, i) => i + 0.5 + (i === 7 ? 2 : 0));
  for (let i = 0; i < 3; i++) expected[i] *= 2;
  assertEquals(await arena.read(x), expected);
});

test("GpuDevice runs uploads in their place among dispatches and submits", async (device) => {
  using arena = new Arena(device, "uploads"), other = new Arena(device, "other");
  const x = arena.upload([4], f32(1, 1, 1, 1), "x");
  scaleInPlace(arena, x, 2);
  arena.write(x, f32(10), 1);
  scaleInPlace(arena, x, 3);
  arena.write(x, f32(20, 30), 2);
  const y = other.upload([1], f32(7), "y"); // another recording in between
  other.commit();
  arena.commit();
  arena.write(x, f32(40), 3);
  const big = arena.upload([20_000], new Float32Array(20_000).fill(3), "big"); // more than the staging has
  const read = await arena.readAll({ x, y, big });
  assertEquals([...read.x, ...read.y], [6, 30, 20, 40, 7]);
  assertEquals(read.big, new Float32Array(20_000).fill(3));
});

test("GpuDevice runs what is called later after a read that nobody has awaited yet", async (device) => {
  using arena = new Arena(device, "order");
  const x = arena.upload([2], f32(1, 2), "x");
  const first = arena.read(x);
  scaleInPlace(arena, x, 10);
  const second = arena.read(x);
  arena.write(x, f32(0, 0));
  arena.commit();
  assertEquals(await Promise.all([first, second]), [f32(1, 2), f32(10, 20)]);
});

deviceTest("GpuDevice poisons reused memory without a buffer a time", async () => {
  const spy = spyGpu();
  using device = await GpuDevice.open({ gpu: spy.gpu, poison: true });
  using arena = new Arena(device, "poison");
  let x = arena.zeros([100], "x");
  const reuse = () => {
    for (let i = 0; i < 20; i++) {
      arena.release(x);
      x = arena.alloc([100], `x ${i}`);
      arena.write(x, f32(i));
    }
    arena.commit();
  };
  reuse();
  const count = counter(spy);
  reuse();
  assertEquals(count("createBuffer"), [0]);
  const read = await arena.read(x);
  assertEquals(read[0], 19);
  assert(read.subarray(1).every(Number.isNaN));
}, ["webgpu"]);

const written: unknown[] = [];
test(
  "GpuDevice writes buffers from typed arrays: Dawn takes no DataView",
  async (device) => {
    written.length = 0;
    using arena = new Arena(device, "test");
    const x = arena.upload([2], new Float32Array([1, 2]), "x");
    scaleInPlace(arena, x, 3);
    assertEquals([...await arena.read(x)], [3, 6]);
    assertEquals(written.length, 2); // params and uploads
    assertEquals(written.some((data) => data instanceof DataView), false);
  },
  {
    calls: {
      writeBuffer: (real) => (...args) => {
        written.push(args[2]);
        return real(...args);
      },
    },
  },
);
