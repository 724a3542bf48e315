// What a kernel is: one description, two implementations. WebGPU runs `wgsl`; the CPU device runs `cpu`.
import type { WasmKernels } from "./cpu/wasm.ts";
import type { DType } from "./tensor.ts";

/** A storage binding of a kernel, in @binding order. */
export interface Binding {
  /** Name of the variable in WGSL and of the view in the CPU twin. */
  readonly name: string;
  /** An in-place kernel has one read_write binding for what it overwrites; a buffer is never bound twice. */
  readonly access: "read" | "read_write";
  /**
   * Element type: a dtype of tensors, or WGSL's vectors of f32. Default f32. Halves (f16, bf16) are words of two in
   * WGSL, but f16 itself in a variant that needs "shader-f16"; the CPU twin sees their bits.
   */
  readonly type?: DType | "vec4<f32>" | "vec2<f32>";
}

/** A number that varies per dispatch; with a device's kind it goes to that device alone. */
export type Param = readonly [name: string, type: "u32" | "f32", only?: DeviceKind];

/** The kinds of devices. */
export type DeviceKind = "webgpu" | "cpu";

/** Numbers by name. Booleans are 0 or 1. */
export type Numbers = Readonly<Record<string, number>>;

/** What a kernel says of its arguments: the types of `b`, `p` and `f` follow from it. */
export interface Signature {
  /** Storage bindings, in @binding order. */
  readonly bindings: readonly Binding[];
  /** Numbers that vary per dispatch: WGSL `p.name`, CPU `c.p.name`. */
  readonly params: readonly Param[];
  /** Names of whole numbers fixed at compile time: WGSL constants of type u32, CPU `c.f.name`. */
  readonly fixed: readonly string[];
  /**
   * Numbers that both implementations share, by name: in WGSL constants, u32 where whole and from 0 up, else f32; in the
   * CPU twin `c.f.name`.
   */
  readonly constants?: Numbers;
}

/** The view of a binding by its type. */
export type View<T> = T extends "u32" ? Uint32Array
  : T extends "f16" | "bf16" ? Uint16Array
  : Float32Array;
/** The name of a param that goes to a device, else never. */
export type NameOn<P extends Param, Kind extends DeviceKind> = P extends
  readonly [infer Name extends string, unknown, infer Only] ? (Only extends Kind ? Name : never)
  : P[0];

/** Views of a signature's bindings. `.byteOffset` is the WASM address. */
export type ViewsOf<S extends Signature> = {
  readonly [B in S["bindings"][number] as B["name"]]: View<B["type"]>;
};
/** The params of a signature that go to a device. */
export type ParamsOf<S extends Signature, Kind extends DeviceKind> = {
  readonly [Name in NameOn<S["params"][number], Kind>]: number;
};
/** What is fixed for a pipeline of a signature: numbers given, and constants. */
export type FixedOf<S extends Signature> = {
  readonly [Name in S["fixed"][number] | keyof S["constants"]]: number;
};

/** What a CPU twin works with. Everything is for one thread except `b`, which all threads see. */
export interface CpuContext<S extends Signature = Signature> {
  /** Views of the bindings by name. `.byteOffset` is the WASM address. */
  readonly b: ViewsOf<S>;
  /** Params of this dispatch. */
  readonly p: ParamsOf<S, "cpu">;
  /** What is fixed for the pipeline. */
  readonly f: FixedOf<S>;
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
export interface CpuPhase<S extends Signature = Signature> {
  /** Number of tasks. */
  tasks(p: ParamsOf<S, "cpu">, f: FixedOf<S>): number;
  /**
   * Do tasks lo…hi−1. Must be a `function` or arrow that uses nothing but its arguments and JavaScript built-ins: worker
   * threads load a module that is made of the twins' source text.
   */
  run(c: CpuContext<S>, lo: number, hi: number): void;
}

/** How WebGPU runs a kernel. */
export interface Shader<S extends Signature = Signature> {
  /** WGSL without bindings, params and constants, which the device generates. Entry point `main`. */
  wgsl(f: FixedOf<S>): string;
  /** Workgroups of a dispatch; each ≤ 65,535. */
  workgroups(p: ParamsOf<S, "webgpu">, f: FixedOf<S>): readonly [number, number, number];
}

/** What a variant of a kernel needs of a device. */
export interface Needs {
  /** WebGPU's features by name, such as "subgroups"; the WGSL gets the `enable` for those that want one. */
  readonly features?: readonly string[];
  /** The least that WebGPU's limits must be, by name. */
  readonly limits?: Numbers;
}

/** Another shader for the same kernel, where a device has what it needs. */
export interface Variant<S extends Signature = Signature> extends Shader<S> {
  /** Without them the device takes the next variant, and at last the kernel's own shader. */
  readonly needs: Needs;
}

/** A kernel: bindings and params shared by both devices, then one implementation for each. */
export interface Kernel<S extends Signature = Signature> extends Signature, Shader<S> {
  /** Name in stats and errors; unique. */
  readonly name: string;
  /** Shaders that are better where a device has what they need: the first whose needs hold is taken. */
  readonly variants?: readonly Variant<S>[];
  /** The CPU twin. */
  readonly cpu: readonly CpuPhase<S>[];
  /** Bytes of scratch that the phases of one dispatch share on the CPU device. */
  sharedScratch?(p: ParamsOf<S, "cpu">, f: FixedOf<S>): number;
  /** Run the twin on the main thread only (it closes over something, such as a user's loss). */
  readonly mainOnly?: boolean;
}

const defined: Kernel[] = [];

/** The kernels whose twins the threads of a CPU device that is opened now can run; others run on the main thread. */
export function definedKernels(): readonly Kernel[] {
  return [...defined];
}

/** Text of a function or an arrow: what stands alone as an expression, unlike a method's. */
const EXPRESSION = /^(?:function\b|\(|[\w$]+\s*=>)/;

/**
 * A kernel whose twin and WGSL are typed by what it says of its arguments: `b`, `p` and `f` have the names that are
 * declared, and a param of the other device is not among them. Define kernels before a CPU device is opened: its threads
 * load the twins as one module, and run no others.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Arena, defineKernel, grid, openDevice } from "@leash/bpo/backend";
 * const double = defineKernel({
 *   name: "double",
 *   bindings: [{ name: "x", access: "read_write" }],
 *   params: [["n", "u32"]],
 *   fixed: [],
 *   constants: { FACTOR: 2, CHUNK: 4096 },
 *   wgsl: () => `
 * @compute @workgroup_size(64)
 * fn main(@builtin(global_invocation_id) id: vec3<u32>) {
 *   if (id.x < p.n) { x[id.x] *= f32(FACTOR); }
 * }`,
 *   workgroups: (p) => grid(p.n),
 *   cpu: [{
 *     tasks: (p, f) => Math.ceil(p.n / f.CHUNK),
 *     run: ({ b, p, f }, lo, hi) => {
 *       for (let i = lo * f.CHUNK; i < Math.min(hi * f.CHUNK, p.n); i++) b.x[i] *= f.FACTOR;
 *     },
 *   }],
 * });
 * using device = await openDevice({ kind: "cpu" });
 * using arena = new Arena(device, "example");
 * const x = arena.upload([2], new Float32Array([1, 2]), "x");
 * arena.dispatch(double, { bind: { x }, params: { n: 2 } });
 * assertEquals(await arena.read(x), new Float32Array([2, 4]));
 * ```
 *
 * @param kernel What it is called, takes and does.
 * @returns The same, for both devices.
 * @throws {TypeError} If a phase of the twin is a method or built in: it would not stand alone in a module.
 */
export function defineKernel<
  const B extends readonly Binding[],
  const P extends readonly Param[],
  const F extends readonly string[],
  // deno-lint-ignore ban-types -- no constants
  const C extends Numbers = {},
>(
  kernel:
    & { readonly bindings: B; readonly params: P; readonly fixed: F; readonly constants?: C }
    & Omit<Kernel<{ bindings: B; params: P; fixed: F; constants: C }>, keyof Signature>,
): Kernel {
  const whole = kernel as unknown as Kernel;
  if (whole.mainOnly) return whole;
  whole.cpu.forEach(({ run }, phase) => {
    const text = String(run);
    if (EXPRESSION.test(text) && !text.includes("[native code]")) return;
    throw new TypeError(
      `Cannot define the kernel ${whole.name}: run of phase ${phase} is "${
        text.slice(0, 30)
      }…", expected a function or an arrow that stands alone`,
    );
  });
  defined.push(whole);
  return whole;
}

/** What {@linkcode paramsOn} has found, by a signature's params: it is asked at every dispatch. */
const found = {
  cpu: new WeakMap<readonly Param[], readonly Param[]>(),
  webgpu: new WeakMap<readonly Param[], readonly Param[]>(),
} satisfies Record<DeviceKind, unknown>;

/** The params that go to a device, in order: for the same params the same list. */
export function paramsOn({ params }: Signature, kind: DeviceKind): readonly Param[] {
  let mine = found[kind].get(params);
  if (mine === undefined) {
    mine = params.filter(([, , only]) => only === undefined || only === kind);
    found[kind].set(params, mine);
  }
  return mine;
}
