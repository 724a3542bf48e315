// What the system refuses — a permission, a folder where a file should be, a full disk — in one line for the user.
import { bare } from "../../core/base/quote.ts";
import { UsageError } from "./mistake.ts";
import { Mistake } from "../../core/base/mistake.ts";
import { DeviceError } from "../../backend/device_error.ts";

/**
 * What ended a command as a mistake: one of the library's or a command's own, or what the device or the system refuses.
 *
 * @param command What "Cannot …" says of the system's.
 * @returns Undefined for a fault of the program.
 */
export function mistakeOf(
  command: string,
  error: unknown,
): Pick<Mistake, "message" | "code"> | undefined {
  if (error instanceof Mistake) return error;
  if (error instanceof DeviceError) return { message: error.message, code: "device" };
  return systemMistake(command, error);
}

const CLASSES = ["NotFound", "PermissionDenied", "NotCapable", "AlreadyExists", "NotADirectory"];

/**
 * The line for an error of the operating system or of Deno's permissions.
 *
 * @param command What "Cannot …" says.
 * @returns Undefined for any other error.
 */
export function systemMistake(command: string, error: unknown): UsageError | undefined {
  if (!(error instanceof Error)) return undefined;
  const isSystems = "code" in error && /^E[A-Z0-9]+$/.test(String(error.code)) ||
    CLASSES.includes(error.name);
  if (!isSystems) return undefined;
  const [why] = error.message.split("\n");
  const own = systemsOwn(why);
  if (own !== undefined) {
    return new UsageError({
      verb: command,
      found: `${whole(own)} belongs to the system`,
      expected: "files and folders of yours",
    }, { cause: error });
  }
  const [, what, where] = /^(.*?) \(os error \d+\): (?:\w+ )?(.+)$/.exec(why) ?? [];
  const found = where === undefined ? lower(why) : `${where}: ${lower(what)}`;
  return new UsageError({
    verb: command,
    found: whole(found),
    expected: "files and folders that can be read and written",
  }, { cause: error });
}

/** The place of which Deno says that nothing short of all rights may go there: /proc, /dev, /sys. */
function systemsOwn(why: string): string | undefined {
  return /^Requires all access to "(.+?)", run again/s.exec(why)?.[1];
}

const lower = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1);

/** A long path stays whole, and its control characters are escaped. */
const whole = (text: string) => text.match(/.{1,79}/gsu)!.map(bare).join("");

/**
 * Refuses an `--out` before the work for it begins, where it could not be written in the end.
 *
 * @param hint What else to do where something is there.
 * @throws {UsageError} If something is there, or its folder cannot be written into.
 */
export async function requireNewOut(command: string, out: string, hint = ""): Promise<void> {
  const there = await Deno.lstat(out).catch(() => undefined);
  if (there !== undefined) {
    throw new UsageError({
      verb: command,
      found: `${out} is already there`,
      expected: `a new name for --out${hint}`,
    });
  }
  await requireWritable(command, out);
}

/**
 * Refuses an `--out` whose folder cannot be written into.
 *
 * @throws {UsageError} Says why.
 */
export async function requireWritable(command: string, out: string): Promise<void> {
  const folder = await nearestFolder(out);
  try {
    await Deno.remove(await Deno.makeTempFile({ dir: folder, prefix: ".leash-" }));
  } catch (error) {
    const [said] = (error instanceof Error ? error.message : String(error)).split(" (os error");
    const why = systemsOwn(said) === undefined ? said : "it belongs to the system";
    throw new UsageError({
      verb: command,
      found: `--out is ${out} and ${folder} takes no new file (${lower(why)})`,
      expected: "a name in a folder that can be written into",
    }, { cause: error });
  }
}

/** The nearest thing above a path that is there already. */
async function nearestFolder(path: string): Promise<string> {
  const parts = path.replace(/\/+$/, "").split("/");
  for (parts.pop(); parts.length > 0; parts.pop()) {
    const folder = parts.join("/") || "/";
    const isThere = await Deno.stat(folder).then(() => true, (error) => {
      return !(error instanceof Deno.errors.NotFound); // what cannot be looked at cannot be written into
    });
    if (isThere) return folder;
  }
  return ".";
}

/** Before the folder of a run is made: what the system refuses there is one line. */
export async function asUsage<T>(body: () => Promise<T> | T): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw systemMistake("begin the run", error) ?? error;
  }
}
