// Errors of WebGPU arrive out of band: as events, in error scopes, and as a lost device. Here is where they end up.
import { DeviceError } from "../device_error.ts";

/** Popped last to first: memory that ran out is the cause of the invalid buffers that follow. */
const KINDS = ["validation", "out-of-memory", "internal"] as const;

/** Everything that went wrong on a device and was not told yet. */
export class Health {
  readonly #errors: string[] = [];
  #lost: string | undefined;
  #settling: Promise<unknown> = Promise.resolve();
  #commits = 0;
  #heard = 0;

  /**
   * Start to watch.
   *
   * @param device The WebGPU device.
   */
  constructor(readonly device: GPUDevice) {
    device.addEventListener("uncapturederror", (event) => {
      event.preventDefault();
      const { message } = (event as GPUUncapturedErrorEvent).error;
      if (this.#heard < this.#commits) this.#loseTo(message); // it may be a commit's
      else this.#errors.push(message);
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
    const commits = this.#commits;
    const [messages] = await Promise.all([this.#closeScopes(), this.#settling]);
    this.#errors.push(...messages);
    this.#heard = Math.max(this.#heard, commits);
  }

  /**
   * The calls so far were a commit that nobody waits for. If one of them failed, memory does not hold what its owner
   * believes, and the device counts as lost.
   */
  settle(): void {
    this.#commits++;
    const closing = this.#closeScopes().then(([message]) => {
      if (message !== undefined) this.#loseTo(message);
    });
    this.#settling = Promise.all([this.#settling, closing]);
  }

  /** Throw the first thing that went wrong, in one line. */
  check(): void {
    if (this.#lost !== undefined) {
      throw new DeviceError(
        `Cannot use WebGPU: the device is lost (${this.#lost}). Open it again and resume from the last checkpoint`,
      );
    }
    const error = this.#errors.shift();
    if (error !== undefined) {
      this.#errors.length = 0;
      throw new DeviceError(`Cannot finish the work on WebGPU: ${oneLine(error)}`);
    }
  }

  /** End the scopes, begin new ones, and give the messages of those that ended, the cause first. */
  async #closeScopes(): Promise<string[]> {
    const scopes = KINDS.map(() => this.device.popErrorScope());
    this.#openScopes();
    const ended = await Promise.allSettled(scopes); // a lost device may reject
    return ended.flatMap((s) => s.status === "fulfilled" && s.value ? [s.value.message] : []);
  }

  #loseTo(message: string): void {
    this.lose(`an earlier commit failed: ${oneLine(message)}`);
  }

  #openScopes(): void {
    for (const kind of KINDS) this.device.pushErrorScope(kind);
  }
}

/** A message without its line breaks. */
export function oneLine(message: string): string {
  return message.trim().replaceAll(/\s+/g, " ");
}
