import { assertEquals, assertRejects } from "@std/assert";
import { processors, startThread } from "../../../backend/cpu/thread.ts";

/** Answers once it has written 42 into the memory that it was sent, then counts up. */
const source = `
self.onmessage = ({ data }) => {
  const words = new Int32Array(data.memory);
  Atomics.store(words, 0, 42);
  self.postMessage("ready");
  setInterval(() => Atomics.add(words, 1, 1), 5);
};`;

Deno.test("processors() is what navigator says, or node, or one", () => {
  assertEquals(processors(), navigator.hardwareConcurrency);
  const own = ["navigator", "process"].map((name) =>
    [name, Object.getOwnPropertyDescriptor(globalThis, name)!] as const
  );
  const put = (name: string, value: unknown) =>
    Object.defineProperty(globalThis, name, { value, configurable: true });
  const os = { availableParallelism: () => 3 };
  try {
    put("process", { getBuiltinModule: (name: string) => name === "os" ? os : undefined });
    put("navigator", {}); // a browser that does not tell
    assertEquals(processors(), 1);
    put("navigator", undefined);
    assertEquals(processors(), 3);
    put("process", undefined);
    assertEquals(processors(), 1);
  } finally {
    for (const [name, descriptor] of own) Object.defineProperty(globalThis, name, descriptor);
  }
});

/** As in a browser: no process to ask for node's threads. */
async function withoutProcess<T>(body: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  Object.defineProperty(globalThis, "process", { value: undefined, configurable: true });
  try {
    return await body();
  } finally {
    Object.defineProperty(globalThis, "process", own);
  }
}

const kinds: [string, <T>(body: () => Promise<T>) => Promise<T>][] = [
  ["node's worker", (body) => body()],
  ["a web worker", withoutProcess],
];

for (const [name, within] of kinds) {
  Deno.test({
    name: `startThread() of ${name} sends the message, waits for an answer, and ends when told`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const memory = new SharedArrayBuffer(12);
      const words = new Int32Array(memory);
      const thread = await within(() => startThread(source, { memory }));
      assertEquals(words[0], 42);
      const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
      for (let i = 0; i < 200 && words[1] < 3; i++) await pause(5);
      assertEquals(words[1] >= 3, true, "it works on after its answer");
      thread.terminate();
      await pause(100);
      const count = words[1];
      await pause(50);
      assertEquals(words[1], count, "it has ended");
    },
  });

  Deno.test({
    name: `startThread() of ${name} tells of a source that throws`,
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const broken = `throw new Error("no such thing");`;
      const start = () => within(() => startThread(broken, {}));
      await assertRejects(start, Error, "Cannot start a CPU thread: ");
      await assertRejects(start, Error, "no such thing");
    },
  });
}

Deno.test("startThread() says what a page must allow where a browser refuses without a word", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "Worker")!;
  class Refused {
    onerror!: (event: Event) => void;
    postMessage(): void {
      queueMicrotask(() => this.onerror(new Event("error")));
    }
  }
  Object.defineProperty(globalThis, "Worker", { value: Refused, configurable: true });
  try {
    await withoutProcess(() =>
      assertRejects(() => startThread(source, {}), Error, "expected worker-src blob:")
    );
  } finally {
    Object.defineProperty(globalThis, "Worker", own);
  }
});
