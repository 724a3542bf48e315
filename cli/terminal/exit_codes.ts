// How a command ends: the one table of exit codes.
import type { Mistake, MistakeCode } from "../../core/base/mistake.ts";

/** Exit codes that no mistake has. */
export const EXIT = {
  /** All went well. */
  done: 0,
  /** A fault of the program, or a run that ended early by itself. */
  failed: 1,
  /** Ctrl-C or SIGTERM: 128 and the signal's number, as a shell says it. */
  interrupted: 130,
  /** Nobody reads the output any more, as a program that SIGPIPE ends: `leash … | head`. */
  unread: 141,
} as const;

/** Of each kind of mistake: 2 where the user can mend it, 1 where it may go well another time. */
const OF_MISTAKE: Readonly<Record<MistakeCode, number>> = {
  usage: 2,
  file: 2,
  data: 2,
  model: 2,
  network: 2,
  device: 2,
  annotator: 1,
};

/** The exit code of a mistake. */
export function exitCodeOf({ code }: Pick<Mistake, "code">): number {
  return OF_MISTAKE[code];
}
