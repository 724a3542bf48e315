// What a device can do at most, measured in the same run: multiply-adds in registers alone, sweeps over memory.
import {
  Arena,
  defineKernel,
  type Device,
  grid,
  type Kernel,
  type Tensor,
} from "../../backend/mod.ts";
import { PEAK_FLOP } from "../../backend/cpu/wasm.ts";

/** The measured peaks of a device. */
export interface Peak {
  /** FLOP a second, all threads. */
  readonly flop: number;
  /** FLOP a second of one thread; on WebGPU the same as `flop`. */
  readonly oneThread: number;
  /** Bytes a second, read and written: of z = x + y or of a copy, whichever is faster. */
  readonly bytes: number;
}

const TURNS = 16;
const CHAINS = [0, 1, 2]; // vec4s: 12 numbers, so that 16 vector registers hold them on a software adapter
/** FLOP of one iteration of one invocation. */
const GPU_FLOP = TURNS * CHAINS.length * 4 * 2;

/** Binds x [tasks]: each task runs chains x = x·scale + shift in registers and leaves one number. */
export const peakKernel: Kernel = defineKernel({
  name: "benchPeak",
  bindings: [{ name: "x", access: "read_write" }],
  params: [["tasks", "u32"], ["iterations", "u32"], ["scale", "f32"], ["shift", "f32"]],
  fixed: ["FUSED"],
  wgsl: ({ FUSED }) => {
    const next = (c: number) => FUSED === 1 ? `fma(c${c}, scale, shift)` : `c${c} * scale + shift`;
    const turn = CHAINS.map((c) => `c${c} = ${next(c)};`).join(" ");
    return /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let task = flatIndex(group, groups, 64u, local);
  if (task >= p.tasks) { return; }
  let scale = vec4<f32>(p.scale);
  let shift = vec4<f32>(p.shift);
  ${CHAINS.map((c) => `var c${c} = vec4<f32>(f32(task), ${c}.0, 2.0, 3.0);`).join("\n  ")}
  for (var i = 0u; i < p.iterations; i++) {
    ${Array.from({ length: TURNS }, () => turn).join("\n    ")}
  }
  x[task] = dot(${CHAINS.map((c) => `c${c}`).join(" + ")}, vec4<f32>(1.0));
}`;
  },
  workgroups: (p) => grid(p.tasks),
  cpu: [{
    tasks: (p) => p.tasks,
    run: ({ b, p, wasm }, lo, hi) => {
      for (let task = lo; task < hi; task++) b.x[task] = wasm.peak(p.iterations);
    },
  }],
});

/** Binds x, y, z [n], n a multiple of 4: z = x + y. */
export const sweepKernel: Kernel = defineKernel({
  name: "benchSweep",
  bindings: [
    { name: "x", access: "read", type: "vec4<f32>" },
    { name: "y", access: "read", type: "vec4<f32>" },
    { name: "z", access: "read_write", type: "vec4<f32>" },
  ],
  params: [["n", "u32"]],
  fixed: [],
  wgsl: () => /* wgsl */ `
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let first = (group.y * groups.x + group.x) * 1024u + local;
  for (var i = first; i < min(first + 1024u, p.n / 4u); i += 64u) { z[i] = x[i] + y[i]; }
}`,
  workgroups: (p) => grid(p.n / 4, 1024),
  cpu: [{
    tasks: (p) => Math.ceil(p.n / 65536),
    run: ({ b, p, wasm }, lo, hi) => {
      const from = lo * 65536, n = Math.min(hi * 65536, p.n) - from;
      const at = (view: Float32Array) => view.byteOffset + 4 * from;
      wasm.add(at(b.x), at(b.y), at(b.z), n);
    },
  }],
});

/** Runs a recording and waits for it: milliseconds. `result` tells when it is over. */
async function timed(device: Device, record: (arena: Arena) => Tensor): Promise<number> {
  using arena = new Arena(device, "peak");
  const result = record(arena);
  const probe = arena.alloc([1], "probe");
  arena.copy(result, probe, { count: 1 });
  const start = performance.now();
  await arena.read(probe);
  return performance.now() - start;
}

/** The best of some trials, after one that is not counted. */
async function best(trials: number, once: () => Promise<number>): Promise<number> {
  await once();
  let least = Infinity;
  for (let i = 0; i < trials; i++) least = Math.min(least, await once());
  return least / 1000;
}

/** FLOP a second of the register loop. `work`: FLOP of a trial, long enough that starting it does not count. */
async function flopRate(
  device: Device,
  { tasks, iterationFlop, work, fused, trials }: {
    tasks: number;
    iterationFlop: number;
    work: number;
    fused: number;
    trials: number;
  },
): Promise<number> {
  const iterations = Math.max(1, Math.round(work / tasks / iterationFlop));
  const params = { tasks, iterations, scale: 0.5, shift: 1 };
  const seconds = await best(trials, () =>
    timed(device, (arena) => {
      const x = arena.alloc([tasks], "x");
      arena.dispatch(peakKernel, { bind: { x }, params, fixed: { FUSED: fused } });
      return x;
    }));
  return tasks * iterations * iterationFlop / seconds;
}

/**
 * Measure a device.
 *
 * @param device An open device; on the CPU device all its threads are used.
 * @param trials The best of this many counts.
 */
export async function measurePeak(device: Device, trials = 5): Promise<Peak> {
  const { kind, software } = device.info;
  const big = kind === "webgpu" && !software;
  const rate = (tasks: number, iterationFlop: number, fused: number) =>
    flopRate(device, { tasks, iterationFlop, work: big ? 1e12 : 1e9, fused, trials });
  let flop: number, oneThread: number;
  if (kind === "cpu") {
    oneThread = await rate(1, PEAK_FLOP, 1);
    flop = await rate(24, PEAK_FLOP, 1); // 24 divides among 2, 3, 4, 6 and 8 threads
  } else {
    const tasks = big ? 1 << 20 : 4096;
    flop = oneThread = Math.max(await rate(tasks, GPU_FLOP, 0), await rate(tasks, GPU_FLOP, 1));
  }
  const n = big ? 16 << 20 : 1 << 20;
  using arena = new Arena(device, "sweep");
  const [x, y] = [arena.zeros([n], "x"), arena.zeros([n], "y")];
  arena.commit();
  const sweep = await best(trials, () =>
    timed(device, (inner) => {
      const z = inner.alloc([n], "z");
      inner.dispatch(sweepKernel, { bind: { x, y, z }, params: { n } });
      return z;
    }));
  const copy = await best(trials, () => timed(device, (inner) => inner.clone(x)));
  return { flop, oneThread, bytes: Math.max(12 * n / sweep, 8 * n / copy) };
}

/** The higher of two measurements, number by number: on a shared machine the best one is the truest. */
export function higher(a: Peak, b: Peak): Peak {
  return {
    flop: Math.max(a.flop, b.flop),
    oneThread: Math.max(a.oneThread, b.oneThread),
    bytes: Math.max(a.bytes, b.bytes),
  };
}
