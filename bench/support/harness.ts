// deno-lint-ignore-file no-console -- benches print
// How everything is measured: check once, warm once, allocate outside the timed part, fence always, and print one
// table at the end, with the share of the peak that was measured beside it.
import { Arena, type Device, openDevice, type Tensor } from "../../backend/mod.ts";
import { requestAdapter } from "../../backend/webgpu/adapter.ts";
import { higher, measurePeak, type Peak } from "./peak.ts";
import { median, type Row, tableOf } from "./table.ts";

/** How large the work is: "small" for software adapters, which must end too. */
export type Size = "full" | "small";

/** Work that is ready to be measured. */
interface Ready {
  /** Said in the table. */
  readonly shape: string;
  /** FLOP of one round, where they bound it. */
  readonly flop?: number;
  /** Bytes read and written in one round, where they bound it. */
  readonly bytes?: number;
  /** Tokens generated in one round. */
  readonly tokens?: number;
  /** What the work reads; disposed at the end. */
  readonly owned: Disposable;
}

/** Work of a kernel. */
export interface ReadyKernel extends Ready {
  /** Record one round; the tensor returned is checked once and is what the fence waits for. */
  record(arena: Arena): Tensor;
}

/** Work that records and reads for itself, all of it timed. */
export interface ReadyTask extends Ready {
  /** Do one round, to its end; numbers to be checked. */
  run(): Promise<ArrayLike<number>>;
}

/** A benchmark on every device. */
export interface Bench<R extends Ready = Ready> {
  readonly name: string;
  /** Rounds that count; default 5. */
  readonly rounds?: number;
  /** Upload what it needs. */
  setup(device: Device, size: Size): R;
}

/** A benchmark of kernels. */
export type KernelBench = Bench<ReadyKernel>;
/** A benchmark of a whole task. */
export type TaskBench = Bench<ReadyTask>;

const adapter = await requestAdapter();
if (adapter === undefined) {
  console.log("No WebGPU adapter: only the CPU device is measured.");
}
/** The devices there are. */
export const kinds: readonly ("cpu" | "webgpu")[] = adapter === undefined
  ? ["cpu"]
  : ["cpu", "webgpu"];

const devices = new Map<string, Promise<Device>>();
const opened: Device[] = [];
const peaks = new Map<string, Peak>();
const rows: Row[] = [];
/** The bench whose inputs are on a device now. */
let current: { end(): void } | undefined;

async function open(kind: "cpu" | "webgpu"): Promise<Device> {
  const device = await openDevice({ kind });
  opened.push(device);
  return device;
}

function sizeOn({ info }: Device): Size {
  return info.software ? "small" : "full";
}

/** Throws if a number is not finite. */
export function checkFinite(name: string, numbers: ArrayLike<number>): void {
  let bad = 0;
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) bad++;
  if (bad > 0 || numbers.length === 0) {
    throw new Error(
      `Cannot bench ${name}: ${bad} of ${numbers.length} numbers are not finite, expected none`,
    );
  }
}

/** Rounds in one recording, so that the fence hardly counts: about 5 ms of work, at most 32. */
export function repeats(ms: number): number {
  return Math.max(1, Math.min(32, Math.ceil(5 / ms)));
}

/** Register a bench of kernels: one group, one bench a device. */
export function kernelBench(bench: KernelBench): void {
  register(bench, async (device, { record }) => {
    {
      using arena = new Arena(device, "check");
      checkFinite(bench.name, await arena.read(record(arena)));
    }
    const round = async (times: number, b?: Deno.BenchContext) => {
      using arena = new Arena(device, "bench");
      let result = record(arena);
      for (let i = 1; i < times; i++) result = record(arena);
      const fence = arena.alloc([1], "fence", result.dtype);
      arena.copy(result, fence, { count: 1 });
      b?.start();
      const start = performance.now();
      await arena.read(fence);
      const ms = performance.now() - start;
      b?.end();
      return ms / times;
    };
    const times = repeats(await round(1));
    return (b) => round(times, b);
  });
}

/** Register a bench of a whole task: one group, one bench a device. */
export function taskBench(bench: TaskBench): void {
  register(bench, async (_, { run }) => {
    checkFinite(bench.name, await run());
    return async (b) => {
      b.start();
      const start = performance.now();
      await run();
      const ms = performance.now() - start;
      b.end();
      return ms;
    };
  });
}

type Round = (b: Deno.BenchContext) => Promise<number>;

function register<R extends Ready>(
  bench: Bench<R>,
  prepare: (device: Device, ready: R) => Promise<Round>,
): void {
  for (const kind of kinds) {
    const key = `${bench.name} [${kind}]`;
    let start: Promise<Round> | undefined;
    const times: number[] = [];
    Deno.bench({
      name: key,
      group: bench.name,
      n: bench.rounds ?? 5,
      warmup: 0, // `start` warms, once
      fn: async (b) => {
        start ??= begin(bench, kind, times, prepare);
        times.push(await (await start)(b));
      },
    });
  }
}

async function begin<R extends Ready>(
  bench: Bench<R>,
  kind: "cpu" | "webgpu",
  times: readonly number[],
  prepare: (device: Device, ready: R) => Promise<Round>,
): Promise<Round> {
  current?.end();
  current = undefined;
  let device = devices.get(kind);
  if (device === undefined) devices.set(kind, device = open(kind));
  const on = await device;
  const known = peaks.get(kind);
  const peak = await measurePeak(on, known === undefined ? 5 : 1);
  peaks.set(kind, known === undefined ? peak : higher(known, peak));
  const ready = bench.setup(on, sizeOn(on));
  const { shape, flop, bytes, tokens, owned } = ready;
  const { name } = bench;
  current = {
    end: () => {
      owned[Symbol.dispose]();
      on.trim();
      rows.push({ name, shape, device: kind, ms: median(times), flop, bytes, tokens });
    },
  };
  return await prepare(on, ready);
}

/** One line a device: what it is, and what it can do at most. */
function describe(device: Device): string {
  const { kind, name, detail, software } = device.info;
  const peak = peaks.get(kind);
  if (peak === undefined) return `${kind}: ${name}, whose peak could not be measured`;
  const { flop, oneThread, bytes } = peak;
  const giga = (x: number) => (x / 1e9).toFixed(1);
  const one = kind === "cpu" ? `, one thread ${giga(oneThread)}` : "";
  return `${kind}: ${name} (${detail})${software ? ", a software adapter: smaller shapes" : ""}; ` +
    `peak ${giga(flop)} GFLOP/s${one}, ${giga(bytes)} GB/s`;
}

globalThis.addEventListener("unload", () => {
  current?.end();
  if (rows.length === 0) return;
  // Deno prints the last bench's row on another thread: let it come first.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  console.log(`\n${opened.map(describe).join("\n")}\n\n${tableOf(rows, peaks)}\n`);
  for (const device of opened) device[Symbol.dispose]();
});
