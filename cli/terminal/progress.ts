// How far a run is and how long it still takes: each kind of work at the pace that was seen so far.
import type { Terminal } from "./terminal.ts";
import { turn } from "../../core/base/pause.ts";

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

/**
 * A bar and what is done, shorter where the terminal is: first the bar shrinks and goes, then the last of three parts,
 * then the last words.
 *
 * @param share Of the work that is done, in [0, 1].
 * @param parts What stands behind the bar, the most telling first.
 * @param columns Of the terminal.
 */
export function statusLine(share: number, parts: readonly string[], columns: number): string {
  const text = parts.join(" · ");
  const room = columns - 1 - text.length - 3; // a place stays free at the end; two brackets and a blank
  if (room >= 4) return `${bar(share, Math.min(24, room))} ${text}`;
  if (text.length < columns) return text;
  if (parts.length > 2) return statusLine(share, parts.slice(0, -1), columns);
  const words = text.slice(0, columns - 1);
  return text[columns - 1] === " " ? words : words.replace(/(?<=\S) +\S*$/, "");
}

/** The status line of a run. */
export class Progress {
  readonly #forecast = new Forecast();

  /** @param terminal Where it is drawn; on anything but a TTY nothing is. */
  constructor(readonly terminal: Terminal, readonly steps: number) {}

  /** Some work of a kind took this long. */
  add(work: Work, units: number, seconds: number): void {
    this.#forecast.add(work, units, seconds);
  }

  /** Times a piece of work. */
  async time<T>(work: Work, units: number, body: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const result = await body();
    this.add(work, units, (performance.now() - start) / 1000);
    return result;
  }

  /** Draws the line, then lets the event loop turn, so that Ctrl-C is heard. */
  async show(stepsDone: number, doing: string, left: WorkLeft): Promise<void> {
    const seconds = this.#forecast.secondsLeft(left);
    const parts = [
      `step ${stepsDone}/${this.steps}`,
      doing,
      ...(seconds === undefined ? [] : [`${clock(seconds)} left`]),
    ];
    this.terminal.status(statusLine(stepsDone / this.steps, parts, this.terminal.columns));
    await turn();
  }

  /** Takes the line away. */
  clear(): void {
    this.terminal.status("");
  }
}
