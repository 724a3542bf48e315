// What runs in a rule's own thread: it loads the rule and scores pairs, one call after the other, each within a time
// limit. `rule_file.ts` starts it and looks after it. The functions go there as text, so they use only each other.
import vm from "node:vm";
import { callRule, type Scored } from "../../core/annotator/score.ts";

/** Pairs to score. */
export interface RuleRequest {
  /** Prompt and both answers of each. */
  readonly pairs: readonly (readonly [prompt: string, a: string, b: string])[];
  /** Most milliseconds of a call. */
  readonly limit: number;
  /** One number, of the call in progress: 2·pair + 1 for a, 2·pair + 2 for b. By it one sees which call hangs. */
  readonly begun: Int32Array<SharedArrayBuffer>;
}

/** Scores of both answers; those of b are a's where a has none. */
export type PairScores = readonly [Scored, Scored];

/** What the thread says. */
export type RuleMessage =
  /** It runs, and loads the rule now. */
  | { readonly kind: "started" }
  /** The rule is there. */
  | { readonly kind: "ready" }
  /** The rule cannot be used. */
  | { readonly kind: "refused"; readonly found: string }
  /** Scores of the next pairs, in order. */
  | { readonly kind: "scores"; readonly scores: readonly PairScores[] };

type Rule = (prompt: string, completion: string) => unknown;

/** The reason of a call that took too long. */
export function tooLong(limit: number): { readonly reason: string } {
  return { reason: `did not answer within ${limit / 1000} s` };
}

/**
 * The program of a rule's thread.
 *
 * @param file URL of the rule's module. The import is literal, so that Deno loads it, and what it imports, by the rights
 * of the whole program: the thread itself may read nothing.
 */
export function workerSource(file: string): string {
  const functions = [callRule, tooLong, ranWithin, inTime, scoredPairs, serveRule];
  return `import vm from "node:vm";\n${functions.map(String).join("\n")}\n` +
    `serveRule(() => import(${JSON.stringify(file)}));\n`;
}

/** Serves a rule from this thread to the one that started it. */
async function serveRule(load: () => Promise<{ readonly default?: unknown }>): Promise<void> {
  const say = (message: RuleMessage) => self.postMessage(message);
  // What a rule leaves behind, a promise or a timer, is no reason to end the thread.
  for (const name of ["error", "unhandledrejection"]) {
    self.addEventListener(name, (event) => event.preventDefault());
  }
  const stay = () => {
    throw new Error("a rule cannot end the program");
  };
  Object.assign(self, { close: stay });
  Object.assign(Deno, { exit: stay });
  // Results go to stdout: what a rule prints goes to stderr.
  // deno-lint-ignore no-console -- a rule's author looks at what the rule prints
  for (const name of ["log", "info", "debug"] as const) console[name] = console.error;
  say({ kind: "started" });
  let rule: unknown;
  const refusal = await callRule(async () => {
    rule = (await load()).default;
    return 0;
  });
  if (typeof refusal !== "number") {
    const why = refusal.reason.replace(/^threw: /, "");
    return say({ kind: "refused", found: `it cannot be loaded (${why})` });
  }
  if (typeof rule !== "function") {
    const found = rule === undefined ? "missing" : `a ${typeof rule}`;
    return say({ kind: "refused", found: `its default export is ${found}` });
  }
  self.addEventListener("message", async ({ data }: MessageEvent<RuleRequest>) => {
    for await (const scores of scoredPairs(rule as Rule, data)) say({ kind: "scores", scores });
  });
  say({ kind: "ready" });
}

/**
 * Scores pairs; gives what is done whenever a call waits for something, and several times a second.
 *
 * @param rule A user's, so anything may come of it.
 */
export async function* scoredPairs(
  rule: Rule,
  { pairs, limit, begun }: RuleRequest,
): AsyncGenerator<PairScores[]> {
  const together = 100; // milliseconds of calls that return at once
  let done: PairScores[] = [];
  let at = 0, since = 0;
  let first: Scored | undefined; // the score of a, while b is asked
  let waiting: Promise<Scored> | undefined;
  const take = (score: Scored) => {
    if (first === undefined && typeof score === "number") return void (first = score);
    done.push([first ?? score, score]);
    first = undefined;
    at++;
  };
  const calls = () => {
    since = performance.now();
    for (const end = since + together; at < pairs.length && since < end;) {
      Atomics.store(begun, 0, 2 * at + (first === undefined ? 1 : 2));
      const [prompt, a, b] = pairs[at];
      const score = callRule(() => rule(prompt, first === undefined ? a : b));
      if (score instanceof Promise) return void (waiting = score);
      take(score);
      since = performance.now();
    }
  };
  while (at < pairs.length) {
    if (waiting !== undefined) {
      take(await inTime(waiting, limit - (performance.now() - since)) ?? tooLong(limit));
      waiting = undefined;
    } else if (!ranWithin(limit + together, calls)) take(tooLong(limit));
    if (done.length > 0) yield done;
    done = [];
  }
}

/** Runs code that may loop for ever; false where it was stopped. */
function ranWithin(milliseconds: number, run: () => void): boolean {
  const name = "__leashRule";
  Object.defineProperty(globalThis, name, { value: run, configurable: true });
  try {
    vm.runInThisContext(`${name}()`, { timeout: Math.ceil(milliseconds) });
    return true;
  } catch (error) {
    if ((error as { code?: unknown })?.code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return false;
    throw error;
  }
}

/** What a promise gives, or undefined after some milliseconds. */
async function inTime<T>(promise: Promise<T>, milliseconds: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, Math.max(0, milliseconds));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
