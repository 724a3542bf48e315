// Files that are read whole — configs, lists, vocabularies — each with a size that it may have, looked at before
// the first byte is read.
import { bare } from "../core/base/quote.ts";
import { cannotRead } from "../core/base/mistake.ts";

const MIB = 2 ** 20;
const CONFIG = 16 * MIB;
/** Bytes that a file may have, by its name or its ending. */
const MOST: readonly (readonly [name: RegExp, bytes: number])[] = [
  [/^(tokenizer\.(json|model)|vocab\.json|merges\.txt)$/, 128 * MIB],
  [/\.index\.json$/, 64 * MIB],
  [/\.(json|jinja2?)$/, CONFIG],
];

/** How many bytes a file that is read whole may have; Infinity for names that are none of a model's small files. */
export function mostBytes(path: string): number {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return MOST.find(([pattern]) => pattern.test(name))?.[1] ?? Infinity;
}

/**
 * The bytes of a file, or undefined where there is none.
 *
 * @param path The file.
 * @param most How many bytes it may have; by default what `mostBytes` says of its name.
 * @throws {Mistake} If it is no file, or cannot be looked at.
 * @throws {Mistake} If it is larger.
 */
export async function readSmallFile(
  path: string,
  most: number = mostBytes(path),
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const info = await statIfThere(path);
  if (!info) return undefined;
  if (info.isDirectory) {
    throw cannotRead(bare(path), {
      found: "it is a folder",
      expected: "a file",
      fix: "Rename the folder",
    });
  }
  if (info.size > most) {
    throw cannotRead(bare(path), {
      found: `it is ${info.size} bytes long`,
      expected: `at most ${most}`,
      fix: "Is it another file under this name?",
    });
  }
  if (!info.isFile) { // a device has no end, a pipe may have no beginning
    throw cannotRead(bare(path), {
      found: "it is a device or a pipe",
      expected: "a file",
      fix: "Put a file there",
    });
  }
  return await Deno.readFile(path);
}

/** What is at a path, or undefined where nothing is. */
export async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    const why = error instanceof Error ? error.message : String(error);
    throw cannotRead(bare(path), { found: bare(why), expected: "a file or folder" }, {
      cause: error,
    });
  }
}
