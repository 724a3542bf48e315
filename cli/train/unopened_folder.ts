// The folder of a run before anything is written into it: that of a run that begins (new_folder.ts), or of one that goes on
// (resumed_folder.ts). Whatever differs between the two stands in these.
import type { RunSettings } from "../flags/run_config.ts";
import type { RunFolder, RunIdentity } from "../folder/run_folder.ts";
import type { ResumePoint } from "./resume.ts";

/** The folder of a run, checked, with nothing written. Disposing it gives the folder back. */
export interface UnopenedFolder extends Disposable {
  /** Where it is, or will be. */
  readonly dir: string;
  /** The flags that the run begins or goes on with. */
  readonly settings: RunSettings;
  /** Whether the run is done, and nothing is left to do. */
  readonly finished: boolean;
  /** What config.json says; absent in a new folder. */
  readonly stored?: RunIdentity;
  /** Where the run goes on; absent where it starts, or starts again. */
  readonly point?: ResumePoint;
  /**
   * Whether all flags were typed just now. Then who annotates is opened before anything is read, so that a mistake in it
   * is said first; a rule that a folder names runs last of all.
   */
  readonly isTyped: boolean;
  /** Refuses another rule than the run's, before it is loaded. */
  requireRule(print: string | undefined): void;
  /** The identity that the run has from now on; refuses what differs and was not accepted. */
  settle(now: RunIdentity): RunIdentity;
  /** Refuses to run a rule that somebody else's folder names. */
  requireTrusted(rule: string): Promise<void>;
  /** Writes config.json, and opens the logs where the run begins or goes on. */
  open(identity: RunIdentity, about: Readonly<Record<string, unknown>>): Promise<OpenedFolder>;
}

/** A folder that is written into; borrowed of the unopened one. */
export interface OpenedFolder {
  /** Owned by this process, its logs open. */
  readonly folder: RunFolder;
  /** What its config.json says. */
  readonly identity: RunIdentity;
}
