import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import type { Kernel } from "../../../backend/kernel.ts";
import { GpuDevice } from "../../../backend/webgpu/device.ts";
import { fastReadbackKnown } from "../../../backend/webgpu/readback.ts";
import { deviceTest } from "../../support/devices.ts";
import { f32, scaled, scaleInPlace, scaleKernel } from "../scale.ts";
import { type Changes, type Spy, spyGpu } from "./spy_gpu.ts";

/** Both ways to read back, where this runtime has both. */
const ways = fastReadbackKnown() ? [true, false] : [false];

/** A test with a watched device of its own, once for each way to read back. */
function test(
  name: string,
  body: (device: GpuDevice, spy: Spy) => void | Promise<void>,
  changes: Changes = {},
): void {
  deviceTest(name, async () => {
    for (const fastReadback of ways) {
      const spy = spyGpu(changes);
      using device = await GpuDevice.open({ gpu: spy.gpu, fastReadback });
      await body(device, spy);
    }
  }, ["webgpu"]);
}

const invalidKernel: Kernel = {
  ...scaleKernel,
  name: "invalid",
  wgsl: () => "@compute @workgroup_size(64)\nfn main() {\n  let y = notThere;\n}",
};

/** Counts of some calls from now on. */
function counter({ counts }: Spy): (...names: string[]) => number[] {
  const before = { ...counts };
  return (...names) => names.map((name) => (counts[name] ?? 0) - (before[name] ?? 0));
}

test("GpuDevice.open() uses the GPU object that it is given", async (device, spy) => {
  const count = counter(spy);
  using arena = new Arena(device, "injected");
  await arena.read(arena.upload([1], f32(1), "x"));
  assertEquals(device.info.name, "a spy");
  assert(count("createBuffer", "createCommandEncoder", "submit").every((n) => n > 0));
}, { info: { description: "a spy" } });

deviceTest("GpuDevice.open() asks for all that the adapter has", async () => {
  const spy = spyGpu();
  using _device = await GpuDevice.open({ gpu: spy.gpu });
  const { limits } = (await navigator.gpu.requestAdapter())!;
  const names = [
    "maxBufferSize",
    "maxStorageBufferBindingSize",
    "maxStorageBuffersPerShaderStage",
    "maxComputeInvocationsPerWorkgroup",
    "maxComputeWorkgroupSizeX",
    "maxComputeWorkgroupStorageSize",
  ] as const;
  const all = Object.fromEntries(names.map((name) => [name, limits[name]]));
  assertEquals(spy.requested?.requiredLimits, all);
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

test("GpuDevice tells of an invalid kernel that was only committed at the next read", async (device) => {
  using arena = new Arena(device, "invalid");
  const x = arena.upload([2], f32(1, 2), "x");
  arena.dispatch(invalidKernel, { bind: { x }, params: { n: 2, by: 1 } });
  arena.commit();
  await assertRejects(() => arena.read(x), Error, "Cannot finish the work on WebGPU: ");
  arena.write(x, f32(5, 6));
  assertEquals(await arena.read(x), f32(5, 6), "an error is told once");
});

test("GpuDevice.check() tells of errors without a read", async (device) => {
  using arena = new Arena(device, "invalid");
  const x = arena.zeros([2], "x");
  await device.check();
  arena.dispatch(invalidKernel, { bind: { x }, params: { n: 2, by: 1 } });
  arena.commit();
  await assertRejects(() => device.check(), Error, "Cannot finish the work on WebGPU: ");
  await device.check();
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

const limits = { maxBufferSize: 1 << 20, maxStorageBufferBindingSize: 1 << 16 };

test("GpuDevice refuses more than the adapter's limits, before anything runs", async (device) => {
  using arena = new Arena(device, "limits");
  assertEquals(
    assertThrows(() => arena.alloc([400_000], "x"), RangeError).message,
    `Cannot allocate ${
      device.sizeClass(1_600_000)
    } bytes on WebGPU: the adapter's limit is 1048576. Use fewer pairs, members or shorter texts`,
  );
  const x = arena.alloc([20_000], "x");
  scaleInPlace(arena, x, 2);
  assertEquals(
    assertThrows(() => arena.commit(), RangeError).message,
    'Cannot bind "x" to scale on WebGPU: it has 80000 bytes and the adapter\'s limit is 65536. Use fewer pairs, members or shorter texts',
  );
  const y = arena.upload([16_384], new Float32Array(16_384).fill(1), "y"); // exactly the limit
  scaleInPlace(arena, y, 2);
  assertEquals((await arena.read(y))[16_383], 2);
}, { limits });

const OUT_OF_MEMORY = "Not enough memory left";

/** A buffer of 64 KiB or more does not fit; the device says so as the standard wants, in the error scope. */
function outOfMemoryInScope(): Changes {
  const scopes: { kind: string; error: unknown }[] = [];
  return {
    calls: {
      pushErrorScope: (real) => (kind) => {
        scopes.push({ kind, error: null });
        real(kind);
      },
      popErrorScope: (real) => async () => {
        const { error } = scopes.pop()!;
        return await real() ?? error;
      },
      createBuffer: (real) => (descriptor) => {
        const scope = scopes.findLast(({ kind }) => kind === "out-of-memory");
        if (descriptor.size >= 65536 && !descriptor.label && scope) {
          scope.error ??= { message: OUT_OF_MEMORY };
        }
        return real(descriptor);
      },
    },
  };
}

/** The same, told by an event. */
const outOfMemoryEvent: Changes = {
  calls: {
    createBuffer: (real, device) => (descriptor) => {
      if (descriptor.size >= 65536 && !descriptor.label) {
        const event = new Event("uncapturederror", { cancelable: true });
        queueMicrotask(() =>
          device.dispatchEvent(Object.assign(event, { error: { message: OUT_OF_MEMORY } }))
        );
      }
      return real(descriptor);
    },
  },
};

for (
  const [how, changes] of [["scope", outOfMemoryInScope()], ["event", outOfMemoryEvent]] as const
) {
  test(`GpuDevice fails the step that ran out of memory, told by ${how}`, async (device) => {
    using arena = new Arena(device, "large");
    const small = arena.upload([2], f32(1, 2), "small");
    assertEquals(await arena.read(small), f32(1, 2));
    const large = arena.zeros([1 << 16], "large");
    await assertRejects(() => arena.read(large), Error, `on WebGPU: ${OUT_OF_MEMORY}`);
    assertEquals(await arena.read(small), f32(1, 2));
  }, changes);
}

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
