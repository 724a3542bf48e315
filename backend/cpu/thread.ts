// A worker from the text of a module that does not keep the process alive: node's kind on servers, the web's in browsers.
import { DeviceError } from "../device_error.ts";

/** A started thread. */
export interface ThreadHandle {
  /** Stop it at once. */
  terminate(): void;
}

interface NodeWorker {
  once(event: "message" | "error", listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  unref(): void;
  terminate(): Promise<number>;
}

interface WorkerThreads {
  readonly Worker: new (url: URL) => NodeWorker;
}

/** What makes node's worker look like the web's to the worker source. */
const NODE_PRELUDE = `
const { parentPort } = process.getBuiltinModule("worker_threads");
globalThis.self = { postMessage: (message) => parentPort.postMessage(message) };
parentPort.once("message", (data) => self.onmessage({ data }));
`;

/** Start the module `source` in a thread, hand it `message`, and wait until it posts something back. */
export async function startThread(source: string, message: unknown): Promise<ThreadHandle> {
  const threads = nodeThreads();
  if (threads !== undefined) {
    // A web worker would keep a server process alive until somebody terminated it.
    const worker = new threads.Worker(
      new URL(`data:text/javascript,${encodeURIComponent(NODE_PRELUDE + source)}`),
    );
    await new Promise<void>((resolve, reject) => {
      worker.once("message", () => resolve());
      worker.once(
        "error",
        (error) => reject(new DeviceError(`Cannot start a CPU thread: ${error}`)),
      );
      worker.postMessage(message);
    });
    worker.unref();
    return { terminate: () => void worker.terminate() };
  }
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { type: "module" });
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      event.preventDefault(); // it is told here and nowhere else
      const why = event.message ||
        "the page's Content-Security-Policy may forbid it, expected worker-src blob:";
      reject(new DeviceError(`Cannot start a CPU thread: ${why}`));
    };
    worker.postMessage(message);
  }).finally(() => URL.revokeObjectURL(url));
  worker.onerror = null;
  return worker;
}

/** How many threads can run at once: what `navigator` says, or node where there is none (Node 20). */
export function processors(): number {
  const { navigator } = globalThis as { navigator?: Navigator };
  if (navigator !== undefined) return navigator.hardwareConcurrency || 1;
  const os = nodeModule("os") as { availableParallelism?(): number } | undefined;
  return os?.availableParallelism?.() ?? 1;
}

function nodeThreads(): WorkerThreads | undefined {
  return nodeModule("worker_threads") as WorkerThreads | undefined;
}

function nodeModule(name: string): unknown {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  return process?.getBuiltinModule?.(name);
}
