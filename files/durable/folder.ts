// A folder that is there whole or not at all: filled under a temporary name, sealed with a manifest, renamed into place.
import { quote } from "../../core/base/quote.ts";
import { Mistake } from "../../core/base/mistake.ts";
import {
  ensureFolder,
  isThere,
  removeIfThere,
  splitPath,
  syncFolder,
  temporaryName,
} from "./disk.ts";
import { sha256 } from "../../core/base/sha256.ts";
import { MANIFEST, manifestText } from "./manifest.ts";
import { writeFileDurably } from "./file.ts";

/** How to write a durable folder. */
export interface WriteFolderOptions {
  /** Take the place of a folder that is already there; default false: refuse. */
  readonly replace?: boolean;
  /** Write MANIFEST.json (default true); a folder in another tool's layout may not want it. */
  readonly manifest?: boolean;
}

/**
 * Writes a folder that appears whole or not at all: `write` fills a temporary folder, then every file is hashed
 * into MANIFEST.json, fsynced, and the folder renamed into place. If `write` throws, nothing is left.
 *
 * @example
 * ```ts
 * import { readVerifiedFolder, writeFolderDurably } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * await writeFolderDurably(`${dir}/run`, (folder) => Deno.writeTextFile(`${folder}/seed`, "7"));
 * const files = await readVerifiedFolder(`${dir}/run`);
 * assertEquals(new TextDecoder().decode(files.get("seed")), "7");
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param finalDir The folder's name; folders above it are made.
 * @param write Fills the temporary folder that it is given.
 * @param options `replace` (default false), `manifest` (default true). With `replace` the old folder is moved
 * aside first; `settleFolders` puts it back if the process died between the two renames.
 * @throws {Mistake} If the folder is there and `replace` is false, or it holds something other than files and
 * folders. Whatever `write` throws passes through.
 */
export async function writeFolderDurably(
  finalDir: string,
  write: (temporaryDir: string) => Promise<void>,
  options: WriteFolderOptions = {},
): Promise<void> {
  const { parent } = splitPath(finalDir);
  const there = await isThere(finalDir);
  if (there && !options.replace) {
    throw new Mistake("file", {
      verb: "write",
      thing: finalDir,
      found: "it is already there",
      expected: "a new name",
    });
  }
  await ensureFolder(parent);
  const temporary = temporaryName(finalDir, "tmp");
  const old = temporaryName(finalDir, "old");
  try {
    await Deno.mkdir(temporary);
    await write(temporary);
    await sealFolder(temporary, options.manifest ?? true);
    if (there) await Deno.rename(finalDir, old);
    try {
      await Deno.rename(temporary, finalDir);
    } catch (error) {
      if (there) await Deno.rename(old, finalDir);
      throw error;
    }
  } catch (error) {
    await removeIfThere(temporary);
    throw error;
  }
  await syncFolder(parent);
  if (there) await removeIfThere(old);
}

async function sealFolder(dir: string, manifest: boolean): Promise<void> {
  const synced = (await syncTree(dir, "")).sort();
  if (!manifest) return;
  const files: Record<string, { sha256: string; size: number }> = {};
  for (const file of synced) {
    if (file === MANIFEST) {
      throw new Mistake("file", {
        verb: "write",
        thing: dir,
        found: `it has a ${MANIFEST} of its own`,
        expected: "none",
      });
    }
    const bytes = await Deno.readFile(`${dir}/${file}`);
    files[file] = { sha256: await sha256(bytes), size: bytes.length };
  }
  const text = await manifestText(files);
  await writeFileDurably(`${dir}/${MANIFEST}`, new TextEncoder().encode(text));
}

/** Fsyncs every file and folder below `dir`/`prefix`; returns the files' paths. */
async function syncTree(dir: string, prefix: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${dir}/${prefix}`)) {
    const path = prefix + entry.name;
    if (entry.isDirectory) {
      files.push(...await syncTree(dir, `${path}/`));
    } else if (entry.isFile) {
      using file = await Deno.open(`${dir}/${path}`, { read: true, write: true });
      await file.sync();
      files.push(path);
    } else {
      throw new Mistake("file", {
        verb: "write",
        thing: dir,
        found: `${quote(path)} is a link`,
        expected: "files and folders",
      });
    }
  }
  await syncFolder(`${dir}/${prefix}`);
  return files;
}
