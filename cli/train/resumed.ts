// A run of `train` that goes on: its folder is taken and every byte that is read of it is checked before anything of it
// is believed, and before a rule that it names runs.
import { acceptedFields, continued, fixOf, requireBelongs } from "../folder/changes.ts";
import { dropLater } from "../../files/run_checkpoints.ts";
import { extendedConfig } from "./extension.ts";
import { checkFinished } from "../folder/finished.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import type { RunSettings } from "../flags/run_config.ts";
import type { ResumeRequest } from "../flags/train_request.ts";
import { requireSame } from "../folder/identity.ts";
import { loadRun, type ResumePoint } from "./resume.ts";
import {
  FILES,
  readIdentity,
  RunFolder,
  type RunIdentity,
  writeIdentity,
} from "../folder/run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";
import { asUsage } from "../terminal/system_mistake.ts";
import { isOwnFolder } from "../folder/trust.ts";

/** A run that goes on. Disposing it gives the folder back. */
export interface Resumed extends Disposable {
  /** Its folder. */
  readonly dir: string;
  /** What config.json says. */
  readonly stored: RunIdentity;
  /** What it goes on with. */
  readonly settings: RunSettings;
  /** Owned by this process; its logs are opened by `begin`. */
  readonly folder: RunFolder;
  /** Whether there is nothing left to do. */
  readonly finished: boolean;
  /** Where it goes on; absent where it starts again. */
  readonly point?: ResumePoint;
  /** Lines for people. */
  readonly notes: readonly string[];
  /** Refuses another rule than the run's, before it is loaded. */
  requireRule(print: string | undefined): void;
  /** The identity that the run goes on with; refuses what differs and was not accepted. */
  settle(now: RunIdentity): RunIdentity;
  /** Whether the rule that config.json names may run. */
  trusts(): Promise<boolean>;
  /** Writes what changed, and cuts the logs to where the run goes on. */
  begin(identity: RunIdentity, about: Readonly<Record<string, unknown>>): Promise<void>;
}

/**
 * Takes the folder of a run that goes on, and checks it.
 *
 * @throws {UsageError} If it is no run, a file in it is not as it was written, or a flag is not the run's.
 */
export async function openResumed(
  { dir, given, acceptChange, trustRule = false }: ResumeRequest,
): Promise<Resumed> {
  const accepted = acceptedFields(acceptChange);
  const stored = await readIdentity(dir);
  const { config: settings, changed } = extendedConfig(dir, stored.config, given);
  const folder = await asUsage(() => RunFolder.own(dir));
  try {
    const finished = await isThere(folder.path("summary"));
    const goesOn = changed.length > 0;
    if (finished) await checkFinished(dir);
    const { point, notes } = finished && !goesOn ? { notes: [] } : await loadRun(dir);
    const step = point?.checkpoint.step ?? 0;
    if (!finished || goesOn) requireBelongs(dir, stored, point?.identity, step);
    const isSettled = { accepted, extended: changed, step };
    return {
      ...{ dir, stored, settings, folder, point, notes },
      finished: finished && !goesOn,
      requireRule(print) {
        if (accepted.includes("rule")) return;
        requireSame({ ...stored, rule: print } as RunIdentity, stored, {
          ...{ doing: `resume ${dir}`, whose: FILES.config, fields: ["rule"], flags: false },
          fix: fixOf({ field: "rule" }),
        });
      },
      settle: (now) => continued(dir, now, stored, isSettled),
      trusts: async () => trustRule || await isOwnFolder(dir, stored.origin),
      async begin(identity, about) {
        if (finished) await Deno.remove(folder.path("summary")); // it says that the run is done
        await writeIdentity(dir, identity, about);
        await dropLater(dir, point?.checkpoint.step);
        await folder.openLogs(point?.logs);
      },
      [Symbol.dispose]: () => folder[Symbol.dispose](),
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** The refusal of a rule that a folder from elsewhere names. */
export function distrust(dir: string, rule: string): UsageError {
  return new UsageError({
    verb: "resume",
    thing: dir,
    found: `its rule ${quote(rule)} is named by a folder that was not begun here`,
    expected: "one of your own",
    fix: "Read the rule, then add --trust-rule",
  });
}
