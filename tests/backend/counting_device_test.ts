import { assertEquals, assertStrictEquals } from "@std/assert";
import { add, Arena, CountingDevice, type Device, scale } from "../../backend/mod.ts";
import { deviceTest } from "../support/devices.ts";

/** Some work with early releases, a flush between two sizes and a result that is kept. */
async function work(device: Device) {
  using arena = new Arena(device, "work");
  let x = arena.upload([3000], new Float32Array(3000).fill(2), "x");
  for (const shape of [[3000], [50, 60]]) {
    const y = scale(arena, { ...x, shape }, 3);
    arena.release(x);
    x = y;
  }
  arena.release(x);
  arena.flush();
  const small = arena.zeros([700], "small");
  const sum = add(arena, small, small);
  const read = await arena.read(sum);
  return { owned: arena.keep(sum), read };
}

deviceTest("CountingDevice counts what another device takes, and runs nothing", async (device) => {
  using counting = new CountingDevice(device.info);
  const before = device.stats();
  const here = await work(counting), there = await work(device);
  using _here = here.owned;
  using _there = there.owned;
  const counts = (
    { live, bytes, dispatches, readbacks, submits }: ReturnType<Device["stats"]>,
  ) => [live, bytes, dispatches, readbacks, submits];
  const after = counts(device.stats()).map((n, i) => n - counts(before)[i]);
  assertEquals(counts(counting.stats()), after);
  assertEquals([counting.stats().bytesPeak, counting.largest], [27648, 12000]);
  assertEquals([here.read.length, there.read.length], [700, 700]);
});

deviceTest(
  "CountingDevice.look() lends what it does not count, whose owner stays",
  async (device) => {
    const { owned } = await work(device);
    using counting = new CountingDevice(device.info);
    {
      using looked = counting.look({ w: owned.borrow() });
      using arena = new Arena(counting, "look");
      add(arena, looked.borrow().w, looked.borrow().w);
      arena.commit();
      assertEquals([counting.stats().live, owned.borrow().storage.binds], [1, 1]); // bound once, by work()
    }
    owned[Symbol.dispose]();
  },
);

Deno.test("CountingDevice copies nothing that is uploaded: it would never be read", () => {
  const info = {
    ...{ kind: "cpu" as const, name: "", detail: "", software: false },
    ...{ runsTwins: true, maxBindingBytes: 99 },
  };
  using counting = new CountingDevice(info);
  const data = new Float32Array(3), seen: unknown[] = [];
  counting.onSubmit = (commands) => {
    for (const command of commands) if (command.op === "upload") seen.push(command.data);
    return commands;
  };
  using arena = new Arena(counting, "example");
  arena.upload([3], data, "x");
  arena.commit();
  assertStrictEquals(seen[0], data);
});
