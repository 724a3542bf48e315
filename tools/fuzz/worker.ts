// The half of the fuzzer that runs the parser: changes files and reads them, one after another, in a worker that can be
// ended. What it is reading lies in shared memory, so that a hang leaves its file behind.
import { setImmediate } from "node:timers/promises";
import { BYTE_MUTATORS, MOST_BYTES } from "./mutate_bytes.ts";
import { describe, faultOf, shapeOf } from "./oracle.ts";
import { Choices } from "./random.ts";
import type { Input, Target } from "./target.ts";

/** What a worker is asked to do. */
export interface Job {
  /** Address of a module whose `TARGETS` has the parser. */
  readonly module: string;
  readonly parser: string;
  readonly work: string;
  /** Whole numbers: see {@linkcode Slot}; then the bytes that are being read. */
  readonly shared: SharedArrayBuffer;
  /** Longest that a file may take, ms. */
  readonly longestMs: number;
  /** To fuzz. */
  readonly seed?: number;
  /** To read once. */
  readonly input?: Input;
}

/** What a worker tells. */
export interface Told {
  readonly kind: "ready" | "finding" | "judged" | "broken";
  /** What is wrong; undefined where all is as it should be. */
  readonly fault?: string;
  readonly detail?: string;
  readonly input?: Input;
  /** Bytes of the process when it was ready. */
  readonly baseline?: number;
  /** Names of the files, by their number in the shared memory. */
  readonly files?: readonly string[];
}

/** The whole numbers in front of the shared memory. */
export const enum Slot {
  Done,
  Accepted,
  Length,
  File,
  Shapes,
  /** 1 while the parser reads, 0 while the next file is made. */
  Reading,
  Count,
}

/** Bytes of the shared memory. */
export const SHARED_BYTES = 4 * Slot.Count + MOST_BYTES;
/** More than a file may make of itself, bytes. */
export const MOST_MEMORY = 256 * 2 ** 20;
/** What is said of a file that does. */
export const EATS = `it took over ${MOST_MEMORY / 2 ** 20} MiB`;
const MOST_KEPT = 400;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Job>) => void;
  postMessage(told: Told): void;
  addEventListener(type: string, listener: (event: PromiseRejectionEvent) => void): void;
};
let resident = Deno.memoryUsage().rss; // of the process, when the last file had been read
let strayed: unknown; // a rejection that nobody waited for
scope.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  strayed = event.reason ?? new Error("a promise was rejected");
});

interface Verdict {
  readonly fault?: string;
  readonly detail: string;
  /** Undefined where the file was accepted. */
  readonly error?: unknown;
}

async function read(target: Target, input: Input, { work, longestMs }: Job): Promise<Verdict> {
  const start = performance.now();
  strayed = undefined;
  let error: unknown, thrown = false;
  try {
    await target.parse(input, work);
  } catch (caught) {
    [error, thrown] = [caught, true];
  }
  const took = performance.now() - start;
  const { rss } = Deno.memoryUsage();
  const grown = rss - resident;
  resident = rss;
  await setImmediate(); // only then is a rejection known to be nobody's
  if (strayed !== undefined) {
    return {
      fault: "it rejected a promise that nobody waits for",
      detail: describe(strayed),
      error,
    };
  }
  if (grown > MOST_MEMORY) return { fault: EATS, detail: describe(error), error };
  if (took > longestMs) {
    return { fault: `it took over ${longestMs} ms`, detail: describe(error), error };
  }
  return thrown
    ? { fault: faultOf(error), detail: describe(error), error: error ?? "" }
    : { detail: "" };
}

function changed(target: Target, corpus: readonly Input[], choices: Choices): Input {
  const base = choices.pick(corpus);
  const same = corpus.filter(({ file }) => file === base.file);
  let { bytes } = base;
  const ours = target.mutators(base.file);
  for (let n = 1 + (choices.oneIn(3) ? choices.below(4) : 0); n > 0; n--) {
    const isOurs = ours.length > 0 && !choices.oneIn(3);
    const mutator = choices.pick(isOurs ? ours : BYTE_MUTATORS);
    if (bytes.length === 0) break;
    const { bytes: other } = choices.pick(same);
    bytes = mutator(bytes, choices, other.length === 0 ? bytes : other);
  }
  return { file: base.file, bytes: bytes.length > MOST_BYTES ? bytes.slice(0, MOST_BYTES) : bytes };
}

async function fuzz(target: Target, job: Job): Promise<never> {
  const { shared, seed = 0 } = job;
  const slots = new Int32Array(shared, 0, Slot.Count);
  const place = new Uint8Array(shared, 4 * Slot.Count);
  const choices = new Choices(seed);
  const seeds = await target.seeds();
  const files = [...new Set(seeds.map(({ file }) => file))];
  let taken = 0;
  for (const input of seeds) {
    const { fault, detail, error } = await read(target, input, job);
    if (error === undefined) taken++;
    if (fault !== undefined) scope.postMessage({ kind: "finding", fault, detail, input });
  }
  if (taken === 0) throw new Error(`${target.name} takes none of its whole files`);
  scope.postMessage({ kind: "ready", files, baseline: Deno.memoryUsage().rss });
  const largest = 2 * Math.max(2048, ...seeds.map(({ bytes }) => bytes.length)); // to stay quick
  const kept: Input[] = [];
  const shapes = new Set<string>(), told = new Set<string>();
  while (true) {
    const corpus = kept.length > 0 && choices.oneIn(2) ? kept : seeds;
    const input = changed(target, corpus, choices);
    place.set(input.bytes);
    slots[Slot.Length] = input.bytes.length;
    slots[Slot.File] = files.indexOf(input.file);
    slots[Slot.Reading] = 1;
    const { fault, detail, error } = await read(target, input, job);
    slots[Slot.Reading] = 0;
    Atomics.add(slots, Slot.Done, 1);
    if (error === undefined) slots[Slot.Accepted]++;
    const message = error instanceof Error ? error.message : "";
    const key = (fault ?? "") + shapeOf(message);
    if (fault !== undefined && !told.has(key)) {
      told.add(key);
      scope.postMessage({ kind: "finding", fault, detail, input });
    }
    // What fails in a new way, and a little of what does not fail, is changed further.
    const isNew = !shapes.has(key) || (error === undefined && choices.oneIn(64));
    if (isNew && input.bytes.length <= largest) {
      shapes.add(key);
      slots[Slot.Shapes] = shapes.size;
      if (kept.length < MOST_KEPT) kept.push(input);
      else kept[choices.below(MOST_KEPT)] = input;
    }
  }
}

scope.onmessage = async ({ data: job }) => {
  try {
    const { TARGETS } = await import(job.module) as { TARGETS: readonly Target[] };
    const target = TARGETS.find(({ name }) => name === job.parser);
    if (target === undefined) throw new Error(`there is no parser ${job.parser}`);
    if (job.input === undefined) await fuzz(target, job);
    resident = Deno.memoryUsage().rss;
    scope.postMessage({ kind: "ready", baseline: resident });
    const { fault, detail } = await read(target, job.input!, job);
    scope.postMessage({ kind: "judged", fault, detail });
  } catch (error) { // a mistake of the fuzzer's own
    scope.postMessage({ kind: "broken", detail: describe(error) });
  }
};
