// JSON lines that survive kill −9: a line is appended whole, `sync` makes all lines so far durable, and a
// resumed run cuts the file back to the offset that its checkpoint remembers.
import { ensureFolder, exists, splitPath, syncFolder, writeAll } from "./durable.ts";

/** An open JSON-lines file. Close it, or hold it with `using`. */
export interface JsonlAppender extends Disposable {
  /** Length of the file, bytes: where the next line begins. */
  readonly offset: number;
  /** Appends one value as a line; returns the new offset. If it throws, the line is not there. NaN is null. */
  append(value: unknown): number;
  /** Makes every line so far durable (fsync). */
  sync(): Promise<void>;
  /** Closes the file. */
  close(): void;
}

/** How to open a JSON-lines file. */
export interface OpenJsonlOptions {
  /** Cut the file to this length first, bytes: an `offset` that was seen between two lines. */
  readonly truncateTo?: number;
}

const NEWLINE = 0x0a;

/**
 * Opens a JSON-lines file for appending; makes it if it is not there. A last line without its newline is what a
 * killed process left of a write that nobody was told of: it is cut off.
 *
 * @example
 * ```ts
 * import { openJsonl, readJsonl } from "@leash/bpo/io";
 * import { assertEquals } from "@std/assert";
 * const path = await Deno.makeTempFile();
 * {
 *   using log = await openJsonl(path);
 *   log.append({ step: 1 });
 *   await log.sync();
 *   const saved = log.offset; // goes into a checkpoint
 *   log.append({ step: 2 });
 *   using resumed = await openJsonl(path, { truncateTo: saved });
 *   assertEquals(resumed.offset, saved);
 * }
 * assertEquals(await readJsonl(path), [{ step: 1 }]);
 * await Deno.remove(path);
 * ```
 *
 * @param path The file; folders above it are made.
 * @param options `truncateTo`: length to cut it to, bytes; default its whole lines.
 * @returns The appender; the caller closes it.
 * @throws {RangeError} If the file is shorter than `truncateTo`, or a line goes across it.
 * `append` throws TypeError for a value that JSON has no text for.
 */
export async function openJsonl(
  path: string,
  options: OpenJsonlOptions = {},
): Promise<JsonlAppender> {
  const { parent } = splitPath(path);
  await ensureFolder(parent);
  const isNew = !await exists(path);
  const file = await Deno.open(path, { read: true, write: true, create: true });
  let offset: number;
  try {
    const size = (await file.stat()).size;
    offset = options.truncateTo === undefined
      ? lastLineEnd(file, size)
      : checkedCut(file, size, options.truncateTo, path);
    if (offset !== size) await cut(file, offset, path);
    file.seekSync(offset, Deno.SeekMode.Start);
    if (isNew) {
      await file.sync();
      await syncFolder(parent);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  let open = true;
  const close = () => {
    if (open) file.close();
    open = false;
  };
  return {
    get offset() {
      return offset;
    },
    append(value) {
      const text = JSON.stringify(value);
      if (text === undefined) {
        throw new TypeError(
          `Cannot append to ${path}: the value is ${typeof value}, expected JSON`,
        );
      }
      const line = new TextEncoder().encode(text + "\n");
      try {
        writeAll(file, line);
      } catch (error) {
        file.truncateSync(offset); // a full disk leaves part of the line
        file.seekSync(offset, Deno.SeekMode.Start);
        throw error;
      }
      return offset += line.length;
    },
    sync: () => file.sync(),
    close,
    [Symbol.dispose]: close,
  };
}

/**
 * Reads a JSON-lines file.
 *
 * @example
 * ```ts
 * import { readJsonl } from "@leash/bpo/io";
 * import { assertEquals } from "@std/assert";
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"step":1}\n{"step":2}\n');
 * assertEquals(await readJsonl(path), [{ step: 1 }, { step: 2 }]);
 * await Deno.remove(path);
 * ```
 *
 * @param path The file.
 * @returns One value a line; empty lines are passed over.
 * @throws {TypeError} If a line is not JSON; the message has its number, from 1.
 */
export async function readJsonl(path: string): Promise<unknown[]> {
  const values: unknown[] = [];
  const lines = (await Deno.readTextFile(path)).split("\n");
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    try {
      values.push(JSON.parse(line));
    } catch {
      throw new TypeError(
        `Cannot read ${path}: line ${i + 1} is not JSON, expected one value a line`,
      );
    }
  });
  return values;
}

function checkedCut(file: Deno.FsFile, size: number, length: number, path: string): number {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new RangeError(`Cannot cut ${path}: truncateTo is ${length}, expected at least 0`);
  }
  if (size < length) {
    throw new RangeError(
      `Cannot cut ${path}: it is ${size} bytes long, expected at least ${length}. ` +
        "Lines that were there are gone",
    );
  }
  if (length > 0 && byteAt(file, length - 1) !== NEWLINE) {
    throw new RangeError(
      `Cannot cut ${path}: a line goes across byte ${length}, expected its end there`,
    );
  }
  return length;
}

/** Where the last whole line ends: `size` unless a write was cut short. */
function lastLineEnd(file: Deno.FsFile, size: number): number {
  const block = new Uint8Array(65536);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - block.length);
    file.seekSync(start, Deno.SeekMode.Start);
    const part = block.subarray(0, end - start);
    for (let got = 0; got < part.length;) got += file.readSync(part.subarray(got)) ?? part.length;
    const at = part.lastIndexOf(NEWLINE);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

function byteAt(file: Deno.FsFile, position: number): number {
  const byte = new Uint8Array(1);
  file.seekSync(position, Deno.SeekMode.Start);
  file.readSync(byte);
  return byte[0];
}

async function cut(file: Deno.FsFile, length: number, path: string): Promise<void> {
  await file.truncate(length);
  await file.sync();
  const { size } = await file.stat(); // truncate can succeed without cutting
  if (size !== length) {
    throw new Error(`Cannot cut ${path}: it is still ${size} bytes long, expected ${length}`);
  }
}
