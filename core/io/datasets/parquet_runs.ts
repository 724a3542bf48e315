// What hyparquet takes on trust inside a page: run lengths and delta blocks. A forged run of 2³⁰ values would fill the
// memory, a forged block would never end; here they are walked through first, without unpacking a value.
// https://github.com/apache/parquet-format/blob/master/Encodings.md

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
