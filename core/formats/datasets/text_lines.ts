// Lines of a text file as it streams by: strict UTF-8, any line ends, never more than one line in memory.
import { joinBytes } from "../../base/join_bytes.ts";
import { refuseWrongDownload } from "../../base/json_object.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { cannotRead } from "../../base/mistake.ts";

/** Bytes that arrive in parts, and what to call them in errors. */
export interface ByteStream {
  /** The file's path or address. */
  readonly name: string;
  /** The parts in order. */
  readonly parts: AsyncIterable<Uint8Array>;
}

/** One line. */
export interface TextLine {
  /** Without its line end. */
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** Whether its end was \r\n. */
  readonly hasReturn: boolean;
}

/** Longest line, bytes: what an unclosed quote or a file without line ends may take of memory. */
export const MOST_LINE_BYTES = 16 * 2 ** 20;

const PART = 2 ** 18;
const NEWLINE = 0x0a;

/**
 * A file's bytes in order, in parts of 256 KiB.
 *
 * @example
 * ```ts
 * import { byteStream, fileOfBytes } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using file = fileOfBytes(Uint8Array.of(1, 2, 3), "three.bin");
 * assertEquals(await Array.fromAsync(byteStream(file).parts), [Uint8Array.of(1, 2, 3)]);
 * ```
 *
 * @param file The file; borrowed while it is read.
 */
export function byteStream(file: RandomAccessFile): ByteStream {
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < file.size; at += PART) {
      yield await file.read(at, Math.min(PART, file.size - at));
    }
  }
  return { name: file.name, parts: parts() };
}

/** Lines of UTF-8 text; `wanted` says in errors what the file was to hold. */
export async function* textLines(
  { name, parts }: ByteStream,
  wanted: string,
): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 0;
  const decode = (bytes: Uint8Array): TextLine => {
    number++;
    const isFirst = number === 1;
    if (isFirst) refuseStart(bytes, name, wanted);
    const hasMark = isFirst && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    const hasReturn = bytes.at(-1) === 0x0d;
    const body = bytes.subarray(hasMark ? 3 : 0).subarray(0, hasReturn ? -1 : undefined);
    const nul = body.indexOf(0);
    if (nul >= 0) {
      throw cannotRead(name, {
        found: `line ${number} has a NUL byte`,
        expected: `${wanted} in UTF-8`,
      });
    }
    try {
      return { text: decoder.decode(body), number, hasReturn };
    } catch {
      throw cannotRead(name, {
        found: `line ${number} is not UTF-8`,
        expected: `${wanted} in UTF-8`,
      });
    }
  };
  let pending: Uint8Array[] = []; // parts of a line whose end has not come yet
  let length = 0;
  let isEmpty = true;
  const push = (part: Uint8Array) => {
    length += part.length;
    if (length > MOST_LINE_BYTES) {
      throw cannotRead(name, {
        found: `line ${number + 1} is over ${MOST_LINE_BYTES / 2 ** 20} MiB long`,
        expected: wanted,
      });
    }
    pending.push(part);
  };
  const take = (): Uint8Array => {
    const line = pending.length === 1 ? pending[0] : joinBytes(pending);
    [pending, length] = [[], 0];
    return line;
  };
  for await (const part of parts) {
    isEmpty &&= part.length === 0;
    let start = 0;
    for (let end; (end = part.indexOf(NEWLINE, start)) >= 0; start = end + 1) {
      push(part.subarray(start, end));
      yield decode(take());
    }
    if (start < part.length) push(part.subarray(start));
  }
  if (isEmpty) refuseWrongDownload(new Uint8Array(0), name, wanted);
  if (length > 0) yield decode(take());
}

/** What goes wrong at the very beginning: another encoding, a Git LFS pointer, a web page. */
function refuseStart(line: Uint8Array, name: string, wanted: string): void {
  const [a, b] = line;
  if (a === 0xff && b === 0xfe || a === 0xfe && b === 0xff) {
    throw cannotRead(name, {
      found: "the file is UTF-16",
      expected: `${wanted} in UTF-8`,
      fix: "Save it as UTF-8",
    });
  }
  if (line.length > 0) refuseWrongDownload(line, name, wanted);
}
