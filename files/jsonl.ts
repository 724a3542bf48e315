// JSON lines that survive kill −9: a line is appended whole, `sync` makes all lines so far durable, and a
// resumed run cuts the file back to the mark that its checkpoint remembers: a length and the SHA-256 of so many bytes.
import { createHash, type Hash } from "node:crypto";
import { ensureFolder, splitPath, syncFolder, writeAll } from "./durable/disk.ts";
import { exactParse, exactStringify } from "../core/base/exact_json.ts";
import { openOwnFile } from "./own_file.ts";
import { cannotRead, Mistake } from "../core/base/mistake.ts";

/** What a file began with at some moment between two lines. */
export interface LogMark {
  /** Its length then, bytes. */
  readonly bytes: number;
  /** SHA-256 of so many bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** An open JSON-lines file. Close it, or hold it with `using`. */
export interface JsonlAppender extends Disposable {
  /** Length of the file, bytes: where the next line begins. */
  readonly offset: number;
  /**
   * Appends one value as a line; returns the new offset. If it throws, the line is not there. NaN and the infinities
   * are written as their names, which `readJsonl` reads back. Throws where the file was removed while it was open.
   */
  append(value: unknown): number;
  /** What the file holds now, for a checkpoint. */
  mark(): LogMark;
  /** Makes every line so far durable (fsync). Throws {@link LogGone} where the file is not under its name any more. */
  sync(): Promise<void>;
  /** Closes the file. */
  close(): void;
}

/** How to read a JSON-lines file. */
export interface ReadJsonlOptions {
  /** Read so many bytes from its start only. */
  readonly bytes?: number;
}

/** How to open a JSON-lines file. */
export interface OpenJsonlOptions {
  /** Cut the file first to this length, bytes, or to this mark, which it must fit: both seen between two lines. */
  readonly truncateTo?: number | LogMark;
}

const NEWLINE = 0x0a;

/**
 * Opens a JSON-lines file for appending; makes it if it is not there. A last line without its newline is what a
 * killed process left of a write that nobody was told of: it is cut off.
 *
 * @example
 * ```ts
 * import { openJsonl, readJsonl } from "@leash/bpo/files";
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
 * @throws {Mistake} If the file is shorter than `truncateTo`, or a line goes across it.
 * @throws {Mistake} If its bytes are not those of the mark, or the path is a link.
 * `append` throws TypeError for a value that JSON has no text for.
 */
export async function openJsonl(
  path: string,
  options: OpenJsonlOptions = {},
): Promise<JsonlAppender> {
  const { parent } = splitPath(path);
  await ensureFolder(parent);
  const { file, isNew } = await openOwnFile(path);
  let offset: number;
  let hash: Hash;
  try {
    const size = (await file.stat()).size;
    const { truncateTo } = options;
    offset = truncateTo === undefined ? lastLineEnd(file, size) : checkedCut(
      file,
      size,
      typeof truncateTo === "number" ? truncateTo : truncateTo.bytes,
      path,
    );
    hash = hashOf(file, offset);
    if (typeof truncateTo === "object") requireMark(path, digest(hash), truncateTo);
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
      const text = exactStringify(value);
      if (text === undefined) {
        throw new TypeError(
          `Cannot append to ${path}: the value is ${typeof value}, expected JSON`,
        );
      }
      if (file.statSync().nlink === 0) throw new LogGone(path);
      const line = new TextEncoder().encode(text + "\n");
      try {
        writeAll(file, line);
      } catch (error) {
        file.truncateSync(offset); // a full disk leaves part of the line
        file.seekSync(offset, Deno.SeekMode.Start);
        throw error;
      }
      hash.update(line);
      return offset += line.length;
    },
    mark: () => ({ bytes: offset, sha256: digest(hash) }),
    async sync() {
      await file.sync();
      const [ours, named] = [await file.stat(), await Deno.lstat(path).catch(() => undefined)];
      if (named?.ino !== ours.ino || named?.dev !== ours.dev) throw new LogGone(path);
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** A log whose file is not under its name any more: its folder was moved or removed while it was written. */
export class LogGone extends Mistake {
  /** What it is. */
  override readonly name = "LogGone";
  /** Where the log was. */
  readonly path: string;

  /**
   * Names the log.
   *
   * @param path Where it was.
   */
  constructor(path: string) {
    super("file", {
      verb: "go on with",
      thing: path,
      found: "it was moved or removed while it was written",
      expected: "it where it was",
    });
    this.path = path;
  }
}

const digest = (hash: Hash): string => hash.copy().digest("hex");

function requireMark(path: string, found: string, { bytes, sha256 }: LogMark): void {
  if (found === sha256) return;
  throw new Mistake("file", {
    verb: "go on with",
    thing: path,
    found: `its first ${bytes} bytes were changed since they were written (SHA-256 ` +
      `${found.slice(0, 12)}…)`,
    expected: `${sha256.slice(0, 12)}…`,
    fix: "Bring back the file as it was",
  });
}

/** How a file fits a mark: it begins with its bytes, is shorter, or has others. */
export async function fitOf(path: string, mark: LogMark): Promise<"fits" | "short" | "changed"> {
  let file;
  try {
    file = await Deno.open(path, { read: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return mark.bytes === 0 ? "fits" : "short";
  }
  using _closed = file;
  if ((await file.stat()).size < mark.bytes) return "short";
  return digest(hashOf(file, mark.bytes)) === mark.sha256 ? "fits" : "changed";
}

/**
 * Reads a JSON-lines file.
 *
 * @example
 * ```ts
 * import { readJsonl } from "@leash/bpo/files";
 * import { assertEquals } from "@std/assert";
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, '{"step":1}\n{"step":2}\n');
 * assertEquals(await readJsonl(path), [{ step: 1 }, { step: 2 }]);
 * await Deno.remove(path);
 * ```
 *
 * @param path The file.
 * @param options `bytes`: how much of it, from its start; default all.
 * @returns One value a line; empty lines are passed over, and so is a last line that a killed process left torn.
 * @throws {Mistake} If a line is not JSON; the message has its number, from 1.
 */
export async function readJsonl(path: string, options: ReadJsonlOptions = {}): Promise<unknown[]> {
  const values: unknown[] = [];
  const content = await Deno.readFile(path);
  const lines = new TextDecoder().decode(content.subarray(0, options.bytes)).split("\n");
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    try {
      values.push(exactParse(line));
    } catch {
      if (i === lines.length - 1) return; // it has no newline: its writer was killed within it
      throw cannotRead(path, { found: `line ${i + 1} is not JSON`, expected: "one value a line" });
    }
  });
  return values;
}

function checkedCut(file: Deno.FsFile, size: number, length: number, path: string): number {
  const cannotCut = (found: string, expected: string, fix?: string) =>
    new Mistake("file", { verb: "cut", thing: path, found, expected, fix });
  if (!Number.isSafeInteger(length) || length < 0) {
    throw cannotCut(`truncateTo is ${length}`, "at least 0");
  }
  if (size < length) {
    const fix = "Lines that were there are gone";
    throw cannotCut(`it is ${size} bytes long`, `at least ${length}`, fix);
  }
  if (length > 0 && byteAt(file, length - 1) !== NEWLINE) {
    throw cannotCut(`a line goes across byte ${length}`, "its end there");
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

/** SHA-256 of the first `length` bytes, still open. */
function hashOf(file: Deno.FsFile, length: number): Hash {
  const hash = createHash("sha256");
  const block = new Uint8Array(65536);
  file.seekSync(0, Deno.SeekMode.Start);
  for (let left = length; left > 0;) {
    const got = file.readSync(block.subarray(0, Math.min(left, block.length)));
    if (got === null) break;
    hash.update(block.subarray(0, got));
    left -= got;
  }
  return hash;
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
    const found = `it is still ${size} bytes long`;
    throw new Mistake("file", { verb: "cut", thing: path, found, expected: `${length}` });
  }
}
