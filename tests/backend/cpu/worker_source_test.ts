import { assertEquals } from "@std/assert";
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
  WORD,
  workerSource,
} from "../../../backend/cpu/worker_source.ts";

const PAGE = 65536;
const CONTROL = CONTROL_BYTES; // the second control block
const TEXT = PAGE, SCRATCH = 2 * PAGE, DATA = 3 * PAGE;

/** A worker and the main thread's side of the protocol. */
class Session implements Disposable {
  readonly memory = new WebAssembly.Memory({ initial: 4, maximum: 64, shared: true });
  readonly words = new Int32Array(this.memory.buffer, CONTROL, 16);
  readonly args = new Float64Array(this.memory.buffer, CONTROL + ARGS_OFFSET, ARGS);
  readonly next = new Int32Array(this.memory.buffer, 0, 1);
  #thread: ThreadHandle | undefined;
  #sequence = 0;

  async start(spin: number): Promise<void> {
    const module = await WebAssembly.compile(buildModule({ fma: false, shared: true }));
    const message = { module, memory: this.memory, control: CONTROL, scratch: SCRATCH, spin };
    this.#thread = await startThread(workerSource, message);
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

  register(id: number, ...phases: string[]): boolean {
    const text = new TextEncoder().encode(JSON.stringify({
      bindings: [["x", false], ["n", true]],
      params: ["by"],
      fixed: ["D"],
      phases,
    }));
    new Uint8Array(this.memory.buffer, TEXT, text.length).set(text);
    return this.ask(REQUEST.register, id, TEXT, text.length);
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

async function session(body: (s: Session) => void, spin = 100): Promise<void> {
  using s = new Session();
  await s.start(spin);
  body(s);
}

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, body);
}

Deno.test("workerSource fits its control block and names no import", () => {
  assertEquals(ARGS_OFFSET + ARGS * 8 <= CONTROL_BYTES, true);
  assertEquals(32 * CONTROL_BYTES <= PAGE, true, "32 threads share the first page");
  assertEquals(MEMORY_BYTES_ARG < ARGS, true);
  assertEquals(/\bimport\b|\brequire\b|\bundefined\b/.test(workerSource), false);
});

test("workerSource runs the tasks of a registered kernel with all that a twin is given", () =>
  session((s) => {
    const write =
      `({ b, p, f, shared, scratch, f32, wasm }, lo, hi) => { for (let i = lo; i < hi; i++) b.x[i] = p.by * i; ` +
      `b.n[0] = f.D; b.n[1] = shared; f32[scratch / 4] = 3; wasm.scaleInPlace(b.x.byteOffset, 8, 2); }`;
    const read = `function named({ b, f32, scratch }) { b.x[0] = f32[scratch / 4]; }`;
    assertEquals(s.register(0, "() => {}"), false);
    assertEquals(s.register(1, write, read), false);
    assertEquals(s.run(1, 0, [2, 5]), false);
    assertEquals(s.x(), [0, 0, 10, 15, 20, 0, 0, 0]);
    assertEquals([...new Uint32Array(s.memory.buffer, DATA + 32, 2)], [7, 12]);
    assertEquals(s.run(1, 1, [0, 1]), false);
    assertEquals(s.x()[0], 3);
    assertEquals(s.run(0, 0, [0, 1]), false);
  }));

test("workerSource flags what throws and goes on", () =>
  session((s) => {
    assertEquals(s.register(0, "this is no function"), true);
    assertEquals(s.register(1, `() => { throw new Error("x"); }`), false);
    assertEquals(s.run(1, 0, [0, 1]), true);
    assertEquals(s.run(9, 0, [0, 1]), true, "no such kernel");
    assertEquals(s.register(2, "({ b }) => { b.x[7] = 1; }"), false);
    assertEquals(s.run(2, 0, [0, 1]), false);
    assertEquals(s.x()[7], 1);
  }));

test("workerSource sees memory that the main thread has just grown", () =>
  session((s) => {
    s.register(0, "({ b, f32 }, lo) => { b.x[0] = lo; f32[b.x.byteOffset / 4 + 1] = lo + 1; }");
    for (let pages = 4; pages < 64; pages++) {
      s.memory.grow(1);
      assertEquals(s.run(0, 0, [pages, pages + 1], pages * PAGE), false, `${pages} pages`);
      assertEquals(s.x(pages * PAGE).slice(0, 2), [pages, pages + 1]);
    }
  }));

test("workerSource claims tasks a chunk at a time, each once, and none that is taken", () =>
  session((s) => {
    s.register(0, "({ b }, lo, hi) => { for (let i = lo; i < hi; i++) b.x[i] += hi - lo; }");
    assertEquals(s.run(0, 0, [1, 8], DATA, 3), false);
    assertEquals(s.x(), [0, 3, 3, 3, 3, 3, 3, 1]);
    assertEquals(Atomics.load(s.next, NEXT_TASK_WORD) >= 8, true);
    assertEquals(s.run(0, 0, [8, 8], DATA, 1), false);
    assertEquals(s.x(), [0, 3, 3, 3, 3, 3, 3, 1]);
  }));

test("workerSource leaves a withdrawn request alone and takes the next one", () =>
  session((s) => {
    s.register(0, "({ b }) => { b.x[0] += 1; }");
    s.args.set([REQUEST.run, 0, 0, 1, 1, 12, DATA, 8, DATA + 32, 2, 2.5, 7]);
    Atomics.store(s.next, NEXT_TASK_WORD, 0);
    Atomics.store(s.words, WORD.state, 0); // posted and withdrawn before the worker looked
    Atomics.add(s.words, WORD.request, 1000);
    Atomics.notify(s.words, WORD.request);
    assertEquals(Atomics.wait(s.words, WORD.done, 1, 100), "timed-out");
    assertEquals(s.x()[0], 0);
    assertEquals(s.run(0, 0, [0, 1]), false);
    assertEquals(s.x()[0], 1);
  }));

test("workerSource stops when it is told to, and answers no more", () =>
  session((s) => {
    s.register(0, "() => {}");
    s.tell(REQUEST.stop);
    assertEquals(Atomics.wait(s.words, WORD.done, 1, 100), "timed-out");
    s.tell(REQUEST.run, 0, 0, 0, 1);
    assertEquals(Atomics.wait(s.words, WORD.done, 1, 100), "timed-out");
  }));

test("workerSource sleeps after its spins and wakes up", async () => {
  using s = new Session();
  await s.start(0);
  s.register(0, "({ b }, lo) => { b.x[0] = lo; }");
  for (let i = 1; i <= 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(s.run(0, 0, [i, i + 1]), false);
    assertEquals(s.x()[0], i);
  }
});
