// One owner for a folder: an exclusive lock on a file in it, which the kernel gives back even after kill −9.
import { ensureFolder, writeAll } from "./durable/disk.ts";
import { openOwnFile } from "./own_file.ts";
import { Mistake } from "../core/base/mistake.ts";

/** A held lock. Release it, or hold it with `using`. */
export interface FolderLock extends Disposable {
  /** Gives the folder back. */
  release(): void;
}

/**
 * Makes this process the only owner of a folder, which is made if it is not there.
 *
 * @example
 * ```ts
 * import { lockFolder } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * {
 *   using _lock = await lockFolder(dir);
 *   await assertRejects(() => lockFolder(dir), Error, "another run owns it");
 * }
 * (await lockFolder(dir)).release(); // free again
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param dir The folder. The file `.lock` stays in it; only the lock on it counts.
 * @returns The lock; the caller releases it, or the end of the process does.
 * @throws {Mistake} If another run owns the folder.
 * @throws {Mistake} If `.lock` is a link: what it points to stays as it is.
 */
export async function lockFolder(dir: string): Promise<FolderLock> {
  await ensureFolder(dir);
  const { file } = await openOwnFile(`${dir}/.lock`);
  try {
    if (!await file.tryLock(true)) {
      throw new Mistake("file", {
        verb: "use",
        thing: dir,
        found: `another run owns it (pid ${owner(file)})`,
        expected: "no other run",
        fix: "Wait for it to end, or choose another folder",
      });
    }
    file.truncateSync(0);
    writeAll(file, new TextEncoder().encode(`${Deno.pid}\n`));
  } catch (error) {
    file.close();
    throw error;
  }
  let held = true;
  const release = () => {
    if (held) file.close(); // closing gives the lock back
    held = false;
  };
  return { release, [Symbol.dispose]: release };
}

function owner(file: Deno.FsFile): string {
  const text = new Uint8Array(20);
  try {
    const length = file.readSync(text) ?? 0;
    return new TextDecoder().decode(text.subarray(0, length)).match(/^\d+/)?.[0] ?? "unknown";
  } catch {
    return "unknown"; // Windows does not let us read what another holds
  }
}
