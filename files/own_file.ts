// A file that this program appends to or locks, opened so that nothing else is written to: no link is followed, and
// what is new is made exclusively.
import { quote } from "../core/base/quote.ts";
import { Mistake } from "../core/base/mistake.ts";

/** An open file of our own. */
export interface OwnFile {
  /** Open for reading and writing, at its start, its content as it was. */
  readonly file: Deno.FsFile;
  /** Whether it was made now. */
  readonly isNew: boolean;
}

/**
 * Opens a file for reading and writing, and makes it where there is none. A link is refused before a byte is written,
 * and so is a file that has another name elsewhere.
 *
 * @param path Its folder is there.
 * @returns The file; the caller closes it.
 * @throws {Mistake} If the path is a link, a folder or a device, or the file has a second name.
 */
export async function openOwnFile(path: string): Promise<OwnFile> {
  const refuse = (found: string, expected: string): never => {
    throw new Mistake("file", {
      verb: "write",
      thing: path,
      found: `it is ${found}`,
      expected,
      fix: "Remove it, or choose another folder",
    });
  };
  const named = await Deno.lstat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  });
  if (named === undefined) {
    const file = await Deno.open(path, { read: true, write: true, createNew: true });
    return { file, isNew: true };
  }
  if (named.isSymlink) refuse(`a link to ${quote(await linkOf(path))}`, "a file of its own");
  if (!named.isFile) refuse("a folder or a device", "a file");
  const file = await Deno.open(path, { read: true, write: true });
  try {
    const opened = await file.stat();
    const isSame = opened.ino === named.ino && opened.dev === named.dev;
    if (!isSame) refuse("changed while it was opened", "the same file");
    if (opened.nlink !== null && opened.nlink > 1) {
      refuse(`one of ${opened.nlink} names of one file`, "a file with one name");
    }
    return { file, isNew: false };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function linkOf(path: string): Promise<string> {
  return await Deno.readLink(path).catch(() => "something");
}
