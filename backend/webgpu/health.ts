// Errors of WebGPU arrive out of band: as events, in error scopes, and as a lost device. Here is where they end up.

/** Popped last to first: memory that ran out is the cause of the invalid buffers that follow. */
const KINDS = ["validation", "out-of-memory", "internal"] as const;

/** Everything that went wrong on a device and was not told yet. */
export class Health {
  readonly #errors: string[] = [];
  #lost: string | undefined;

  /**
   * Start to watch.
   *
   * @param device The WebGPU device.
   */
  constructor(readonly device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      this.#errors.push((event as GPUUncapturedErrorEvent).error.message);
    });
    device.lost.then(({ message }) => this.lose(message || "no reason given"));
    this.#openScopes();
  }

  /** The device is gone; the first reason counts. */
  lose(why: string): void {
    this.#lost ??= why;
  }

  /** Take in the errors of all calls so far. Their events would come later than a read has its data. */
  async collect(): Promise<void> {
    const scopes = KINDS.map(() => this.device.popErrorScope());
    this.#openScopes();
    for (const scope of await Promise.allSettled(scopes)) { // a lost device may reject
      if (scope.status === "fulfilled" && scope.value) this.#errors.push(scope.value.message);
    }
  }

  /** Throw the first thing that went wrong, in one line. */
  check(): void {
    if (this.#lost !== undefined) {
      throw new Error(
        `Cannot use WebGPU: the device is lost (${this.#lost}). Open it again and resume from the last checkpoint`,
      );
    }
    const error = this.#errors.shift();
    if (error !== undefined) {
      this.#errors.length = 0;
      throw new Error(`Cannot finish the work on WebGPU: ${oneLine(error)}`);
    }
  }

  #openScopes(): void {
    for (const kind of KINDS) this.device.pushErrorScope(kind);
  }
}

/** A message without its line breaks. */
export function oneLine(message: string): string {
  return message.trim().replaceAll(/\s+/g, " ");
}
