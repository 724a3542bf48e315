// The folder of a run that goes on: it is taken, and every byte that is read of it is checked before anything of it is
// believed, and before a rule that it names runs.
import { acceptedFields, continued, fixOf, requireBelongs } from "../folder/changes.ts";
import { dropLater } from "../../files/run_checkpoints.ts";
import { extendedConfig } from "./extension.ts";
import { checkFinished } from "../folder/finished.ts";
import { UsageError } from "../terminal/mistake.ts";
import { quote } from "../../core/base/quote.ts";
import type { ResumeRequest } from "../flags/train_request.ts";
import { requireSame } from "../folder/identity.ts";
import { loadRun } from "./resume.ts";
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
import type { UnopenedFolder } from "./unopened_folder.ts";
import { requireTrust } from "../flags/rule_rights.ts";
import type { Terminal } from "../terminal/terminal.ts";

/**
 * Takes the folder of a run that goes on, checks it, and says where it begins again.
 *
 * @throws {UsageError} If it is no run, a file in it is not as it was written, a flag is not the run's, or its rule had
 * all rights and nobody says so again.
 */
export async function resumedFolder(
  request: ResumeRequest,
  terminal: Pick<Terminal, "error">,
): Promise<UnopenedFolder> {
  const { dir, given, acceptChange, trustRule = false } = request;
  const accepted = acceptedFields(acceptChange);
  const stored = await readIdentity(dir);
  const { config: settings, changed } = extendedConfig(dir, stored.config, given);
  const folder = await asUsage(() => RunFolder.own(dir));
  try {
    const isWhole = await isThere(folder.path("summary"));
    const finished = isWhole && changed.length === 0;
    if (isWhole) await checkFinished(dir);
    const { point, notes } = finished ? { notes: [] } : await loadRun(dir);
    const step = point?.checkpoint.step ?? 0;
    if (!finished) {
      requireBelongs(dir, stored, point?.identity, step);
      for (const note of notes) terminal.error(note);
      requireTrust(dir, settings, request);
    }
    return {
      ...{ dir, settings, finished, stored, point, isTyped: false },
      requireRule(print) {
        if (accepted.includes("rule")) return;
        requireSame({ ...stored, rule: print } as RunIdentity, stored, {
          ...{ doing: `resume ${dir}`, whose: FILES.config, fields: ["rule"], flags: false },
          fix: fixOf({ field: "rule" }),
        });
      },
      settle: (now) => continued(dir, now, stored, { accepted, extended: changed, step }),
      async requireTrusted(rule) {
        if (!trustRule && !await isOwnFolder(dir, stored.origin)) throw distrust(dir, rule);
      },
      async open(identity, about) {
        if (isWhole) await Deno.remove(folder.path("summary")); // it says that the run is done
        await writeIdentity(dir, identity, about);
        await dropLater(dir, point?.checkpoint.step);
        await folder.openLogs(point?.logs);
        return { folder, identity };
      },
      [Symbol.dispose]: () => folder[Symbol.dispose](),
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

/** The refusal of a rule that a folder from elsewhere names. */
function distrust(dir: string, rule: string): UsageError {
  return new UsageError({
    verb: "resume",
    thing: dir,
    found: `its rule ${quote(rule)} is named by a folder that was not begun here`,
    expected: "one of your own",
    fix: "Read the rule, then add --trust-rule",
  });
}
