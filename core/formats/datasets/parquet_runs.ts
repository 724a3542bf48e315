// What hyparquet takes on trust inside a page: run lengths and delta blocks. A forged run of 2³⁰ values would fill the
// memory, a forged block would never end; here they are walked through first, without unpacking a value.
// https://github.com/apache/parquet-format/blob/master/Encodings.md

import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";

/** Throws with what is wrong. */
export type Fail = (what: string) => never;

/** A cursor over one page's bytes. */
interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/** Checks runs of `width`-bit values, "RLE / bit-packed hybrid", of which a reader wants at most `count`. */
export function checkRuns(
  bytes: Uint8Array,
  start: number,
  end: number,
  width: number,
  count: number,
  fail: Fail,
): void {
  if (width > 32) fail(`has values of ${width} bits, expected at most 32`);
  const cursor = { bytes, at: start, end };
  const bytesPerValue = Math.ceil(width / 8);
  for (let seen = 0; seen < count && cursor.at < end;) {
    const head = varint(cursor, fail);
    const isPacked = head % 2 === 1;
    const length = isPacked ? (head - 1) / 2 * 8 : head / 2;
    if (length > count + (isPacked ? 7 : 0)) {
      fail(`has a run of ${length} values, expected at most ${count}`);
    }
    cursor.at += isPacked ? length * width / 8 : bytesPerValue;
    seen += length;
  }
}

/** How many of `count` levels, whose runs were checked, are `wanted`: as many values are there. */
export function countRuns(bytes: Uint8Array, wanted: number, count: number, fail: Fail): number {
  const levels = new Uint8Array(count); // a schema is not deeper than that
  unpackOr(fail, () => {
    readRleBitPackedHybrid(readerOf(bytes, 0), 32 - Math.clz32(wanted), levels, bytes.length);
  });
  return levels.reduce((sum, level) => sum + (level === wanted ? 1 : 0), 0);
}

/**
 * Checks values that say how many bytes they share with the one before: lengths in two delta blocks, then the other bytes.
 *
 * @param fixed Length of every value, where the schema says one.
 * @returns Length of all values together: a forged page may repeat a long one without end.
 */
export function checkSharedBytes(
  bytes: Uint8Array,
  start: number,
  count: number,
  fixed: number | undefined,
  fail: Fail,
): number {
  if (count === 0) return 0;
  const reader = readerOf(bytes, start);
  const lengths = () => {
    checkDeltas(bytes, reader.offset, bytes.length, fail);
    const unpacked = new Int32Array(count);
    unpackOr(fail, () => deltaBinaryUnpack(reader, count, unpacked));
    return unpacked;
  };
  const shared = lengths();
  const own = lengths();
  let last = 0, sum = 0, left = bytes.length - reader.offset;
  for (let i = 0; i < count; i++) {
    if (!(shared[i] >= 0 && shared[i] <= last)) {
      fail(`has a value that shares ${shared[i]} bytes with one of ${last}`);
    }
    if (!(own[i] >= 0 && own[i] <= left)) {
      fail(`has a value of ${own[i]} bytes where ${left} remain`);
    }
    last = shared[i] + own[i];
    if (fixed !== undefined && last !== fixed) {
      fail(`has a value of ${last} bytes, expected ${fixed} as in the schema`);
    }
    left -= own[i];
    sum += last;
  }
  return sum;
}

function readerOf(bytes: Uint8Array, offset: number) {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset };
}

function unpackOr(fail: Fail, unpack: () => void): void {
  try {
    unpack();
  } catch { // what is read there lies beyond its end
    fail("has values that end early");
  }
}

/** Checks blocks of delta-encoded integers and returns where they end. */
export function checkDeltas(
  bytes: Uint8Array,
  start: number,
  end: number,
  fail: Fail,
): number {
  const cursor = { bytes, at: start, end };
  const blockSize = varint(cursor, fail);
  const miniblocks = varint(cursor, fail);
  const count = varint(cursor, fail);
  const perMiniblock = blockSize / miniblocks;
  const isSound = miniblocks >= 1 && miniblocks <= 512 && blockSize <= 2 ** 16 &&
    perMiniblock >= 8 && perMiniblock % 8 === 0;
  if (!isSound) fail(`has delta blocks of ${blockSize} values in ${miniblocks} parts`);
  varint(cursor, fail, 10); // the first value
  for (let left = count - 1; left > 0 && cursor.at < end;) {
    varint(cursor, fail, 10); // the smallest difference
    const widths = bytes.subarray(cursor.at, cursor.at + miniblocks);
    cursor.at += miniblocks;
    for (let i = 0; i < miniblocks && left > 0; i++) {
      if (!(widths[i] <= 64)) fail(`has differences of ${widths[i]} bits, expected at most 64`);
      cursor.at += perMiniblock * widths[i] / 8;
      left -= perMiniblock;
    }
  }
  return cursor.at;
}

/** Unsigned; 32 bits unless more bytes are allowed, and then its value is not exact. */
function varint(cursor: Cursor, fail: Fail, mostBytes = 5): number {
  let value = 0;
  for (let i = 0;; i++) {
    if (cursor.at >= cursor.end) fail("ends within a number");
    const byte = cursor.bytes[cursor.at++];
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) break;
    if (i + 1 === mostBytes) fail(`has a number over ${mostBytes} bytes`);
  }
  if (mostBytes === 5 && value > 0x7fff_ffff) fail(`has a count of ${value}`);
  return value;
}
