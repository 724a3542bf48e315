// The threads of a CPU device: they share its memory, and claim the tasks of a phase one chunk after another.
import { type CpuContext, type Kernel, type Numbers, paramsOn, SCRATCH_BYTES } from "../kernel.ts";
import type { Storage } from "../memory.ts";
import { startThread, type ThreadHandle } from "./thread.ts";
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
} from "./worker_source.ts";

interface Thread {
  readonly worker: ThreadHandle;
  readonly words: Int32Array;
  readonly args: Float64Array;
}

/** One dispatch, as its phases see it. */
export interface Work {
  /** What is run. */
  readonly kernel: Kernel;
  /** Memory of its bindings. */
  readonly storages: readonly Storage[];
  /** Whatever of `fixed` the kernel names. */
  readonly fixed: Numbers;
  /** What the main thread's calls of the twin are given. */
  readonly context: CpuContext;
}

/** Threads beside the main one, and the twins that they were started with. */
export class Crew {
  readonly #memory: WebAssembly.Memory;
  readonly #threads: Thread[] = [];
  readonly #places: ReadonlyMap<Kernel, number>;
  readonly #nextTask: Int32Array;
  #sequence = 0;

  /**
   * No threads yet.
   *
   * @param memory The device's; its first page holds the control blocks.
   * @param kernels Whose twins the threads will know: other kernels run on the main thread alone.
   */
  constructor(memory: WebAssembly.Memory, kernels: readonly Kernel[]) {
    this.#memory = memory;
    this.#places = new Map(kernels.map((kernel, place) => [kernel, place]));
    this.#nextTask = new Int32Array(memory.buffer, 0, 1);
  }

  /**
   * Start `count` threads, one after another, and wait until each is ready.
   *
   * @param module The WebAssembly kernels.
   * @param scratch Address of the main thread's scratch; theirs follow.
   */
  async start(count: number, module: WebAssembly.Module, scratch: number): Promise<void> {
    if (count === 0) return;
    const source = workerSource([...this.#places.keys()]);
    for (let index = 1; index <= count; index++) {
      const control = index * CONTROL_BYTES;
      const worker = await startThread(source, {
        module,
        memory: this.#memory,
        control,
        scratch: scratch + index * SCRATCH_BYTES,
        spin: 20000,
      });
      this.#threads.push({
        worker,
        words: new Int32Array(this.#memory.buffer, control, 16),
        args: new Float64Array(this.#memory.buffer, control + ARGS_OFFSET, ARGS),
      });
    }
  }

  /**
   * Run tasks 0 … n − 1 of a phase, here and in the threads that are free.
   *
   * @throws {Error} If the twin throws, here or there; nobody works on it any more then.
   */
  run(work: Work, phase: number, n: number): void {
    const { kernel, context } = work, twin = kernel.cpu[phase];
    const place = this.#places.get(kernel);
    const helpers = place === undefined ? 0 : Math.min(this.#threads.length, n - 1);
    if (helpers <= 0) return twin.run(context, 0, n);
    const chunk = Math.ceil(n / (4 * (helpers + 1)));
    Atomics.store(this.#nextTask, NEXT_TASK_WORD, 0);
    this.#sequence = (this.#sequence + 1) | 0;
    const params = paramsOn(kernel, "cpu");
    for (let t = 0; t < helpers; t++) {
      const { args } = this.#threads[t];
      let at = 0;
      for (const x of [REQUEST.run, place!, phase, n, chunk, context.shared]) args[at++] = x;
      work.storages.forEach(({ block, bytes }, i) => {
        args[at++] = block.address!;
        args[at++] = bytes / viewOf(kernel.bindings[i]).BYTES_PER_ELEMENT;
      });
      for (const [name] of params) args[at++] = context.p[name];
      for (const name of kernel.fixed) args[at++] = work.fixed[name];
      this.#signal(this.#threads[t]);
    }
    let failed = 0;
    try {
      for (;;) {
        const lo = Atomics.add(this.#nextTask, NEXT_TASK_WORD, chunk);
        if (lo >= n) break;
        twin.run(context, lo, Math.min(n, lo + chunk));
      }
    } finally { // whoever throws: nobody may still work in memory that is about to be freed
      Atomics.store(this.#nextTask, NEXT_TASK_WORD, n);
      for (let t = 0; t < helpers; t++) failed += this.#withdrawOrAwait(this.#threads[t]);
    }
    if (failed === 0) return;
    throw new Error(
      `Cannot run ${kernel.name} on the CPU device: its twin threw in a worker. Run with threads: 1 to see the error`,
    );
  }

  #signal({ words, args }: Thread): void {
    args[MEMORY_BYTES_ARG] = this.#memory.buffer.byteLength;
    args[SEQUENCE_ARG] = this.#sequence;
    Atomics.store(words, WORD.state, 1);
    Atomics.store(words, WORD.request, this.#sequence);
    Atomics.notify(words, WORD.request);
  }

  /** Take back a request that a thread has not begun (all is done), else wait for it; 1 if it failed. */
  #withdrawOrAwait({ words }: Thread): number {
    if (Atomics.compareExchange(words, WORD.state, 1, 0) === 1) return 0;
    while (Atomics.load(words, WORD.done) !== this.#sequence);
    return Atomics.exchange(words, WORD.failed, 0);
  }

  /** End the threads. */
  stop(): void {
    this.#sequence = (this.#sequence + 1) | 0;
    for (const thread of this.#threads) {
      thread.args[0] = REQUEST.stop; // a thread that waits inside a loop would be seconds in ending
      this.#signal(thread);
      thread.worker.terminate();
    }
    this.#threads.length = 0;
  }
}
