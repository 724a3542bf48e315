// A run whose folder is moved or removed while it goes: it ends at the next write, with one line that says what is kept.
import { LogGone } from "../../files/mod.ts";
import { UsageError } from "../terminal/mistake.ts";
import { FILES } from "./run_folder.ts";
import { isThere } from "../../files/durable/disk.ts";

/**
 * The line for a log that is gone; undefined for any other error.
 *
 * @param dir The run's folder.
 */
export async function lostFolder(error: unknown, dir: string): Promise<UsageError | undefined> {
  if (!(error instanceof LogGone)) return undefined;
  const what = await isThere(`${dir}/${FILES.config}`)
    ? `${error.path} was moved or removed while the run was going`
    : `${dir} was moved or removed while the run was going`;
  return new UsageError({
    verb: "go on",
    found: what,
    expected: "it where it was",
    fix: "Nothing was written since; if it was moved, bring it back, or go on in the new place " +
      "by --resume, from its last checkpoint: only the steps since that are lost",
  }, { cause: error });
}
