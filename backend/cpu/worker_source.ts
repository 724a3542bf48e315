// The module of a worker thread: the twins of all kernels as a table, and the loop that runs them. It is loaded from its
// text, which needs no permission, as a module of its own: a strict policy of a page allows that.
import type { Binding, Kernel } from "../kernel.ts";
import { paramsOn } from "../kernel.ts";

/** Byte address of worker w's control block: 16 i32 words, then f64 arguments. */
export const CONTROL_BYTES: number = 2048;
/** Offset of the f64 arguments inside a control block. */
export const ARGS_OFFSET: number = 64;
/**
 * i32 words of a control block: the number of the last request, of the last one done, whether one failed, and the
 * state of the request: 0 none, 1 posted, 2 taken. Whoever moves it on from 1 has the request: the worker takes it,
 * or the main thread, which has done all tasks meanwhile, withdraws it and need not wait for a sleeper.
 */
export const WORD: {
  readonly request: 0;
  readonly done: 1;
  readonly failed: 2;
  readonly state: 3;
} = {
  request: 0,
  done: 1,
  failed: 2,
  state: 3,
};
/** The i32 word at address 0, in the main thread's own control block: the next task that nobody has claimed. */
export const NEXT_TASK_WORD = 0;
/** What a request asks for: its first argument. */
export const REQUEST: { readonly run: 0; readonly stop: 1 } = { run: 0, stop: 1 };
/** Place of the number of bytes of the memory among the arguments: the last. */
export const MEMORY_BYTES_ARG = 239;
/** Place of the request's number among the arguments. */
export const SEQUENCE_ARG = 238;
/** Number of arguments. */
export const ARGS = 240;

/** The array that a binding is seen as, by its type. */
export function viewOf(
  { type = "f32" }: Binding,
): Float32ArrayConstructor | Uint32ArrayConstructor | Uint16ArrayConstructor {
  if (type === "u32") return Uint32Array;
  return type === "f16" || type === "bf16" ? Uint16Array : Float32Array;
}

/**
 * JavaScript of the worker's module, which knows these kernels by their place. It waits on its control block; a request is
 * "run tasks" (args: 0, kernel's place, phase, tasks, tasks claimed at a time, shared address, then address and length of
 * each binding, params, fixed) or "stop" (args: 1), which has no answer. `memory.grow(0)` makes an engine see at once that
 * the main thread has grown the memory.
 */
export function workerSource(kernels: readonly Kernel[]): string {
  return `const KERNELS = [\n${kernels.map(entryOf).join(",\n")}\n];\n${LOOP}`;
}

/** A kernel as the worker knows it. */
function entryOf(kernel: Kernel): string {
  const views = kernel.bindings.map((b) => `[${JSON.stringify(b.name)}, ${viewOf(b).name}]`);
  const params = paramsOn(kernel, "cpu").map(([name]) => name);
  return `{ views: [${views.join(", ")}], params: ${JSON.stringify(params)}, fixed: ${
    JSON.stringify(kernel.fixed)
  }, constants: ${JSON.stringify(kernel.constants ?? {})}, runs: [${
    kernel.cpu.map(({ run }) => `(${run})`).join(", ")
  }] }`;
}

const LOOP = `
self.onmessage = async ({ data }) => {
  const { module, memory, control, scratch, spin } = data;
  const { exports: wasm } = await WebAssembly.instantiate(module, { env: { memory } });
  const words = new Int32Array(memory.buffer, control, 16);
  const args = new Float64Array(memory.buffer, control + ${ARGS_OFFSET}, ${ARGS});
  const next = new Int32Array(memory.buffer, 0, 1);
  const f32 = () => new Float32Array(memory.buffer);
  let whole = f32();
  const run = () => {
    const k = KERNELS[args[1]];
    if (whole.byteLength !== memory.buffer.byteLength) whole = f32();
    const b = {}, p = {}, f = { ...k.constants };
    let at = 6;
    for (const [name, View] of k.views) b[name] = new View(memory.buffer, args[at++], args[at++]);
    for (const name of k.params) p[name] = args[at++];
    for (const name of k.fixed) f[name] = args[at++];
    const context = { b, p, f, wasm, scratch, shared: args[5], f32: whole };
    const tasks = args[3], chunk = args[4];
    for (;;) {
      const lo = Atomics.add(next, ${NEXT_TASK_WORD}, chunk);
      if (lo >= tasks) return;
      k.runs[args[2]](context, lo, Math.min(tasks, lo + chunk));
    }
  };
  let seen = 0;
  self.postMessage("ready");
  for (;;) {
    let spins = 0;
    while (Atomics.load(words, ${WORD.request}) === seen) {
      if (++spins > spin) Atomics.wait(words, ${WORD.request}, seen, 500);
    }
    seen = Atomics.load(words, ${WORD.request});
    if (Atomics.compareExchange(words, ${WORD.state}, 1, 2) !== 1) continue;
    if (args[0] === ${REQUEST.stop}) return;
    try {
      if (memory.buffer.byteLength < args[${MEMORY_BYTES_ARG}]) memory.grow(0);
      run();
    } catch {
      Atomics.store(words, ${WORD.failed}, 1);
    }
    Atomics.store(words, ${WORD.state}, 0);
    Atomics.store(words, ${WORD.done}, args[${SEQUENCE_ARG}]);
  }
};
`;
