import { assertEquals } from "@std/assert";
import "../../../backend/mod.ts"; // defines the product's kernels
import {
  type CpuContext,
  type CpuPhase,
  definedKernels,
  type Kernel,
} from "../../../backend/kernel.ts";
import { buildModule } from "../../../backend/cpu/wasm.ts";
import { startThread, type ThreadHandle } from "../../../backend/cpu/thread.ts";
import {
  ARGS,
  ARGS_OFFSET,
  CONTROL_BYTES,
  MEMORY_BYTES_ARG,
  NEXT_TASK_WORD,
  REQUEST,
  SEQUENCE_ARG,
  viewOf,
  WORD,
  workerSource,
} from "../../../backend/cpu/worker_source.ts";

const PAGE = 65536;
const CONTROL = CONTROL_BYTES; // the second control block
const SCRATCH = 2 * PAGE, DATA = 3 * PAGE;

/** A kernel of x (f32) and n (u32) with these phases. */
function kernel(...runs: CpuPhase["run"][]): Kernel {
  return {
    name: "tested",
    bindings: [{ name: "x", access: "read_write" }, { name: "n", access: "read", type: "u32" }],
    params: [["gpu", "f32", "webgpu"], ["by", "f32"]],
    fixed: ["D"],
    constants: { HALF: 0.5 },
    wgsl: () => "",
    workgroups: () => [1, 1, 1],
    cpu: runs.map((run) => ({ tasks: () => 1, run })),
  };
}

/** A worker and the main thread's side of the protocol. */
class Session implements Disposable {
  readonly memory = new WebAssembly.Memory({ initial: 4, maximum: 64, shared: true });
  readonly words = new Int32Array(this.memory.buffer, CONTROL, 16);
  readonly args = new Float64Array(this.memory.buffer, CONTROL + ARGS_OFFSET, ARGS);
  readonly next = new Int32Array(this.memory.buffer, 0, 1);
  #thread: ThreadHandle | undefined;
  #sequence = 0;

  async start(spin: number, kernels: Kernel[]): Promise<void> {
    const module = await WebAssembly.compile(buildModule({ fma: false, shared: true }));
    const message = { module, memory: this.memory, control: CONTROL, scratch: SCRATCH, spin };
    this.#thread = await startThread(workerSource(kernels), message);
  }

  /** Send a request. */
  tell(...args: number[]): void {
    this.args.set(args);
    this.args[MEMORY_BYTES_ARG] = this.memory.buffer.byteLength;
    this.args[SEQUENCE_ARG] = ++this.#sequence;
    Atomics.store(this.words, WORD.state, 1);
    Atomics.store(this.words, WORD.request, this.#sequence);
    Atomics.notify(this.words, WORD.request);
  }

  /** Send a request, wait until it is done; whether it failed. */
  ask(...args: number[]): boolean {
    this.tell(...args);
    const started = performance.now();
    while (Atomics.load(this.words, WORD.done) !== this.#sequence) {
      if (performance.now() - started > 20_000) throw new Error("the worker does not answer");
    }
    return Atomics.exchange(this.words, WORD.failed, 0) !== 0;
  }

  /** Run tasks lo … hi − 1, `chunk` at a time, with x of 8 numbers at `address` and n of 2 behind it. */
  run(
    id: number,
    phase: number,
    [lo, hi]: [number, number],
    address = DATA,
    chunk = hi - lo,
  ): boolean {
    Atomics.store(this.next, NEXT_TASK_WORD, lo);
    return this.ask(REQUEST.run, id, phase, hi, chunk, 12, address, 8, address + 32, 2, 2.5, 7);
  }

  x(address = DATA): number[] {
    return [...new Float32Array(this.memory.buffer, address, 8)];
  }

  [Symbol.dispose](): void {
    this.#thread?.terminate();
  }
}

async function session(
  kernels: Kernel[],
  body: (s: Session) => void | Promise<void>,
  spin = 100,
): Promise<void> {
  using s = new Session();
  await s.start(spin, kernels);
  await body(s);
}

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, body);
}

const count = kernel(({ b }) => {
  b.x[0] += 1;
});

Deno.test("workerSource() fits its control block, and has no import and nothing that is evaluated", () => {
  assertEquals(ARGS_OFFSET + ARGS * 8 <= CONTROL_BYTES, true);
  assertEquals(32 * CONTROL_BYTES <= PAGE, true, "32 threads share the first page");
  assertEquals(MEMORY_BYTES_ARG < ARGS, true);
  const source = workerSource(definedKernels());
  assertEquals(/\bimport\b|\brequire\b|\bundefined\b|\beval\b|new Function\b/.test(source), false);
});

Deno.test("nothing in backend/ evaluates text: a page whose policy forbids it runs the threads too", async () => {
  const found: string[] = [];
  const walk = async (folder: URL) => {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (isDirectory) await walk(new URL(`${name}/`, folder));
      else if (/\beval\b|\bnew Function\b/.test(await Deno.readTextFile(new URL(name, folder)))) {
        found.push(name);
      }
    }
  };
  await walk(new URL("../../../backend/", import.meta.url));
  assertEquals(found, []);
});

test("workerSource() runs the tasks of a kernel with all that a twin is given", () => {
  const write: CpuPhase["run"] = ({ b, p, f, shared, scratch, f32, wasm }, lo, hi) => {
    for (let i = lo; i < hi; i++) b.x[i] = f.HALF * p.by * i;
    b.n[0] = f.D;
    b.n[1] = shared;
    f32[scratch / 4] = Object.keys(p).length;
    wasm.scaleInPlace(b.x.byteOffset, 8, 4);
  };
  function read({ b, f32, scratch }: CpuContext) {
    b.x[0] = f32[scratch / 4];
  }
  return session([count, kernel(write, read)], (s) => {
    assertEquals(s.run(1, 0, [2, 5]), false);
    assertEquals(s.x(), [0, 0, 10, 15, 20, 0, 0, 0]);
    assertEquals([...new Uint32Array(s.memory.buffer, DATA + 32, 2)], [7, 12]);
    assertEquals(s.run(1, 1, [0, 1]), false);
    assertEquals(s.x()[0], 1, "a param of WebGPU stays there");
    assertEquals(s.run(0, 0, [0, 1]), false);
    assertEquals(s.x()[0], 2);
  });
});

test("workerSource() flags what throws and goes on", () => {
  const broken = kernel(() => {
    throw new Error("x");
  });
  return session([broken, count], (s) => {
    assertEquals(s.run(0, 0, [0, 1]), true);
    assertEquals(s.run(9, 0, [0, 1]), true, "no such kernel");
    assertEquals(s.run(1, 0, [0, 1]), false);
    assertEquals(s.x()[0], 1);
  });
});

test("workerSource() sees memory that the main thread has just grown", () => {
  const mark = kernel(({ b, f32 }, lo) => {
    b.x[0] = lo;
    f32[b.x.byteOffset / 4 + 1] = lo + 1;
  });
  return session([mark], (s) => {
    for (let pages = 4; pages < 64; pages++) {
      s.memory.grow(1);
      assertEquals(s.run(0, 0, [pages, pages + 1], pages * PAGE), false, `${pages} pages`);
      assertEquals(s.x(pages * PAGE).slice(0, 2), [pages, pages + 1]);
    }
  });
});

test("workerSource() claims tasks a chunk at a time, each once, and none that is taken", () => {
  const add = kernel(({ b }, lo, hi) => {
    for (let i = lo; i < hi; i++) b.x[i] += hi - lo;
  });
  return session([add], (s) => {
    assertEquals(s.run(0, 0, [1, 8], DATA, 3), false);
    assertEquals(s.x(), [0, 3, 3, 3, 3, 3, 3, 1]);
    assertEquals(Atomics.load(s.next, NEXT_TASK_WORD) >= 8, true);
    assertEquals(s.run(0, 0, [8, 8], DATA, 1), false);
    assertEquals(s.x(), [0, 3, 3, 3, 3, 3, 3, 1]);
  });
});

test("workerSource() leaves a withdrawn request alone and takes the next one", () =>
  session([count], (s) => {
    s.args.set([REQUEST.run, 0, 0, 1, 1, 12, DATA, 8, DATA + 32, 2, 2.5, 7]);
    Atomics.store(s.next, NEXT_TASK_WORD, 0);
    Atomics.store(s.words, WORD.state, 0); // posted and withdrawn before the worker looked
    Atomics.add(s.words, WORD.request, 1000);
    Atomics.notify(s.words, WORD.request);
    assertEquals(Atomics.wait(s.words, WORD.done, 0, 100), "timed-out");
    assertEquals(s.x()[0], 0);
    assertEquals(s.run(0, 0, [0, 1]), false);
    assertEquals(s.x()[0], 1);
  }));

test("workerSource() stops when it is told to, and answers no more", () =>
  session([count], (s) => {
    s.tell(REQUEST.stop);
    assertEquals(Atomics.wait(s.words, WORD.done, 0, 100), "timed-out");
    s.tell(REQUEST.run, 0, 0, 0, 1);
    assertEquals(Atomics.wait(s.words, WORD.done, 0, 100), "timed-out");
  }));

test("workerSource() sleeps after its spins and wakes up", () =>
  session([count], async (s) => {
    for (let i = 1; i <= 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      assertEquals(s.run(0, 0, [i, i + 1]), false);
      assertEquals(s.x()[0], i);
    }
  }, 0));

Deno.test("viewOf() is an array of the binding's elements: words, numbers, the bits of halves", () => {
  const views = ([undefined, "f32", "u32", "f16", "bf16", "vec4<f32>"] as const).map((type) =>
    viewOf({ name: "x", access: "read", type })
  );
  const [f32, u32, u16] = [Float32Array, Uint32Array, Uint16Array];
  assertEquals<unknown[]>(views, [f32, f32, u32, u16, u16, f32]);
});
