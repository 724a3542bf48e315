import { assertEquals, assertThrows } from "@std/assert";
import { Crew, type Work } from "../../../backend/cpu/crew.ts";
import { buildModule, type WasmKernels } from "../../../backend/cpu/wasm.ts";
import { type CpuContext, defineKernel, SCRATCH_BYTES } from "../../../backend/kernel.ts";
import { Storage } from "../../../backend/memory.ts";

const PAGE = 65536, SCRATCH = PAGE, DATA = SCRATCH + 2 * SCRATCH_BYTES, TASKS = 300;

/** Task i: x[i] = i + 1 on the main thread, −i − 1 elsewhere; `fails` throws elsewhere. */
const marks = defineKernel({
  name: "marks",
  bindings: [{ name: "x", access: "read_write" }],
  params: [["fails", "u32"]],
  fixed: [],
  constants: { MAIN: SCRATCH },
  wgsl: () => "",
  workgroups: () => [1, 1, 1],
  cpu: [{
    tasks: () => 300,
    run: ({ b, p, f, scratch }, lo, hi) => {
      const isMain = scratch === f.MAIN;
      if (p.fails === 1 && !isMain) throw new Error("not here");
      for (let i = lo; i < hi; i++) b.x[i] = isMain ? i + 1 : -i - 1;
      const until = performance.now() + 1; // so that the others come too
      while (performance.now() < until);
    },
  }],
});

/** A crew of one thread, and a dispatch of `marks` for it. */
async function crewOf(kernels: typeof marks[]): Promise<{ crew: Crew; work: Work }> {
  const initial = DATA / PAGE + 1;
  const memory = new WebAssembly.Memory({ initial, maximum: initial, shared: true });
  const module = await WebAssembly.compile(buildModule({ fma: false, shared: true }));
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const crew = new Crew(memory, kernels);
  await crew.start(1, module, SCRATCH);
  const bytes = 4 * TASKS, block = { bytes, id: 1, address: DATA, generation: 0 };
  const context: CpuContext = {
    b: { x: new Float32Array(memory.buffer, DATA, TASKS) },
    p: { fails: 0 },
    f: { MAIN: SCRATCH },
    wasm: exports as unknown as WasmKernels,
    ...{ scratch: SCRATCH, shared: 0, f32: new Float32Array(memory.buffer) },
  };
  const storages = [new Storage(block, bytes, "x")];
  return { crew, work: { kernel: marks, storages, fixed: {}, context } };
}

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false }, body);
}

test("Crew.run() does every task once, here or in its thread, and tells of a thread that fails", async () => {
  const { crew, work } = await crewOf([marks]);
  const x = work.context.b.x;
  let elsewhere = 0;
  for (let turn = 0; turn < 50 && elsewhere === 0; turn++) {
    x.fill(0);
    crew.run(work, 0, TASKS);
    assertEquals([...x].map(Math.abs), Array.from({ length: TASKS }, (_, i) => i + 1));
    elsewhere = [...x].filter((value) => value < 0).length;
  }
  assertEquals(elsewhere > 0, true, "the thread had no task in 50 runs");
  const failing = { ...work, context: { ...work.context, p: { fails: 1 } } };
  const error = assertThrows(() => {
    for (let turn = 0; turn < 50; turn++) crew.run(failing, 0, TASKS);
  }, Error);
  assertEquals(
    error.message,
    "Cannot run marks on the CPU device: its twin threw in a worker. Run with threads: 1 to see the error",
  );
  crew.run(work, 0, TASKS);
  crew.stop();
});

test("Crew.run() keeps kernels that its threads do not know on the main thread", async () => {
  const { crew, work } = await crewOf([]);
  crew.run(work, 0, TASKS);
  assertEquals(work.context.b.x.every((value) => value > 0), true);
  crew.stop();
});
