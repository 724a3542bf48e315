// The manifest of a durable folder: the SHA-256 of every file, and of itself.
import { parseJsonObject } from "../../core/base/json_object.ts";
import { isObject, quote, show } from "../../core/base/quote.ts";
import { cannotRead } from "../../core/base/mistake.ts";
import { lstatIfThere } from "./disk.ts";
import { sha256 } from "../../core/base/sha256.ts";

/** Name of the manifest in a durable folder. */
export const MANIFEST = "MANIFEST.json";

/**
 * Reads a folder that `writeFolderDurably` wrote, and checks every file against its manifest.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
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
      : await sha256(bytes) !== entry.sha256
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

/** Whether a path of a manifest stays within its folder and is one that systems take. */
function isInner(file: string): boolean {
  return file.length <= 1024 && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(file) &&
    file.split(/[/\\]/).every((part) => !["", ".", ".."].includes(part) && part.length <= 255);
}

/** The text of a manifest; the last line is the SHA-256 of the rest, so that a change in it is told from one in a file. */
export async function manifestText(files: unknown): Promise<string> {
  const own = await sha256(JSON.stringify(files));
  return JSON.stringify({ files, sha256: own }, null, 2) + "\n";
}

async function refuseLinkedFolders(dir: string, file: string): Promise<void> {
  const parts = file.split("/");
  for (let depth = 1; depth < parts.length; depth++) {
    const folder = `${dir}/${parts.slice(0, depth).join("/")}`;
    if ((await lstatIfThere(folder))?.isSymlink) {
      throw cannotRead(`${dir}/${file}`, {
        found: `${quote(folder)} is a link`,
        expected: "a folder",
      });
    }
  }
}

/** The bytes of a file that is not a link; undefined where there is none. */
async function readRegularFile(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const info = await lstatIfThere(path);
  if (!info) return undefined;
  if (!info.isFile) {
    throw cannotRead(path, { found: "it is a link or folder", expected: "a file" });
  }
  return await Deno.readFile(path);
}
