import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { CountingDevice } from "../../backend/counting_device.ts";
import { Arena } from "../../backend/arena.ts";
import { type Command, Device, type DeviceInfo } from "../../backend/device.ts";
import { type Block, sizeClass, Storage } from "../../backend/memory.ts";
import { deviceTest } from "../support/devices.ts";
import { f32, scaleInPlace } from "./scale.ts";

/** A device that does nothing and writes down what it is asked for. */
class PaperDevice extends Device {
  readonly log: string[] = [];
  readonly info: DeviceInfo = {
    ...{ kind: "cpu", name: "paper", detail: "", software: true },
    maxBindingBytes: 2 ** 30,
    runsTwins: true,
  };
  #id = 0;
  #held = 0;
  constructor(readonly poison = false, readonly capacity = 4096) {
    super();
  }
  protected createBlock(bytes: number): Block {
    if (this.#held + bytes > this.capacity) throw new RangeError("too large");
    this.#held += bytes;
    this.log.push(`create ${bytes}`);
    return { bytes, id: ++this.#id, generation: 0 };
  }
  protected destroyBlock({ id, bytes }: Block): void {
    this.#held -= bytes;
    this.log.push(`destroy ${id}`);
  }
  protected fillNaN({ id }: Block): void {
    this.log.push(`poison ${id}`);
  }
  protected execute(
    commands: readonly Command[],
    reads: readonly Storage[],
  ): Promise<ArrayBuffer[]> | undefined {
    this.log.push(`execute ${commands.map(({ op }) => op)} → ${reads.map(({ label }) => label)}`);
    if (reads.length === 0) return undefined;
    return Promise.resolve(reads.map(({ bytes }) => new ArrayBuffer(bytes)));
  }
  protected close(): void {
    this.log.push("close");
  }
}

const words = (f: () => unknown) => assertThrows(f, ReferenceError).message;

Deno.test("Device.acquire() takes from the pool what it can and creates the rest", () => {
  const device = new PaperDevice();
  const a = device.acquire(300, "a"), b = device.acquire(500, "b");
  assertEquals([a.bytes, a.label, a.block.bytes], [300, "a", 512]);
  device.release(a, "done");
  device.release(b, "done");
  assertEquals(device.acquire(400, "c").block, b.block, "last returned, first taken");
  assertEquals(device.acquire(512, "d").block, a.block);
  assertEquals(device.log, ["create 512", "create 512"]);
  assertEquals(device.sizeClass(300), sizeClass(300));
});

Deno.test("Device.acquire() poisons new and reused blocks in poison mode", () => {
  const device = new PaperDevice(true);
  device.release(device.acquire(1, "a"), "done");
  device.acquire(1, "b");
  assertEquals(device.log, ["create 256", "poison 1", "poison 1"]);
});

Deno.test("Device.acquire() that fails counts nothing", () => {
  const device = new PaperDevice();
  const before = device.stats();
  assertThrows(() => device.acquire(5000, "a"), RangeError, "too large");
  assertEquals(device.stats(), before);
});

Deno.test("Device.acquire() that fails gives the pool back and tries again", () => {
  const device = new PaperDevice(false, 1500);
  const a = device.acquire(1000, "a");
  assertThrows(() => device.acquire(500, "b"), RangeError, "too large");
  device.release(a, "done");
  const b = device.acquire(500, "b");
  assertEquals([b.block.bytes, device.stats().created], [512, 2]);
  assertEquals(device.log, ["create 1024", "destroy 1", "create 512"]);
});

Deno.test("Device.acquire() gives back what was idle longest before the budget is passed", () => {
  const device = new PaperDevice();
  device.byteBudget = 2048;
  for (const storage of [1024, 512, 256].map((bytes) => device.acquire(bytes, "x"))) {
    device.release(storage, "done");
  }
  device.acquire(700, "y"); // 1792 + 768 bytes
  assertEquals(device.log.slice(3), ["destroy 1", "create 768"]);
  device.acquire(1500, "z"); // what lives may pass it
  assertEquals(device.log.slice(5), ["destroy 2", "destroy 3", "create 1536"]);
});

Deno.test("Device.room is what lives taken off the budget, or off what the device holds", () => {
  using counting = new CountingDevice({ ...new PaperDevice().info, maxBytes: 4096 });
  const x = counting.acquire(1000, "x");
  assertEquals([new PaperDevice().room, counting.room], [Infinity, 3072]);
  counting.byteBudget = 2048;
  assertEquals(counting.room, 1024);
  counting.release(x, "done"); // what is idle makes room
  assertEquals(counting.room, 2048);
});

Deno.test("Device.byteBudget is twice the most that lived at once, 256 MiB at least, by default", () => {
  const MiB = 1 << 20, device = new PaperDevice(false, Infinity);
  const use = (...sizes: number[]) => {
    for (const storage of sizes.map((bytes) => device.acquire(bytes, "x"))) {
      device.release(storage, "done");
    }
    return device.log.splice(0).filter((line) => line.startsWith("destroy"));
  };
  assertEquals(use(64 * MiB), []);
  assertEquals(use(128 * MiB), []);
  assertEquals(use(32 * MiB), []);
  assertEquals(use(256 * MiB), []); // it lives, and so may 256 MiB more
  assertEquals(use(512 * MiB), []); // 992 of 1024
  assertEquals(use(16 * MiB, 8 * MiB), []);
  assertEquals(use(38 * MiB), ["destroy 1"]);
});

Deno.test("Device.release() refuses to free a thing twice, by any name", () => {
  const device = new PaperDevice();
  const a = device.acquire(1, "a");
  const twin = new Storage(a.block, 1, "twin");
  device.release(a, "it was enough");
  assertEquals(a.ended, "it was enough");
  assertEquals(words(() => device.release(a, "again")), 'Cannot release "a": it was enough');
  const freed = 'Cannot release "twin": it has been freed already';
  assertEquals(words(() => device.release(twin, "again")), freed);
  assertEquals(words(() => device.releaseEnded(twin)), freed);
  assertEquals(twin.ended, undefined);
  assertEquals(device.stats().live, 0);
});

Deno.test("Device.rename() gives the block of a storage another life in the same arena", () => {
  const device = new PaperDevice();
  const a = device.acquire(100, "a");
  const b = device.rename(a, 50, "b");
  assertEquals([b.block, b.bytes, b.label, b.freed], [a.block, 50, "b", false]);
  assertEquals(device.stats().live, 1);
});

Deno.test("Device.stats() counts what lives, its bytes, what lies in the pool, and the most there were", () => {
  const device = new PaperDevice();
  const counts = { dispatches: 0, submits: 0, readbacks: 0, pipelines: 0 };
  const zero = { ...counts, bytesPooled: 0, bytesHeldPeak: 0 };
  assertEquals(device.stats(), { live: 0, created: 0, bytes: 0, bytesPeak: 0, ...zero });
  const a = device.acquire(100, "a"), b = device.acquire(1000, "b");
  const most = sizeClass(100) + sizeClass(1000);
  const two = { live: 2, created: 2, bytes: most, bytesPeak: most };
  assertEquals(device.stats(), { ...zero, ...two, bytesHeldPeak: most });
  device.release(b, "done");
  device.release(a, "done");
  device.release(device.acquire(1000, "c"), "done");
  const none = { live: 0, created: 2, bytes: 0, bytesPeak: most };
  assertEquals(device.stats(), { ...zero, ...none, bytesPooled: most, bytesHeldPeak: most });
  device.acquire(600, "d"); // of a size that the pool has not: both are held now
  device.trim();
  const held = most + sizeClass(600), one = { live: 1, created: 3, bytes: sizeClass(600) };
  assertEquals(device.stats(), { ...zero, ...one, bytesPeak: most, bytesHeldPeak: held });
});

Deno.test("Device.trim() returns what is in the pool, dispose() also closes", () => {
  const device = new PaperDevice();
  device.acquire(1, "kept");
  device.release(device.acquire(600, "a"), "done");
  device.trim();
  device.trim();
  device.release(device.acquire(600, "b"), "done");
  device[Symbol.dispose]();
  assertEquals(device.log, [
    "create 256",
    "create 768",
    "destroy 2",
    "create 768",
    "destroy 3",
    "close",
  ]);
});

Deno.test("Device.submit() and submitAndRead() count and run a command list", async () => {
  const device = new PaperDevice();
  const a = device.acquire(4, "a"), b = device.acquire(8, "b");
  device.submit([{ op: "clear", dst: a }]);
  const read = await device.submitAndRead([{ op: "poison", dst: a }], [a, b]);
  assertEquals(read.map(({ byteLength }) => byteLength), [4, 8]);
  assertEquals(await device.submitAndRead([], []), []);
  assertEquals(device.log.slice(2), ["execute clear → ", "execute poison → a,b", "execute  → "]);
  const { submits, readbacks } = device.stats();
  assertEquals([submits, readbacks], [3, 2]);
});

Deno.test("Device.submit() refuses freed memory in any command, and runs nothing then", async () => {
  const device = new PaperDevice();
  const a = device.acquire(4, "a"), b = device.acquire(4, "b");
  device.release(a, "it was early");
  const before = device.stats();
  const copy = { op: "copy", from: 0, to: 0, bytes: 4 } as const;
  const lists: Command[] = [
    { op: "clear", dst: a },
    { op: "poison", dst: a },
    { op: "upload", dst: a, offset: 0, data: f32(1) },
    { ...copy, src: a, dst: b },
    { ...copy, src: b, dst: a },
  ];
  for (const command of lists) {
    const why =
      `Cannot run a recorded ${command.op}: "a" was freed before the commit (it was early)`;
    assertEquals(words(() => device.submit([{ op: "clear", dst: b }, command])), why);
    await assertRejects(() => device.submitAndRead([command], [b]), ReferenceError, why);
  }
  assertEquals(device.stats(), before);
});

Deno.test("Device.onSubmit replaces every command list before it is counted and run", async () => {
  const device = new PaperDevice();
  const a = device.acquire(4, "a");
  const seen: string[] = [];
  device.onSubmit = (commands) => {
    seen.push(commands.map(({ op }) => op).join());
    return [...commands, { op: "poison", dst: a }];
  };
  device.submit([{ op: "clear", dst: a }]);
  await device.submitAndRead([], [a]);
  assertEquals(seen, ["clear", ""]);
  assertEquals(device.log.slice(1), ["execute clear,poison → ", "execute poison → a"]);
});

deviceTest("Device.acquire() hands out NaN where there were numbers", async (device) => {
  assert(device.poison);
  const size = 1237;
  {
    using arena = new Arena(device, "numbers");
    arena.upload([size], new Float32Array(size).fill(3), "numbers");
    arena.commit();
  }
  using arena = new Arena(device, "poison");
  const x = arena.alloc([size], "x");
  assert((await arena.read(x)).every(Number.isNaN));
});

deviceTest("Device.onSubmit plants errors behind dispatches on a real device", async (device) => {
  const { onSubmit } = device;
  using arena = new Arena(device, "hook");
  const x = arena.upload([2], f32(1, 2), "x");
  scaleInPlace(arena, x, 2);
  const before = device.stats().dispatches;
  device.onSubmit = (commands) =>
    commands.flatMap<Command>((command) =>
      command.op === "dispatch" ? [command, command] : [command]
    );
  try {
    assertEquals(await arena.read(x), f32(4, 8));
  } finally {
    device.onSubmit = onSubmit;
  }
  assertEquals(device.stats().dispatches - before, 2);
});
