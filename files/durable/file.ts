// Files and folders that are there whole or not at all, whatever moment the process dies at: write under a
// temporary name, fsync, rename, fsync the folder that holds the name. A folder carries a manifest of SHA-256.
import {
  ensureFolder,
  isThere,
  removeIfThere,
  splitPath,
  syncFolder,
  temporaryName,
  writeAll,
} from "./disk.ts";

const LEFTOVER = /^\.(.+)\.[0-9a-f]{8}-[0-9a-f-]{27}\.(tmp|old)$/;

/**
 * Writes a file so that after a crash the old or the new content is there, never a part.
 *
 * @example
 * ```ts
 * import { writeFileDurably } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * await writeFileDurably(`${dir}/a/summary.json`, new TextEncoder().encode("{}"));
 * assertEquals(await Deno.readTextFile(`${dir}/a/summary.json`), "{}");
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param path Where; missing folders are made.
 * @param bytes The content; borrowed.
 * @throws {Error} What the file system throws (a full disk, no permission); the old content then stays.
 */
export async function writeFileDurably(path: string, bytes: Uint8Array): Promise<void> {
  await streamFileDurably(path, (file) => writeAll(file, bytes));
}

/** The same for a content that is never whole in memory: `write` puts it into the open file, part by part. */
export async function streamFileDurably(
  path: string,
  write: (file: Deno.FsFile) => void | Promise<void>,
): Promise<void> {
  const { parent } = splitPath(path);
  await ensureFolder(parent);
  const temporary = temporaryName(path, "tmp");
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      await write(file);
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await syncFolder(parent);
}

/**
 * Tidies what a killed process left among the folders in `parent`: half-written temporary ones go, and a folder
 * that was moved aside for its successor comes back where the successor never arrived.
 *
 * @example
 * ```ts
 * import { settleFolders } from "@leash/bpo/files";
 * await settleFolders("a-folder-that-is-not-there"); // nothing to do
 * ```
 *
 * @param parent The folder that holds them; only its owner may call this.
 */
export async function settleFolders(parent: string): Promise<void> {
  if (!await isThere(parent)) return;
  const entries = await Array.fromAsync(Deno.readDir(parent));
  for (const { name } of entries) {
    const found = name.match(LEFTOVER);
    if (!found) continue;
    const final = `${parent}/${found[1]}`;
    if (found[2] === "old" && !await isThere(final)) await Deno.rename(`${parent}/${name}`, final);
    else await removeIfThere(`${parent}/${name}`);
  }
  await syncFolder(parent);
}

/** Whether a name is one of those that a killed process leaves and `settleFolders` tidies. */
export function isLeftover(name: string): boolean {
  return LEFTOVER.test(name);
}

/** Removes a folder so that a crash half-way leaves no part of it under its name. */
export async function removeFolderDurably(dir: string): Promise<void> {
  const aside = temporaryName(dir, "tmp");
  await Deno.rename(dir, aside);
  await syncFolder(splitPath(dir).parent);
  await Deno.remove(aside, { recursive: true });
}
