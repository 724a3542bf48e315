// How many questions are on their way at once, and how many begin in a minute.
import type { Clock } from "./clock.ts";

/** Limits of a pace. */
export interface PaceOptions {
  /** Questions on their way at once, at least 1. */
  readonly concurrency: number;
  /** Questions that may begin within a minute; default no limit. */
  readonly perMinute?: number;
}

const MINUTE = 60_000;

/** Lets work begin when there is room for it. */
export class Pace {
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  #begun: number[] = [];
  #heldUntil = -Infinity;

  constructor(readonly options: PaceOptions, readonly clock: Clock) {}

  /** Nothing new begins for so many milliseconds: the other side asked for it. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.clock.now() + ms);
  }

  /** Runs it in its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.options.concurrency) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  /** Waits until one more may begin. */
  async turn(signal?: AbortSignal): Promise<void> {
    const { clock, options: { perMinute = Infinity } } = this;
    for (;;) {
      signal?.throwIfAborted();
      const now = clock.now();
      this.#begun = this.#begun.filter((at) => at > now - MINUTE);
      const held = this.#heldUntil - now;
      const full = this.#begun.length < perMinute ? 0 : this.#begun[0] + MINUTE - now;
      const wait = Math.max(held, full);
      if (wait <= 0) break;
      await clock.sleep(wait, signal);
    }
    this.#begun.push(clock.now());
  }
}
