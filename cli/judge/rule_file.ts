// A rule of the user's own: a module whose default export scores an answer. It runs in a thread with its own rights, which
// is ended and started anew where it hangs, so that whatever the rule does is a verdict, and this thread always listens.
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import { absolutePath } from "../flags/paths.ts";
import {
  rightsOf,
  RULE_TIMEOUT,
  type RuleFlags,
  type RulePermissions,
} from "../flags/rule_rights.ts";
import {
  type PairScores,
  type RuleMessage,
  type RuleRequest,
  tooLong,
  workerSource,
} from "./rule_worker.ts";

/** (prompt, completion) to a number or a promise of one, larger is better; equal numbers are a tie. */
type Rule = (prompt: string, completion: string) => number | Promise<number>;

/** A rule that is loaded. Disposing it ends its thread. */
export interface OpenRule extends Disposable {
  /**
   * Scores both answers of each pair, or says why it cannot.
   *
   * @param signal An abort ends the thread and rejects with its reason.
   */
  score(pairs: RuleRequest["pairs"], signal?: AbortSignal): Promise<PairScores[]>;
}

/** How to open a rule. */
export interface RuleFileOptions extends RuleFlags {
  /** Ends the loading. */
  readonly signal?: AbortSignal;
}

/** Milliseconds between two looks at a thread. */
const LOOK = 250;
/** Milliseconds that a thread has on top of a call's limit, at most, to stop the call itself. */
const GRACE = 2000;
/** Milliseconds that a rule has at least for what it does at its top level. */
const LOADING = 30_000;
/** Threads that hung, after which no other is begun: one that loops for ever cannot be ended and takes a core. */
const MOST_HUNG = 3;

/**
 * Loads a rule in a thread of its own.
 *
 * @param file Path of a TypeScript or JavaScript module with the rule as its default export.
 * @param options The rule's rights and time; none and 30 s where they are absent.
 * @throws {UsageError} If it is not there, cannot be loaded, or exports no function, or its rights cannot be cut.
 */
export async function openRule(file: string, options: RuleFileOptions = {}): Promise<OpenRule> {
  const stat = await Deno.stat(file).catch(() => undefined);
  if (stat === undefined) throw refusal(file, "it is not there");
  if (!stat.isFile) throw refusal(file, "it is a folder");
  const rights = await rightsOf(file, options);
  const limit = (options.ruleTimeout ?? RULE_TIMEOUT) * 1000;
  const rule = new RuleThread(file, rights, limit);
  try {
    await rule.start(options.signal);
    return rule;
  } catch (error) {
    rule[Symbol.dispose]();
    throw error;
  }
}

function refusal(file: string, found: string, cause?: unknown): UsageError {
  return new UsageError({
    verb: "use",
    thing: `the rule ${quote(file)}`,
    found,
    expected: "a module with export default (prompt: string, completion: string) => number",
  }, { cause });
}

class RuleThread implements OpenRule {
  readonly #file: string;
  readonly #rights: RulePermissions | undefined;
  readonly #limit: number;
  #begun = newCounter();
  #worker: Worker | undefined;
  #hung = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, rights: RulePermissions | undefined, limit: number) {
    this.#file = file;
    this.#rights = rights;
    this.#limit = limit;
  }

  /** Begins a thread and waits until the rule is there. */
  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#worker = newWorker(this.#file, this.#rights);
    this.#begun = newCounter(); // a thread that hung may still count in its own
    let isLoading = false; // before that, Deno fetches what the rule imports
    const limit = Math.max(this.#limit, LOADING);
    const ended = await this.#listen({ limit, signal, isWatched: () => isLoading }, (message) => {
      if (message.kind === "refused") throw refusal(this.#file, advised(message.found));
      isLoading = message.kind === "started";
      return message.kind === "ready";
    });
    if (ended !== undefined) throw refusal(this.#file, `it cannot be loaded (${advised(ended)})`);
  }

  /** One call after the other. */
  score(pairs: RuleRequest["pairs"], signal?: AbortSignal): Promise<PairScores[]> {
    const scores = this.#last.then(() => this.#score(pairs, signal));
    this.#last = scores.catch(() => {});
    return scores;
  }

  async #score(
    pairs: RuleRequest["pairs"],
    signal: AbortSignal | undefined,
  ): Promise<PairScores[]> {
    const scores: (PairScores | undefined)[] = pairs.map(() => undefined);
    for (let todo = [...pairs.keys()]; todo.length > 0;) {
      if (this.#hung >= MOST_HUNG) {
        const reason = `was not asked any more after it had hung ${MOST_HUNG} times`;
        for (const index of todo) scores[index] = [{ reason }, { reason }];
        break;
      }
      if (this.#worker === undefined) await this.start(signal);
      let done = 0; // of `todo`
      const ended = await this.#ask(todo.map((index) => pairs[index]), signal, (some) => {
        for (const score of some.slice(0, todo.length - done)) scores[todo[done++]] = score;
        return done === todo.length;
      });
      if (ended !== undefined) {
        // Pairs before the one that hung may be done without having been said: they are asked again.
        const failed = Math.max(done, (Atomics.load(this.#begun, 0) - 1) >> 1);
        scores[todo[failed]] = [{ reason: ended }, { reason: ended }];
      }
      todo = todo.filter((index) => scores[index] === undefined);
    }
    return scores.filter((score) => score !== undefined);
  }

  #ask(
    pairs: RuleRequest["pairs"],
    signal: AbortSignal | undefined,
    take: (scores: readonly PairScores[]) => boolean,
  ): Promise<string | undefined> {
    Atomics.store(this.#begun, 0, 1);
    const request: RuleRequest = { pairs, limit: this.#limit, begun: this.#begun };
    this.#worker!.postMessage(request);
    return this.#listen(
      { limit: this.#limit, signal, isWatched: () => true },
      (message) => message.kind === "scores" && take(message.scores),
    );
  }

  /**
   * Listens until `isDone` says so. Whatever else happens ends the thread.
   *
   * @param how After how many milliseconds without progress a thread hangs, if it is watched; what ends the waiting.
   * @returns undefined, or why the thread had to be ended.
   * @throws What `isDone` throws, and the signal's reason.
   */
  async #listen(
    { limit, signal, isWatched }: {
      readonly limit: number;
      readonly signal: AbortSignal | undefined;
      readonly isWatched: () => boolean;
    },
    isDone: (message: RuleMessage) => boolean,
  ): Promise<string | undefined> {
    const worker = this.#worker!;
    const end = Promise.withResolvers<string | undefined>();
    let quiet = 0, last = -1;
    worker.onmessage = ({ data }: MessageEvent<RuleMessage>) => {
      quiet = 0;
      try {
        if (isDone(data)) end.resolve(undefined);
      } catch (error) {
        end.reject(error);
      }
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end.resolve(`ended its thread: ${event.message.split("\n")[0]}`);
    };
    const abort = () => end.reject(signal!.reason);
    signal?.addEventListener("abort", abort);
    const timer = setInterval(() => {
      const begun = Atomics.load(this.#begun, 0);
      quiet = begun === last && isWatched() ? quiet + 1 : 0;
      last = begun;
      if (quiet * LOOK < limit + Math.min(2 * limit, GRACE)) return;
      this.#hung++;
      end.resolve(tooLong(limit).reason);
    }, LOOK);
    let ended: string | undefined = "";
    try {
      return ended = await end.promise;
    } finally {
      clearInterval(timer);
      signal?.removeEventListener("abort", abort);
      if (ended !== undefined) this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

function newCounter(): RuleRequest["begun"] {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** A thread that serves a rule. */
function newWorker(file: string, permissions: RulePermissions | undefined): Worker {
  const options = {
    type: "module",
    name: `rule ${file}`,
    ...(permissions === undefined ? {} : { deno: { permissions } }),
  } as const;
  try {
    const source = workerSource(fileUrl(absolutePath(file)));
    return new Worker(`data:text/javascript,${encodeURIComponent(source)}`, options);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotCapable)) throw cause;
    throw new UsageError({
      verb: "use",
      thing: `the rule ${quote(file)}`,
      found: "--rule-permissions has more than this program itself may do",
      expected: "no more",
    }, { cause });
  }
}

/** Deno names its own flags, which are not those of this program. */
export function advised(reason: string): string {
  return reason.replace(
    /, run again with the --allow-(read|write|net|env|sys|import) flag/g,
    "; --rule-permissions $1 gives it",
  );
}

function fileUrl(path: string): string {
  const slashes = path.replaceAll("\\", "/");
  const parts = slashes.split("/").map((part, i) =>
    i <= 1 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part)
  );
  return `file://${slashes.startsWith("/") ? "" : "/"}${parts.join("/")}`;
}
