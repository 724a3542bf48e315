// Sums over the steps of a phase, for the event at its end and its row.
import type { PairsEvent, PhaseEndEvent, StepEvent } from "./events.ts";

/** What a phase has come to so far; nothing of it is kept by a checkpoint. */
export class PhaseSums {
  readonly #startedAt = performance.now();
  #collectSeconds = 0;
  #generated = 0;
  #trained = 0;
  #steps = 0;
  #margin = 0;
  #accuracy = 0;

  /** Its pairs are there. */
  takePairs({ generated, seconds }: PairsEvent): void {
    this.#generated = generated;
    this.#collectSeconds = seconds;
  }

  /** A step is done. */
  takeStep({ examples, metrics }: StepEvent): void {
    if (examples === 0) return;
    this.#trained += metrics.step_tokens ?? 0;
    if (metrics["rewards/margins"] === undefined) return; // another objective's
    this.#steps++;
    this.#margin += metrics["rewards/margins"];
    this.#accuracy += metrics["rewards/accuracies"];
  }

  /** The event at its end. */
  end(phase: number, step: number): PhaseEndEvent {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const [generated, trained, steps] = [this.#generated, this.#trained, this.#steps];
    return {
      ...{ kind: "phaseEnd", phase, step, seconds, generated, trained },
      collectSeconds: this.#collectSeconds,
      tokensPerSecond: (generated + trained) / Math.max(seconds, 1e-9),
      ...(steps === 0 ? {} : { margin: this.#margin / steps, accuracy: this.#accuracy / steps }),
    };
  }
}

/** `timing` of a phase. */
export function timingRow(
  { phase, step, seconds, collectSeconds, generated, trained, tokensPerSecond }: PhaseEndEvent,
): object {
  return { phase: phase + 1, step, seconds, collectSeconds, generated, trained, tokensPerSecond };
}
