// Time as a value, so that an hour of waiting takes a moment in a test.
import { pause } from "../base/pause.ts";

/** What time it is, and waiting. */
export interface Clock {
  /** Milliseconds since some moment. */
  now(): number;
  /** Resolves after so many milliseconds; rejects with the signal's reason where it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The platform's. */
export const SYSTEM_CLOCK: Clock = { now: () => Date.now(), sleep: pause };
