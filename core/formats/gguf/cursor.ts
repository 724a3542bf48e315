// A place in a file's front that moves on: bytes are fetched in large parts, and read from memory one value at a time.
import type { RandomAccessFile } from "../../base/random_access.ts";
import { cannotRead, type Mistake } from "../../base/mistake.ts";

const PART = 1 << 20; // bytes fetched at once
const MOST = 1 << 27; // bytes of the whole front: real ones have at most about twenty million

/** Little-endian values, one after another. `need` bytes first, then read them. */
export class HeaderCursor {
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #start = 0; // where #bytes lies in the file
  #at = 0; // the place in #bytes
  #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /** @param file Borrowed; read from its first byte on. */
  constructor(readonly file: RandomAccessFile) {}

  /** Bytes from the start of the file. */
  get position(): number {
    return this.#start + this.#at;
  }

  /** Bytes between here and the end of the file. */
  get left(): number {
    return this.file.size - this.position;
  }

  /** Whether the next `length` bytes are in memory. */
  has(length: number): boolean {
    return this.#at + length <= this.#bytes.length;
  }

  /** Has the next `length` bytes in memory; `what` names them in the error if the file ends before. */
  async need(length: number, what: string): Promise<void> {
    if (this.has(length)) return;
    const { name, size } = this.file;
    if (length > this.left) {
      throw cannotRead(name, {
        found: `it ends in ${what} after ${size} bytes`,
        expected: `${length - this.left} more`,
        fix: "The download was cut: fetch the file again",
      });
    }
    if (this.position + length > MOST) {
      throw cannotRead(name, {
        found: `its metadata reaches ${this.position + length} bytes at ${what}`,
        expected: `at most ${MOST}`,
      });
    }
    const start = this.position;
    const fetched = await this.file.read(start, Math.min(this.left, Math.max(length, PART)));
    this.#bytes = fetched;
    this.#view = new DataView(fetched.buffer, fetched.byteOffset, fetched.length);
    this.#start = start;
    this.#at = 0;
  }

  #skip(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }

  /** An unsigned byte. */
  u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  /** A signed byte. */
  i8(): number {
    return this.#view.getInt8(this.#skip(1));
  }

  /** Two unsigned bytes. */
  u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  /** Two signed bytes. */
  i16(): number {
    return this.#view.getInt16(this.#skip(2), true);
  }

  /** Four unsigned bytes. */
  u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** Four signed bytes. */
  i32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  /** Eight unsigned bytes. */
  u64(): bigint {
    return this.#view.getBigUint64(this.#skip(8), true);
  }

  /** Eight signed bytes. */
  i64(): bigint {
    return this.#view.getBigInt64(this.#skip(8), true);
  }

  /** A single-precision number. */
  f32(): number {
    return this.#view.getFloat32(this.#skip(4), true);
  }

  /** A double-precision number. */
  f64(): number {
    return this.#view.getFloat64(this.#skip(8), true);
  }

  /** `length` bytes as a copy. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const at = this.#skip(length);
    return this.#bytes.slice(at, at + length);
  }

  /** `length` bytes of UTF-8; `what` names them in the error. */
  text(length: number, what: string): string {
    const at = this.#skip(length);
    try {
      return this.#utf8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw cannotRead(this.file.name, { found: `${what} is not UTF-8`, expected: "UTF-8 text" });
    }
  }

  /** A name: its length, 1 to `most` bytes, and its text. */
  async name(what: string, most: number): Promise<string> {
    await this.need(8, what);
    const length = this.u64();
    if (length === 0n || length > most) {
      throw this.mistake(`${what} is ${length} bytes long`, `1 to ${most}`);
    }
    await this.need(Number(length), what);
    return this.text(Number(length), what);
  }

  /** The one-line error for something in this file. */
  mistake(found: string, expected: string): Mistake {
    return cannotRead(this.file.name, { found, expected });
  }
}
