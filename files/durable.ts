// Files and folders that are there whole or not at all, whatever moment the process dies at: write under a
// temporary name, fsync, rename, fsync the folder that holds the name. A folder carries a manifest of SHA-256.
import { isObject, parseJsonObject, quote, show } from "../core/base/mistakes.ts";
import { cannotRead, Mistake } from "../core/base/mistake.ts";

/** Name of the manifest in a durable folder. */
export const MANIFEST = "MANIFEST.json";

/** How to write a durable folder. */
export interface WriteFolderOptions {
  /** Take the place of a folder that is already there; default false: refuse. */
  readonly replace?: boolean;
  /** Write MANIFEST.json (default true); a folder in another tool's layout may not want it. */
  readonly manifest?: boolean;
}

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
  const there = await exists(finalDir);
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

/**
 * Reads a folder that `writeFolderDurably` wrote, and checks every file against its manifest.
 *
 * @example
 * ```ts
 * import { readVerifiedFolder, writeFolderDurably } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * const dir = await Deno.makeTempDir();
 * await writeFolderDurably(`${dir}/run`, (folder) => Deno.writeTextFile(`${folder}/seed`, "7"));
 * await Deno.writeTextFile(`${dir}/run/seed`, "8"); // somebody edits it
 * await assertRejects(() => readVerifiedFolder(`${dir}/run`), Mistake, "seed");
 * await Deno.remove(dir, { recursive: true });
 * ```
 *
 * @param dir The folder.
 * @returns The files that the manifest lists, by their path in the folder; others are not read.
 * @throws {Mistake} If the manifest is missing or malformed, or a file is missing, a link, or not what was
 * written; the message names the file.
 */
export async function readVerifiedFolder(
  dir: string,
): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const manifestBytes = await readRegularFile(`${dir}/${MANIFEST}`);
  if (!manifestBytes) {
    throw cannotRead(dir, {
      found: `${MANIFEST} is missing`,
      expected: "a folder that was written whole",
    });
  }
  const name = `${dir}/${MANIFEST}`;
  const { files: listed, sha256: own } = parseJsonObject(manifestBytes, name, "the file");
  if (!isObject(listed)) {
    throw cannotRead(name, { found: `files is ${show(listed)}`, expected: "an object" });
  }
  if (own !== undefined && await manifestText(listed) !== new TextDecoder().decode(manifestBytes)) {
    throw cannotRead(name, { found: "it was changed", expected: "it as it was written" });
  }
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [file, entry] of Object.entries(listed)) {
    if (!isInner(file)) {
      throw cannotRead(name, {
        found: `it lists ${quote(file)}`,
        expected: "paths within the folder",
      });
    }
    if (!isObject(entry) || typeof entry.sha256 !== "string" || typeof entry.size !== "number") {
      throw cannotRead(name, {
        found: `${quote(file)} is ${show(entry)}`,
        expected: "its sha256 and size",
      });
    }
    await refuseLinkedFolders(dir, file);
    const bytes = await readRegularFile(`${dir}/${file}`);
    const found = !bytes
      ? "missing"
      : bytes.length !== entry.size
      ? `${bytes.length} bytes long`
      : await sha256Hex(bytes) !== entry.sha256
      ? "changed"
      : undefined;
    if (!bytes || found !== undefined) {
      throw cannotRead(`${dir}/${file}`, {
        found: `it is ${found}`,
        expected: `the ${entry.size} bytes that ${MANIFEST} lists`,
        fix: "The folder is damaged",
      });
    }
    files.set(file, bytes);
  }
  return files;
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
  if (!await exists(parent)) return;
  const entries = await Array.fromAsync(Deno.readDir(parent));
  for (const { name } of entries) {
    const found = name.match(LEFTOVER);
    if (!found) continue;
    const final = `${parent}/${found[1]}`;
    if (found[2] === "old" && !await exists(final)) await Deno.rename(`${parent}/${name}`, final);
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
  if (await exists(path)) return;
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

/** SHA-256 of `bytes` as 64 hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Whether something is at `path`. */
export async function exists(path: string): Promise<boolean> {
  return await statIfThere(path) !== undefined;
}

/** Whether a path of a manifest stays within its folder and is one that systems take. */
function isInner(file: string): boolean {
  return file.length <= 1024 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(file) &&
    file.split(/[/\\]/).every((part) => !["", ".", ".."].includes(part) && part.length <= 255);
}

/** The text of a manifest; the last line is the SHA-256 of the rest, so that a change in it is told from one in a file. */
async function manifestText(files: unknown): Promise<string> {
  const sha256 = await sha256Hex(new TextEncoder().encode(JSON.stringify(files)));
  return JSON.stringify({ files, sha256 }, null, 2) + "\n";
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
    files[file] = { sha256: await sha256Hex(bytes), size: bytes.length };
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

async function refuseLinkedFolders(dir: string, file: string): Promise<void> {
  const parts = file.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = `${dir}/${parts.slice(0, depth).join("/")}`;
    if ((await statIfThere(folder))?.isSymlink) {
      throw cannotRead(`${dir}/${file}`, {
        found: `${quote(folder)} is a link`,
        expected: "a folder",
      });
    }
  }
}

/** The bytes of a file that is not a link; undefined where there is none. */
async function readRegularFile(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const info = await statIfThere(path);
  if (!info) return undefined;
  if (!info.isFile) {
    throw cannotRead(path, { found: "it is a link or folder", expected: "a file" });
  }
  return await Deno.readFile(path);
}

async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    const isNone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory; // what should be a folder is a file
    if (isNone) return undefined;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<void> {
  if (await exists(path)) await Deno.remove(path, { recursive: true });
}

function temporaryName(path: string, ending: "tmp" | "old"): string {
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
