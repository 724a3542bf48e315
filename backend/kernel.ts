// What a kernel is: one description, two implementations. WebGPU runs `wgsl`; the CPU device runs `cpu`.
import type { WasmKernels } from "./cpu/wasm.ts";

/** A storage binding of a kernel, in @binding order. */
export interface Binding {
  /** Name of the variable in WGSL and of the view in the CPU twin. */
  readonly name: string;
  /** An in-place kernel has one read_write binding for what it overwrites; a buffer is never bound twice. */
  readonly access: "read" | "read_write";
  /** WGSL element type. Default f32. The CPU twin sees f32 or u32. */
  readonly type?: "f32" | "u32" | "vec4<f32>" | "vec2<f32>";
}

/** Numbers by name. Booleans are 0 or 1. */
export type Numbers = Readonly<Record<string, number>>;

/** What a CPU twin works with. Everything is for one thread except `b`, which both threads see. */
export interface CpuContext {
  /** Views of the bindings by name: Float32Array, or Uint32Array where the binding's type is u32. `.byteOffset` is the WASM address. */
  // deno-lint-ignore no-explicit-any
  readonly b: Record<string, any>;
  /** Params of this dispatch. */
  readonly p: Numbers;
  /** What is fixed for the pipeline. */
  readonly f: Numbers;
  /** The WebAssembly kernels. */
  readonly wasm: WasmKernels;
  /** Byte address of this thread's own scratch: SCRATCH_BYTES long. Kernels block their work to fit. */
  readonly scratch: number;
  /** Byte address of the dispatch's shared scratch (`Kernel.sharedScratch` bytes), 0 if none. */
  readonly shared: number;
  /** The whole memory, for scratch: index = address / 4. */
  readonly f32: Float32Array;
}

/** Bytes of private scratch of each CPU thread. */
export const SCRATCH_BYTES: number = 8 << 20;

/**
 * One parallel loop of a CPU twin: tasks 0…n−1 are independent and of a fixed size, whatever the number of
 * threads, so that results have the same bits on any machine. Phases run one after another with a barrier.
 */
export interface CpuPhase {
  /** Number of tasks. */
  tasks(p: Numbers, f: Numbers): number;
  /**
   * Do tasks lo…hi−1. Must be a `function` or arrow that uses nothing but its arguments and JavaScript
   * built-ins: its source text is sent to the worker threads (a worker from a file would need permissions).
   */
  readonly run: (c: CpuContext, lo: number, hi: number) => void;
}

/** A kernel: bindings and params shared by both devices, then one implementation for each. */
export interface Kernel {
  /** Name in stats and errors; unique. */
  readonly name: string;
  /** Storage bindings, in @binding order. */
  readonly bindings: readonly Binding[];
  /** Numbers that vary per dispatch: WGSL `p.name`, CPU `c.p.name`. */
  readonly params: readonly (readonly [name: string, type: "u32" | "f32"])[];
  /** Names of whole numbers fixed at compile time: WGSL constants of type u32, CPU `c.f.name`. */
  readonly fixed: readonly string[];
  /** WGSL without bindings, params and constants, which the device generates. Entry point `main`. */
  wgsl(f: Numbers): string;
  /** Workgroups of a dispatch; each ≤ 65,535. */
  workgroups(p: Numbers, f: Numbers): readonly [number, number, number];
  /** The CPU twin. */
  readonly cpu: readonly CpuPhase[];
  /** Bytes of scratch that the phases of one dispatch share on the CPU device. */
  sharedScratch?(p: Numbers, f: Numbers): number;
  /** Run the twin on the main thread only (it closes over something, such as a user's loss). */
  readonly mainOnly?: boolean;
}

/**
 * Workgroups for `n` threads of `size`, folded into two dimensions past 65,535. The WGSL undoes the folding with
 * `flatIndex(workgroup_id, num_workgroups, size, local_invocation_index)` and checks it against n.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { grid } from "@leash/bpo/backend";
 * assertEquals(grid(65), [2, 1, 1]);
 * assertEquals(grid(65537, 1), [32769, 2, 1]);
 * ```
 */
export function grid(n: number, size = 64): readonly [number, number, number] {
  const groups = Math.max(1, Math.ceil(n / size));
  if (groups <= 65535) return [groups, 1, 1];
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y, 1];
}

/** WGSL `total(local, value)`: the sum of one number from each of 64 threads, in a fixed tree, on every thread. */
export const WORKGROUP_SUM: string = /* wgsl */ `
var<workgroup> lanes: array<f32, 64>;
fn total(local: u32, value: f32) -> f32 {
  lanes[local] = value;
  workgroupBarrier();
  for (var s = 32u; s > 0u; s >>= 1u) {
    if (local < s) { lanes[local] += lanes[local + s]; }
    workgroupBarrier();
  }
  return lanes[0];
}`;
