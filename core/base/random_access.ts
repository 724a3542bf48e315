// A file that is read in parts: what a reader needs of a disk, a buffer or a server, and nothing more.
import { cannotRead } from "./mistake.ts";

/** A file of known size, read a part at a time. Plain to implement over a disk, a buffer or HTTP ranges. */
export interface RandomAccessFile {
  /** What to call the file in errors: its path or address. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`, as a copy; rejects with a TypeError where the file has not so many. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Closes it. */
  [Symbol.dispose](): void;
}

/**
 * Bytes in memory as a file.
 *
 * @example
 * ```ts
 * import { fileOfBytes } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * using file = fileOfBytes(Uint8Array.of(1, 2, 3), "three.bin");
 * assertEquals(await file.read(1, 2), Uint8Array.of(2, 3));
 * ```
 *
 * @param bytes The contents; borrowed.
 * @param name What to call the file in errors.
 */
export function fileOfBytes(bytes: Uint8Array, name: string): RandomAccessFile {
  return {
    name,
    size: bytes.length,
    read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
      const error = outOfFile(name, bytes.length, offset, length);
      return error ? Promise.reject(error) : Promise.resolve(bytes.slice(offset, offset + length));
    },
    [Symbol.dispose](): void {},
  };
}

/** The error for a part that reaches past the end of a file, if it does. */
export function outOfFile(
  name: string,
  size: number,
  offset: number,
  length: number,
): TypeError | undefined {
  if (offset >= 0 && length >= 0 && offset + length <= size) return undefined;
  return cannotRead(name, {
    found: `it is ${size} bytes long`,
    expected: `at least ${offset + length}`,
    fix: "The download was cut: fetch the file again",
  });
}
