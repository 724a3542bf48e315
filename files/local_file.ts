// A file on this machine, read in parts, so that a checkpoint larger than memory can be streamed to the device.
import { outOfFile, type RandomAccessFile } from "../core/base/random_access.ts";
import { cannotRead } from "../core/base/mistake.ts";

/**
 * Opens a file to be read in parts.
 *
 * @example
 * ```ts
 * import { Mistake } from "@leash/bpo/core";
 * import { openLocalFile } from "@leash/bpo/files";
 * import { assertRejects } from "@std/assert";
 * await assertRejects(() => openLocalFile("no-such-file"), Mistake, "no-such-file: it is missing");
 * ```
 *
 * @param path Where it is.
 * @returns The file; dispose it to close it.
 * @throws {Mistake} If it is missing, a folder, or may not be read.
 */
export async function openLocalFile(path: string): Promise<RandomAccessFile> {
  let file: Deno.FsFile;
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path); // to open a pipe would wait for its writer
    if (!info.isFile) throw new TypeError("it is no file");
    file = await Deno.open(path, { read: true });
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "it is missing"
      : cause instanceof Error
      ? cause.message
      : String(cause);
    throw cannotRead(path, { found: why, expected: "a file" }, { cause });
  }
  const { size } = info;
  let turn: Promise<unknown> = Promise.resolve(); // seek and read belong together: one part at a time
  const part = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = new Uint8Array(length);
    await file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < length;) {
      const n = await file.read(bytes.subarray(at));
      if (n === null) {
        throw cannotRead(path, {
          found: `it ends at ${offset + at}`,
          expected: `${size} bytes`,
          fix: "It was cut while it was read",
        });
      }
      at += n;
    }
    return bytes;
  };
  return {
    name: path,
    size,
    read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
      const error = outOfFile(path, size, offset, length);
      if (error) return Promise.reject(error);
      const result = turn.then(() => part(offset, length));
      turn = result.catch(() => {});
      return result;
    },
    [Symbol.dispose](): void {
      file.close();
    },
  };
}
