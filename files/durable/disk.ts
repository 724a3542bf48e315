// Small steps on a disk that durable files are made of: write all, look, make a folder, fsync it.
import { quote } from "../../core/base/quote.ts";
import { Mistake } from "../../core/base/mistake.ts";

/** Writes all of `bytes` at the file's position; a write may be short without throwing. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) {
    const written = file.writeSync(bytes.subarray(at));
    if (written <= 0) {
      throw new Mistake("file", {
        verb: "write",
        found: `${bytes.length - at} bytes were not taken`,
      });
    }
    at += written;
  }
}

/** Makes a folder and those above it, each of them fsynced into its parent. */
export async function ensureFolder(path: string): Promise<void> {
  if (await isThere(path)) return;
  const { parent } = splitPath(path);
  await ensureFolder(parent);
  try {
    await Deno.mkdir(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  await syncFolder(parent);
}

/** Fsyncs a folder, so that the names in it survive a crash. Windows has no such call. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path, { read: true });
  await folder.sync();
}

/** Whether something is at `path`. */
export async function isThere(path: string): Promise<boolean> {
  return await lstatIfThere(path) !== undefined;
}

/** What stands at `path`, a link as the link itself; undefined for nothing. */
export async function lstatIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    const isNone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory; // what should be a folder is a file
    if (isNone) return undefined;
    throw error;
  }
}

/** Removes what stands at `path`, a folder with all that is in it. */
export async function removeIfThere(path: string): Promise<void> {
  if (await isThere(path)) await Deno.remove(path, { recursive: true });
}

/**
 * A name beside `path` that nobody has: hidden, and in the same folder, so that a rename moves no bytes.
 *
 * @param ending "tmp" of what is being written or removed, "old" of what is being replaced.
 */
export function temporaryName(path: string, ending: "tmp" | "old"): string {
  const { parent, base } = splitPath(path);
  return `${parent}/.${base}.${crypto.randomUUID()}.${ending}`;
}

/** A path as the folder that holds it and its name there. */
export function splitPath(path: string): { parent: string; base: string } {
  const separator = Deno.build.os === "windows" ? /[/\\]/ : /\//;
  const parts = path.split(separator);
  while (parts.length > 1 && parts[parts.length - 1] === "") parts.pop();
  const base = parts.pop()!;
  if (base === "" || base === "." || base === "..") {
    throw new Mistake("file", {
      verb: "write",
      thing: quote(path),
      found: "it names no file or folder",
      expected: "one",
    });
  }
  const parent = parts.length === 0 ? "." : parts.join("/") || "/";
  return { parent, base };
}
