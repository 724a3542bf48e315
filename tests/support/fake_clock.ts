// A clock on which waiting takes a moment: where all wait, it is at once the time that the first of them waits for.
import type { Clock } from "../../core/mod.ts";

/** The clock, and how long it was waited for in all. */
export function fakeClock(start = 0): Clock & { readonly waited: number[] } {
  let now = start;
  const waited: number[] = [];
  const sleepers: { due: number; wake: () => void }[] = [];
  const step = () => {
    sleepers.sort((a, b) => a.due - b.due);
    const next = sleepers.shift();
    if (next === undefined) return;
    now = Math.max(now, next.due);
    next.wake();
  };
  return {
    waited,
    now: () => now,
    sleep(ms, signal) {
      signal?.throwIfAborted();
      waited.push(ms);
      return new Promise((resolve, reject) => {
        sleepers.push({
          due: now + ms,
          wake: () => signal?.aborted ? reject(signal.reason) : resolve(),
        });
        setTimeout(step, 0);
      });
    },
  };
}
