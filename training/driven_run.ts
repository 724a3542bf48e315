// A run as its user holds it, whatever it teaches: driven event by event or to its end, copied, freed.
import type { Device } from "../backend/mod.ts";
import type { RunMoment } from "./checkpoint.ts";
import type { Driver } from "./driver.ts";
import type { EvaluationAt, EvaluationNumbers } from "./evaluator.ts";
import type { RunEvent, RunListeners } from "./events.ts";

/** How a run is driven. */
export interface DriveOptions {
  /** Ends it between two steps, or in a source or an evaluator: with the signal's reason, after a checkpoint. */
  readonly signal?: AbortSignal;
}

/**
 * What `Run` and `SftRun` have in common.
 *
 * @typeParam E Numbers of its evaluations.
 * @typeParam State What a checkpoint has besides where the run is.
 */
export abstract class DrivenRun<E extends EvaluationNumbers, State extends object>
  implements Disposable {
  readonly #driver: Driver<E, State>;

  /** A run that this drives. */
  protected constructor(driver: Driver<E, State>) {
    this.#driver = driver;
  }

  /** Where the model is. */
  get device(): Device {
    return this.#driver.device;
  }

  /** Steps done. */
  get stepsDone(): number {
    return this.#driver.state.step;
  }

  /** Whether all steps are done, or the run was stopped. */
  get done(): boolean {
    return this.#driver.state.done;
  }

  /** Evaluations so far, the one at the start first. */
  get evaluations(): readonly EvaluationAt<E>[] {
    return this.#driver.state.evaluations;
  }

  /** Copy the state of the run to the host, at any event. */
  async capture(): Promise<RunMoment<E> & State> {
    return await this.#driver.capture();
  }

  /**
   * Drives the run: each event is what has just happened, and the run waits until the next is asked for. Whoever leaves
   * the loop leaves the run as it is: `capture` it, or go on with `events` later.
   *
   * @throws What the source, the evaluator, a sink or the device throws, a RangeError if numbers are not finite, or the
   * signal's reason. What failed has changed nothing, and may be tried again.
   */
  events({ signal }: DriveOptions = {}): AsyncGenerator<RunEvent<E>, void, void> {
    return this.#driver.events(signal);
  }

  /**
   * Drives the run to its end.
   *
   * @param options `signal` ends it early; `on` has functions that hear of events.
   * @throws As `events`, and what a listener throws.
   */
  async finish({ on = {}, ...drive }: DriveOptions & { on?: RunListeners<E> } = {}): Promise<void> {
    for await (const event of this.events(drive)) {
      const listener = on[event.kind] as ((event: RunEvent<E>) => void | Promise<void>) | undefined;
      await listener?.(event);
    }
  }

  /** Free everything but the model. */
  [Symbol.dispose](): void {
    this.#driver.course[Symbol.dispose]();
  }
}
