import { assert, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { Arena } from "../../../backend/arena.ts";
import { canShareMemory, CpuDevice, type CpuOptions } from "../../../backend/cpu/device.ts";
import { relaxedFmaSupported } from "../../../backend/cpu/wasm.ts";
import { defineKernel, type Kernel } from "../../../backend/kernel.ts";
import { rmsNorm, rmsNormBackward, rmsNormWeightGrad } from "../../../backend/kernels/rms_norm.ts";
import type { HostArray } from "../../../backend/tensor.ts";
import { assertClose, f32Sum } from "../../support/close.ts";
import { uniform } from "../../support/random.ts";
import { scaleInPlace, scaleKernel } from "../scale.ts";
import { DeviceError } from "../../../backend/device_error.ts";

const MiB = 1 << 20;

/** Workers end some time after they are told to. */
function test(name: string, body: () => void | Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, body);
}

/** The whole of RMSNorm: sums along rows, sums over rows, in several tasks. */
async function normAndGradients(options: CpuOptions): Promise<Record<string, HostArray>> {
  using device = await CpuDevice.open({ poison: true, ...options });
  using arena = new Arena(device, "norm");
  const rows = 1003, D = 173;
  const x = arena.upload([rows, D], uniform(rows * D, 1), "x");
  const w = arena.upload([D], uniform(D, 2), "w");
  const dy = arena.upload([rows, D], uniform(rows * D, 3), "dy");
  const { y, inv } = rmsNorm(arena, x, w, { eps: 1e-5 });
  const dx = rmsNormBackward(arena, { x, w, inv, dy });
  return await arena.readAll({ y, inv, dx, dw: rmsNormWeightGrad(arena, { x, inv, dy }) });
}

const bits = (x: HostArray) => new Uint32Array(x.buffer, x.byteOffset, x.length);

test("CpuDevice gives the same bits with one, two and three threads", async () => {
  const one = await normAndGradients({ threads: 1 });
  for (const threads of [2, 3]) {
    const more = await normAndGradients({ threads });
    for (const name in one) assertEquals(bits(more[name]), bits(one[name]), `${name}, ${threads}`);
  }
});

test("CpuDevice without FMA agrees with FMA to rounding, and says which it is", async () => {
  const without = await normAndGradients({ threads: 1, fma: false });
  using plain = await CpuDevice.open({ threads: 1, fma: false });
  assertEquals(plain.info, {
    kind: "cpu",
    name: "WebAssembly SIMD",
    detail: "no FMA, 1 thread",
    software: false,
    maxBindingBytes: 2 ** 30,
    maxBytes: 2 ** 32 - 2 ** 16 - 2 ** 23,
    runsTwins: true,
  });
  if (!relaxedFmaSupported()) {
    await assertRejects(
      () => CpuDevice.open({ fma: true }),
      RangeError,
      "fma is true, expected false",
    );
    return;
  }
  const fused = await normAndGradients({ threads: 1, fma: true });
  assertNotEquals(bits(fused.inv), bits(without.inv), "another module ran");
  for (const name in fused) {
    assertClose(fused[name], [...without[name]], f32Sum(name === "dw" ? 1003 : 173, 4), name);
  }
  using device = await CpuDevice.open({ threads: 2, fma: true });
  assertEquals(device.info.detail, "relaxed FMA, 2 threads");
});

test("CpuDevice.open() takes the machine's cores and refuses other numbers of threads", async () => {
  using device = await CpuDevice.open();
  const cores = Math.min(8, navigator.hardwareConcurrency);
  assert(device.info.detail.endsWith(`, ${cores} thread${cores === 1 ? "" : "s"}`));
  for (const threads of [0, 33, 1.5, -1]) {
    const error = await assertRejects(() => CpuDevice.open({ threads }), DeviceError);
    assertEquals(
      error.message,
      `Cannot open the CPU device: threads is ${threads}, expected 1 to 32`,
    );
  }
});

const shares: [name: string, scope: Parameters<typeof canShareMemory>[0], expected: boolean][] = [
  ["Deno and Node: no word on isolation", { SharedArrayBuffer }, true],
  ["an isolated page", { SharedArrayBuffer, crossOriginIsolated: true }, true],
  ["a page that is not", { crossOriginIsolated: false }, false],
  [
    "one that shows what it does not give",
    { SharedArrayBuffer, crossOriginIsolated: false },
    false,
  ],
  ["an engine without", {}, false],
  ["here", undefined, true],
];
for (const [name, scope, expected] of shares) {
  Deno.test(`canShareMemory() of ${name} is ${expected}`, () => {
    assertEquals(canShareMemory(scope), expected);
  });
}

/** Sums x into y[0] through scratch that the tasks share, so that the phases see each other. */
const sharedSumKernel: Kernel = defineKernel({
  name: "sharedSum",
  bindings: [{ name: "x", access: "read" }, { name: "y", access: "read_write" }],
  params: [["n", "u32"]],
  fixed: ["BYTES"],
  wgsl: () => "",
  workgroups: () => [1, 1, 1],
  sharedScratch: (_, f) => f.BYTES,
  cpu: [{
    tasks: (p) => Math.ceil(p.n / 64),
    run: ({ b, p, f32, shared }, lo, hi) => {
      for (let task = lo; task < hi; task++) {
        let sum = 0;
        for (let i = task * 64; i < Math.min(task * 64 + 64, p.n); i++) sum += b.x[i];
        f32[shared / 4 + task] = sum;
      }
    },
  }, {
    tasks: () => 1,
    run: ({ b, p, f32, shared }) => {
      let sum = 0;
      for (let task = 0; task < Math.ceil(p.n / 64); task++) sum += f32[shared / 4 + task];
      b.y[0] = sum;
    },
  }],
});

for (const threads of [1, 3]) {
  test(`CpuDevice grows its memory while it works, ${threads} threads`, async () => {
    using device = await CpuDevice.open({ threads });
    using arena = new Arena(device, "growth");
    const ones = (n: number) => arena.upload([n], new Float32Array(n).fill(1), `${n} ones`);
    const small = ones(1000), y = arena.alloc([1], "y");
    for (const size of [6, 9, 14]) { // the memory starts with 16 MiB: each of these grows it
      const x = ones(size * MiB / 4 + 1);
      scaleInPlace(arena, x, size);
      scaleInPlace(arena, small, 2);
      const { x: first, small: last } = await arena.readAll({ x, small });
      assert(first.every((value) => value === size));
      assert(last.every((value) => value === last[0]));
    }
    arena.dispatch(sharedSumKernel, {
      bind: { x: small, y },
      params: { n: 1000 },
      fixed: { BYTES: 64 * MiB },
    });
    const { live } = device.stats();
    assertEquals((await arena.read(y))[0], 8000);
    assertEquals(device.stats().live, live, "the scratch was given back");
  });
}

test("CpuDevice works past 2 GiB, where addresses are negative to WebAssembly", async () => {
  using device = await CpuDevice.open({ threads: 2, poison: false });
  const below = device.acquire(2.2 * 2 ** 30, "never touched");
  using arena = new Arena(device, "high");
  const rows = 130, D = 64;
  const x = arena.upload([rows, D], new Float32Array(rows * D).fill(2), "x");
  const w = arena.upload([D], new Float32Array(D).fill(3), "w");
  assert(x.storage.block.address! > 2 ** 31);
  const { y } = rmsNorm(arena, x, w, { eps: 0 });
  scaleInPlace(arena, y, 2);
  assertEquals(await arena.read(y), new Float32Array(rows * D).fill(6));
  device.release(below, "done");
});

test("CpuDevice says what to do when 4 GiB are not enough, and works on", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const asked = device.sizeClass(5 * 2 ** 30);
  const used = 65536 + 8 * MiB;
  const error = assertThrows(() => device.acquire(5 * 2 ** 30, "x"), DeviceError);
  assertEquals(
    error.message,
    `Cannot allocate ${asked} bytes on the CPU device: ${used} of 4294967296 are in use. Give --gradient-checkpointing (beside --resume too) or shorter texts`,
  );
  assertEquals(device.stats().live, 0);
  using arena = new Arena(device, "after");
  assertEquals(await arena.read(arena.zeros([1], "x")), new Float32Array(1));
});

test("CpuDevice.trim() keeps addresses for blocks to come", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const first = device.acquire(1000, "first");
  device.release(first, "done");
  device.trim();
  const second = device.acquire(1000, "second");
  assertEquals(second.block.address, first.block.address);
  assertNotEquals(second.block.id, first.block.id);
  assertEquals(device.stats().created, 2);
  device.release(second, "done");
});

test("CpuDevice makes room for a large block of what it gave back in other sizes", async () => {
  using device = await CpuDevice.open({ threads: 1 });
  const parts = [1.2, 0.8, 1].map((GiB) => device.acquire(GiB * 2 ** 30, "never touched"));
  assertThrows(() => device.acquire(3.3 * 2 ** 30, "x"), DeviceError, "are in use");
  for (const part of parts) device.release(part, "done");
  const whole = device.acquire(3.3 * 2 ** 30, "whole");
  assertEquals(whole.block.address, parts[0].block.address);
  device.release(whole, "done");
});

const MAIN_SCRATCH = 65536; // where the main thread's scratch begins: tells a twin who runs it

/** A twin that throws on the main thread (`p.bad` 0) or in a worker (1), which it waits for; else it counts up. */
const throwingKernel: Kernel = defineKernel({
  ...scaleKernel,
  name: "throwing",
  params: [["n", "u32"], ["bad", "u32"], ["main", "u32"]],
  sharedScratch: () => 4,
  cpu: [{
    tasks: (p) => p.n,
    run: ({ b, p, scratch }, lo, hi) => {
      const flag = new Int32Array(b.x.buffer, b.x.byteOffset + 4 * p.n, 1);
      const isMain = scratch === p.main;
      if ((p.bad === 0 && isMain) || (p.bad === 1 && !isMain)) {
        Atomics.store(flag, 0, 1);
        throw new Error("the twin broke");
      }
      const started = Date.now(); // leave a task to whoever is to throw and is slow to come
      while (p.bad < 2 && Atomics.load(flag, 0) === 0 && Date.now() - started < 20_000);
      for (let i = lo; i < hi; i++) b.x[i] += 1;
    },
  }],
});

test("CpuDevice tells of a twin that throws, in a worker or not, and works on", async () => {
  using device = await CpuDevice.open({ threads: 3 });
  using arena = new Arena(device, "throwing");
  const n = 9;
  const { live } = device.stats();
  const run = (bad: number) => {
    const x = arena.zeros([n + 1], "x");
    arena.dispatch(throwingKernel, { bind: { x }, params: { n, bad, main: MAIN_SCRATCH } });
    arena.commit();
    return x;
  };
  const worker =
    "Cannot run throwing on the CPU device: its twin threw in a worker. Run with threads: 1 to see the error";
  assertEquals(assertThrows(() => run(1), Error).message, worker);
  assertEquals(assertThrows(() => run(0), Error).message, "the twin broke");
  assertEquals(device.stats().live, live + 2, "shared scratch is freed, the two x are the arena's");
  assertEquals([...(await arena.read(run(9))).subarray(0, n)], Array(n).fill(1));
});

test("CpuDevice runs a kernel that its threads were not started with on the main thread", async () => {
  using device = await CpuDevice.open({ threads: 3 });
  using arena = new Arena(device, "late");
  const seen: number[] = []; // a thread would not find it
  const late = defineKernel({
    name: "late",
    bindings: [{ name: "x", access: "read_write" }],
    params: [],
    fixed: [],
    wgsl: () => "",
    workgroups: () => [1, 1, 1],
    cpu: [{ tasks: () => 90, run: (_, lo, hi) => void seen.push(lo, hi) }],
  });
  arena.dispatch(late, { bind: { x: arena.zeros([1], "x") }, params: {} });
  arena.commit();
  assertEquals(seen, [0, 90]);
});

test("CpuDevice runs a kernel that closes over something on the main thread", async () => {
  using device = await CpuDevice.open({ threads: 2 });
  using arena = new Arena(device, "closure");
  const seen: number[] = [];
  const kernel: Kernel = {
    ...scaleKernel,
    mainOnly: true,
    cpu: [{ tasks: () => 100, run: (_, lo, hi) => void seen.push(lo, hi) }],
  };
  arena.dispatch(kernel, { bind: { x: arena.zeros([1], "x") }, params: { n: 1, by: 1 } });
  arena.commit();
  assertEquals(seen, [0, 100]);
});

test("CpuDevice counts a kernel as a pipeline once", async () => {
  using device = await CpuDevice.open({ threads: 2 });
  using arena = new Arena(device, "count");
  const x = arena.zeros([100], "x");
  for (let i = 0; i < 3; i++) scaleInPlace(arena, x, 2);
  arena.commit();
  const { pipelines, dispatches, submits } = device.stats();
  assertEquals([pipelines, dispatches, submits], [1, 3, 1]);
});

test("CpuDevice that nobody disposes lets the process end, and needs no permission", async () => {
  const at = (path: string) => JSON.stringify(import.meta.resolve(`../../../backend/${path}`));
  const script = `
    import { Arena } from ${at("arena.ts")};
    import { CpuDevice } from ${at("cpu/device.ts")};
    import { rmsNorm } from ${at("kernels/rms_norm.ts")};
    const device = await CpuDevice.open({ threads: 3 });
    const arena = new Arena(device, "forgotten");
    const x = arena.upload([300, 4], new Float32Array(1200).fill(2), "x");
    const w = arena.upload([4], new Float32Array(4).fill(5), "w");
    console.log((await arena.read(rmsNorm(arena, x, w, { eps: 0 }).y))[1199]);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const late = setTimeout(() => child.kill("SIGKILL"), 60_000);
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  clearTimeout(late);
  assertEquals(new TextDecoder().decode(stdout), "5\n", new TextDecoder().decode(stderr));
  assertEquals(code, 0);
});
