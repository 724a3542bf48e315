// An OpenAI-compatible endpoint by plain fetch: asked in its pace, asked again while it is out of order, never asked again
// once a reply has begun, and never believed to have said what it did not.
import { Mistake } from "../base/mistake.ts";
import { bare, quote } from "../base/quote.ts";
import { type Clock, SYSTEM_CLOCK } from "./clock.ts";
import { Pace, type PaceOptions } from "./pace.ts";

/** Where a judge is, and how it is asked. */
export interface EndpointOptions extends Partial<PaceOptions> {
  /** Of the API, up to and with its version: `https://api.example.com/v1`. */
  readonly url: string;
  /** Goes with every question as a bearer token; it is in no message. */
  readonly apiKey?: string;
  /** Milliseconds for one reply, its last byte included; default 120,000, Infinity for no limit. */
  readonly timeout?: number;
  /** Milliseconds of failures in a row after which the endpoint counts as down; default 900,000. */
  readonly patience?: number;
  /** Most bytes of a reply, unpacked; default 1 MiB. */
  readonly maxBytes?: number;
  /** Hears why the endpoint is out of order, once until it is in order again, and for how long it is waited for. */
  readonly onOutage?: (why: string, patience: number) => void;
  /** Default the platform's. */
  readonly fetch?: typeof fetch;
  /** Default the platform's. */
  readonly clock?: Clock;
}

/** What came of a question: the body of a reply, or why there is none and will be none. */
export type Asked = { readonly body: string } | {
  readonly failed: string;
  /** Whether it did not like the question itself, and did nothing. */
  readonly isRefused?: true;
};

/** What may be over in a moment. */
const TRANSIENT = new Set([408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529]);
/** What lies in the question: another one may be answered. */
const REFUSED = new Set([400, 413, 415, 422]);
const FIRST_WAIT = 500, LONGEST_WAIT = 30_000;

/** Options with the defaults in them. */
interface Settled
  extends
    Pick<EndpointOptions, "apiKey" | "onOutage">,
    Required<Pick<EndpointOptions, "timeout" | "patience" | "maxBytes" | "clock">> {
  readonly ask: typeof fetch;
}

/** An endpoint and how it has been so far. */
export class Endpoint {
  /** The address that is asked, without password and key. */
  readonly name: string;
  readonly #url: URL;
  readonly #settled: Settled;
  readonly #pace: Pace;
  #retries = 0;
  #isOut = false;

  /**
   * @throws {RangeError} If a limit is no number of at least 1.
   * @throws {Mistake} If the address is none.
   */
  constructor(options: EndpointOptions) {
    const { url, apiKey, onOutage, fetch: ask = fetch, clock = SYSTEM_CLOCK } = options;
    const { concurrency = 4, perMinute } = options;
    const { timeout = 120_000, patience = 900_000, maxBytes = 1 << 20 } = options;
    const limits = { concurrency, perMinute: perMinute ?? Infinity, timeout, patience, maxBytes };
    for (const [name, value] of Object.entries(limits)) {
      if (value >= 1) continue;
      throw new RangeError(`Cannot ask a judge: ${name} is ${value}, expected ≥ 1`);
    }
    this.#url = chatUrl(url);
    this.#settled = { apiKey, onOutage, ask, clock, timeout, patience, maxBytes };
    this.name = bare(this.#url.href);
    this.#pace = new Pace({ concurrency, perMinute }, clock);
  }

  /** Questions that were asked again. */
  get retries(): number {
    return this.#retries;
  }

  /** Runs work that asks a question, when fewer than `concurrency` others are at it. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#pace.run(work);
  }

  /**
   * Asks one question.
   *
   * @throws {Mistake} If the endpoint refuses everybody like us (401, 403, 404), sends us elsewhere, or is down for longer
   * than `patience`. Rejects with the signal's reason if it was aborted.
   */
  ask(question: object, signal?: AbortSignal): Promise<Asked> {
    return this.#askUntilHeard(JSON.stringify(question), signal);
  }

  async #askUntilHeard(question: string, signal?: AbortSignal): Promise<Asked> {
    const { patience, clock, onOutage } = this.#settled;
    const since = clock.now();
    for (let turn = 0;; turn++) {
      await this.#pace.turn(signal);
      const heard = await this.#askOnce(question, signal);
      if (!("again" in heard)) {
        this.#isOut = false;
        return heard;
      }
      const { again, after } = heard;
      if (clock.now() - since >= patience) throw this.#mistake(again, "an answer", DOWN);
      this.#retries++;
      if (!this.#isOut) onOutage?.(again, patience);
      this.#isOut = true;
      const backoff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** turn);
      if (after !== undefined) this.#pace.hold(Math.min(after, patience));
      else await clock.sleep(backoff * (0.5 + Math.random() / 2), signal);
    }
  }

  async #askOnce(
    question: string,
    signal?: AbortSignal,
  ): Promise<Asked | { readonly again: string; readonly after?: number }> {
    const { apiKey, timeout, clock, ask } = this.#settled;
    const late = new AbortController();
    const over = () => late.abort(new Error(`no whole reply within ${timeout / 1000} s`));
    const timer = timeout === Infinity || clock.sleep(timeout, late.signal).then(over, () => {});
    const either = signal ? AbortSignal.any([signal, late.signal]) : late.signal;
    let begun = false;
    try {
      const response = await ask(this.#url, {
        ...{ method: "POST", body: question, redirect: "manual", signal: either },
        headers: {
          "content-type": "application/json",
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
      });
      begun = response.status === 200;
      if (begun) return await this.#bodyOf(response);
      await response.body?.cancel();
      return this.#without(response);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof Mistake) throw error;
      const cause = late.signal.aborted ? late.signal.reason : error;
      const why = this.#said(cause instanceof Error ? cause.message : String(cause));
      return begun ? { failed: `the reply broke off: ${why}` } : { again: why };
    } finally {
      late.abort(new Error("the question is over"));
      await timer;
    }
  }

  async #bodyOf(response: Response): Promise<Asked> {
    const { maxBytes } = this.#settled;
    const decoder = new TextDecoder();
    let body = "", bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length;
      if (bytes > maxBytes) return { failed: `the reply is longer than ${maxBytes} bytes` };
      body += decoder.decode(chunk, { stream: true });
    }
    return { body: body + decoder.decode() };
  }

  #without(
    { status, headers }: Response,
  ): Asked | { readonly again: string; readonly after?: number } {
    const what = `HTTP ${status}`;
    if (TRANSIENT.has(status)) {
      return { again: what, after: waitOf(headers.get("retry-after"), this.#settled.clock.now()) };
    }
    if (REFUSED.has(status)) {
      return { failed: `the endpoint refused the question: ${what}`, isRefused: true };
    }
    if (status >= 300 && status < 400) {
      throw this.#mistake(
        `${what}, another address`,
        "an answer of its own",
        "Give the address itself",
      );
    }
    const fix = status === 401 || status === 403
      ? "Put the right key into the environment"
      : "Give the address up to /v1, and a model that it has";
    throw this.#mistake(what, "HTTP 200", fix);
  }

  #mistake(found: string, expected: string, fix: string): Mistake {
    return new Mistake("network", { verb: "ask", thing: this.name, found, expected, fix });
  }

  /** What a stranger's error says, without our key. */
  #said(text: string): string {
    const { apiKey } = this.#settled;
    return quote(apiKey ? text.replaceAll(apiKey, "…") : text);
  }
}

const DOWN = "Go on later: what was said until now is kept";

/** Milliseconds that `Retry-After` asks for, in seconds or as a date; undefined where it says neither. */
export function waitOf(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function chatUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Mistake("usage", {
      ...{ verb: "ask", thing: "a judge", found: `its address is ${quote(text)}` },
      expected: "one of http or https, such as http://127.0.0.1:8080/v1",
    });
  }
  const path = url.pathname.replace(/\/+$/, "");
  url.pathname = path.endsWith("/chat/completions") ? path : `${path}/chat/completions`;
  return url;
}
