// The half of the fuzzer that watches: ends a worker that hangs or eats memory, takes down what it was reading, makes it
// small, and begins again.
import type { Input } from "./target.ts";
import { EATS, type Job, MOST_MEMORY, SHARED_BYTES, Slot, type Told } from "./worker.ts";

/** A file that a parser did not take as it should. */
export interface Finding {
  readonly parser: string;
  /** What was wrong. */
  readonly fault: string;
  /** The error with its stack, where there was one. */
  readonly detail: string;
  /** The file, as small as it could be made. */
  readonly input: Input;
  /** Of the worker that found it. */
  readonly seed: number;
  /** How many files that worker had read. */
  readonly execution: number;
}

/** What a campaign against one parser came to. */
export interface Outcome {
  readonly parser: string;
  readonly executions: number;
  /** Files that the parser took. */
  readonly accepted: number;
  /** Kinds of errors and of acceptance that were seen, at most among all workers. */
  readonly shapes: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
}

/** How to fuzz a parser. */
export interface CampaignOptions {
  /** Address of the module that has it among its `TARGETS`. */
  readonly module: string;
  readonly parser: string;
  readonly seconds: number;
  readonly seed: number;
  /** A folder of the fuzzer's own. */
  readonly work: string;
  /** Longest that a file may take, ms; default 5000. */
  readonly longestMs?: number;
  /** Longest that making a file small may take, ms; default 20,000. */
  readonly minimiseMs?: number;
}

/** A worker is looked at more closely from here on: it has its own garbage too. */
const SUSPICIOUS_MEMORY = 1.5 * MOST_MEMORY;
const LOOK_MS = 25;
const STARTUP_MS = 60_000;
const MOST_TRIALS = 300;
const LONGEST_MS = 5000;
const GRACE_MS = 500;
const SETTLE_MS = 15_000;
const hangs = (ms: number) => `it took over ${ms} ms`;
const DIES = "it ended the worker";

type Watched = { readonly fault?: string; readonly detail: string };

/** A worker with its memory; disposing ends it. */
class Bench implements Disposable {
  readonly shared = new SharedArrayBuffer(SHARED_BYTES);
  readonly slots = new Int32Array(this.shared, 0, Slot.Count);
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  readonly #told: Told[] = [];
  files: readonly string[] = [];
  isReady = false;
  died: string | undefined;
  /** Why the fuzzer itself cannot go on. */
  broken: string | undefined;
  baseline = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<Told>) => {
      if (data.kind === "broken") this.broken = data.detail;
      if (data.kind !== "ready") return void this.#told.push(data);
      this.files = data.files ?? [];
      this.baseline = data.baseline ?? 0;
      this.isReady = true;
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.died = event.message;
    };
  }

  /** Sets it to work, and waits until it has begun. */
  async begin(job: Omit<Job, "shared">): Promise<void> {
    this.isReady = false;
    this.#worker.postMessage({ ...job, shared: this.shared });
    for (const end = performance.now() + STARTUP_MS; !this.isReady;) {
      const why = this.broken ?? this.died;
      if (why !== undefined) throw new Error(`Cannot fuzz: the worker ended: ${why}`);
      if (performance.now() > end) throw new Error("Cannot fuzz: the worker does not start");
      await pause(1);
    }
  }

  /** What it told since it was last asked. */
  news(): Told[] {
    return this.#told.splice(0);
  }

  /** The file that it is reading. */
  current(): Input {
    const length = this.slots[Slot.Length];
    const bytes = new Uint8Array(this.shared, 4 * Slot.Count, length).slice();
    return { file: this.files[this.slots[Slot.File]], bytes: new Uint8Array(bytes) };
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

const pause = (ms = LOOK_MS) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until an ended worker's memory has been given back. */
async function settled(clean: number): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (Deno.memoryUsage().rss > clean + MOST_MEMORY / 4 && performance.now() < end) await pause();
}

/** Reads files one by one, in one worker as long as that lives. */
class Judge implements Disposable {
  #bench: Bench | undefined;

  /** @param clean Bytes of the process with a worker that has read nothing. */
  constructor(readonly options: CampaignOptions, readonly clean: number) {}

  async judge(input: Input): Promise<Watched> {
    const { module, parser, work, longestMs = LONGEST_MS } = this.options;
    if (this.#bench === undefined) await settled(this.clean);
    const bench = this.#bench ??= new Bench();
    await bench.begin({ module, parser, work, longestMs, input });
    const start = performance.now();
    let fault: string | undefined;
    while (fault === undefined) {
      const [told] = bench.news();
      if (told?.fault === EATS) fault = EATS; // its worker is too large to go on with
      else if (told !== undefined) return { fault: told.fault, detail: told.detail ?? "" };
      if (Deno.memoryUsage().rss - bench.baseline > MOST_MEMORY) fault = EATS;
      if (bench.died !== undefined) fault = DIES;
      if (performance.now() - start > longestMs + GRACE_MS) fault = hangs(longestMs);
      await pause(2);
    }
    this[Symbol.dispose]();
    return { fault, detail: bench.died ?? "" };
  }

  [Symbol.dispose](): void {
    this.#bench?.[Symbol.dispose]();
    this.#bench = undefined;
  }
}

/**
 * Takes parts out of a file, halves first and then ever smaller ones, as long as it fails in the same way.
 *
 * @param fails Whether a file still does.
 * @param longestMs When to stop.
 */
export async function minimise(
  input: Input,
  fails: (input: Input) => Promise<boolean>,
  longestMs = 20_000,
): Promise<Input> {
  let { bytes } = input;
  const end = performance.now() + longestMs;
  let trials = 0;
  for (let part = bytes.length >> 1; part >= 1; part >>= 1) {
    for (let at = 0; at < bytes.length;) {
      if (++trials > MOST_TRIALS || performance.now() > end) return { ...input, bytes };
      const rest = bytes.subarray(at + part);
      const less = new Uint8Array(at + rest.length);
      less.set(bytes.subarray(0, at));
      less.set(rest, at);
      if (await fails({ ...input, bytes: less })) bytes = less;
      else at += part;
    }
  }
  return { ...input, bytes };
}

/** Fuzzes one parser for a while. */
export async function campaign(options: CampaignOptions): Promise<Outcome> {
  const { module, parser, work, longestMs = LONGEST_MS, minimiseMs } = options;
  const findings: Finding[] = [];
  const known = new Set<string>();
  let executions = 0, accepted = 0, shapes = 0, { seed } = options;
  let clean = Infinity; // bytes of a worker that has read nothing
  let spent = 0; // ms of reading: neither starting a worker nor making a finding small counts

  const take = async (found: Watched & { input: Input; execution: number }): Promise<void> => {
    const key = found.fault + (found.detail.split("\n").find((line) => /^\s+at /.test(line)) ?? "");
    if (known.has(key)) return;
    known.add(key);
    using judge = new Judge(options, clean);
    const again = await judge.judge(found.input);
    const fault = again.fault ?? `${found.fault}, once`; // it is kept as it was
    const isSame = async (input: Input) => (await judge.judge(input)).fault === fault;
    const input = again.fault === undefined
      ? found.input
      : await minimise(found.input, isSame, minimiseMs);
    findings.push({ parser, fault, detail: found.detail, input, seed, execution: found.execution });
  };

  while (spent < options.seconds * 1000) {
    using bench = new Bench();
    await bench.begin({ module, parser, work, longestMs, seed });
    clean = Math.min(clean, bench.baseline);
    const start = performance.now() - spent;
    let seen = -1, since = performance.now();
    const pending: (Watched & { input: Input; execution: number })[] = [];
    let end: Watched | undefined;
    while (spent < options.seconds * 1000 && end === undefined) {
      await pause();
      spent = performance.now() - start;
      const done = bench.slots[Slot.Done];
      if (done !== seen || bench.slots[Slot.Reading] === 0) {
        [seen, since] = [done, performance.now()];
      }
      for (const { fault, detail = "", input } of bench.news()) {
        pending.push({ fault, detail, input: input!, execution: done });
      }
      if (bench.broken !== undefined) throw new Error(`Cannot fuzz: ${bench.broken}`);
      if (bench.died !== undefined) end = { fault: DIES, detail: bench.died };
      else if (performance.now() - since > longestMs + GRACE_MS) {
        end = { fault: hangs(longestMs), detail: "" };
      } else if (Deno.memoryUsage().rss - bench.baseline > SUSPICIOUS_MEMORY) {
        end = { fault: undefined, detail: "" };
      }
    }
    const execution = bench.slots[Slot.Done];
    const input = bench.current();
    bench[Symbol.dispose]();
    executions += execution;
    accepted += bench.slots[Slot.Accepted];
    shapes = Math.max(shapes, bench.slots[Slot.Shapes]);
    for (const found of pending) await take(found);
    if (end?.fault !== undefined) await take({ ...end, input, execution });
    else if (end !== undefined) { // much memory: the file's own, or garbage of many?
      using judge = new Judge(options, clean);
      const alone = await judge.judge(input);
      if (alone.fault !== undefined) await take({ ...alone, input, execution });
    }
    seed++;
  }
  return {
    parser,
    executions,
    accepted,
    shapes,
    seconds: spent / 1000,
    findings,
  };
}
