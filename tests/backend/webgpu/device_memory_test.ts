// What GpuDevice does at the limits of memory: how much it binds, what it refuses, and what it keeps after a failure.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { f32, scaleInPlace } from "../scale.ts";
import { counter, test } from "./own_device.ts";
import type { Changes } from "./spy_gpu.ts";
import { DeviceError } from "../../../backend/device_error.ts";

test("GpuDevice makes no bind group for another size in the same memory", async (device, spy) => {
  const count = counter(spy);
  for (const n of [300, 310, 299]) { // one size class
    using arena = new Arena(device, "sizes");
    const x = arena.upload([n], new Float32Array(n).fill(1), "x");
    scaleInPlace(arena, x, 2);
    assertEquals(await arena.read(x), new Float32Array(n).fill(2));
  }
  assertEquals(count("createBindGroup"), [1]);
});

const bound: number[] = [];
test(
  "GpuDevice binds what is used of memory that is larger than a binding may be",
  async (device) => {
    bound.length = 0;
    using arena = new Arena(device, "limit");
    const x = arena.zeros([15_500], "x"),
      y = arena.zeros([300], "y"),
      z = arena.zeros([15_400], "z");
    for (const tensor of [x, y, z]) scaleInPlace(arena, tensor, 2);
    arena.commit();
    await device.check();
    assertEquals(bound, [62_000, 1280, 61_600]);
  },
  {
    limits: { maxStorageBufferBindingSize: 64_000 },
    calls: {
      createBindGroup: (real) => (descriptor) => {
        bound.push(descriptor.entries[0].resource.size);
        return real(descriptor);
      },
    },
  },
);

const limits = { maxBufferSize: 1 << 20, maxStorageBufferBindingSize: 1 << 16 };

test("GpuDevice refuses more than the adapter's limits, before anything runs", async (device) => {
  using arena = new Arena(device, "limits");
  assertEquals(
    assertThrows(() => arena.alloc([400_000], "x"), DeviceError).message,
    `Cannot allocate ${
      device.sizeClass(1_600_000)
    } bytes on WebGPU: the adapter's limit is 1048576. Give --gradient-checkpointing (beside --resume too) or shorter texts`,
  );
  const x = arena.alloc([20_000], "x");
  scaleInPlace(arena, x, 2);
  assertEquals(
    assertThrows(() => arena.commit(), DeviceError).message,
    'Cannot bind "x" to scale on WebGPU: it has 80000 bytes and the adapter\'s limit is 65536. Give --gradient-checkpointing (beside --resume too) or shorter texts',
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

  test(
    `GpuDevice uses no buffer again that a failed step has made, told by ${how}`,
    async (device, spy) => {
      device.release(device.acquire(1000, "old"), "it goes into the pool");
      {
        using arena = new Arena(device, "small");
        assertEquals(await arena.read(arena.upload([2], f32(1, 2), "small")), f32(1, 2));
      }
      {
        using arena = new Arena(device, "large");
        const large = arena.zeros([1 << 16], "large");
        await assertRejects(() => arena.read(large), Error, OUT_OF_MEMORY);
        assertEquals(device.stats().bytesPooled, 0, "memory ran out: what is idle is given back");
      }
      assertEquals(device.stats().bytesPooled, 0, "the buffer may be invalid");
      const count = counter(spy);
      device.release(device.acquire(1 << 18, "again"), "done");
      assertEquals(count("createBuffer"), [1]);
    },
    changes,
  );
}
