// How far a run is and how long it still takes: each kind of work at the pace that was seen so far.
import type { Terminal } from "./terminal.ts";

/** Kinds of work that a run is made of. */
export type Work = "evaluate" | "collect" | "step";

/** What is left of each kind, in its own unit (prompts, pairs, steps). */
export type WorkLeft = Readonly<Record<Work, number>>;

/** Learns the pace of each kind of work. */
export class Forecast {
  readonly #units: Record<Work, number> = { evaluate: 0, collect: 0, step: 0 };
  readonly #seconds: Record<Work, number> = { evaluate: 0, collect: 0, step: 0 };

  /** Some work of a kind took this long. */
  add(work: Work, units: number, seconds: number): void {
    this.#units[work] += units;
    this.#seconds[work] += seconds;
  }

  /** Seconds that are left; undefined while the pace of a kind that is still to come is unknown. */
  secondsLeft(left: WorkLeft): number | undefined {
    let seconds = 0;
    for (const work of ["evaluate", "collect", "step"] as const) {
      if (left[work] === 0) continue;
      if (this.#units[work] === 0) return undefined;
      seconds += left[work] * this.#seconds[work] / this.#units[work];
    }
    return seconds;
  }
}

/** `1:05`, or `1:02:03` from an hour on. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `[#####-----]` with this many places for a share in [0, 1]. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `[${"#".repeat(full)}${"-".repeat(width - full)}]`;
}

/** The status line of a run. */
export class Progress {
  readonly #forecast = new Forecast();

  /** @param terminal Where it is drawn; on anything but a TTY nothing is. */
  constructor(readonly terminal: Terminal, readonly steps: number) {}

  /** Times a piece of work. */
  async time<T>(work: Work, units: number, body: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await body();
    this.#forecast.add(work, units, (performance.now() - start) / 1000);
    return result;
  }

  /** Draws the line, then lets the event loop turn, so that Ctrl-C is heard. */
  async show(stepsDone: number, doing: string, left: WorkLeft): Promise<void> {
    const seconds = this.#forecast.secondsLeft(left);
    const eta = seconds === undefined ? "" : ` · ${clock(seconds)} left`;
    this.terminal.status(
      `${bar(stepsDone / this.steps, 24)} step ${stepsDone}/${this.steps} · ${doing}${eta}`,
    );
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Takes the line away. */
  clear(): void {
    this.terminal.status("");
  }
}
