// LZ4 blocks as Parquet has them: alone (LZ4_RAW), or behind Hadoop's lengths (LZ4). Nothing is written beyond the size
// that was announced, and no run of copies goes on past it.
// https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md

/**
 * Undoes one block.
 *
 * @param length Bytes that it holds.
 * @throws {RangeError} If it holds another number of bytes, or refers to what is not there.
 */
export function unLz4(packed: Uint8Array, length: number): Uint8Array {
  const plain = new Uint8Array(length);
  if (unpackBlock(packed, plain, 0) !== length) throw new RangeError("the block ends early");
  return plain;
}

/**
 * Undoes Hadoop's frames: the plain length, then blocks that make it up, each after its own length, all big-endian. What
 * is no such frame is one block alone, as some writers have it under the same name.
 *
 * @param length Bytes that all frames hold.
 * @throws {RangeError} As `unLz4`.
 */
export function unLz4Hadoop(packed: Uint8Array, length: number): Uint8Array {
  return unpackFrames(packed, length) ?? unLz4(packed, length);
}

function unpackFrames(packed: Uint8Array, length: number): Uint8Array | undefined {
  const plain = new Uint8Array(length);
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0, done = 0;
  try {
    while (at < packed.length) {
      const end = done + view.getUint32(at);
      at += 4;
      if (end > length) return undefined;
      while (done < end) {
        const size = view.getUint32(at);
        at += 4;
        if (size === 0 || size > packed.length - at) return undefined;
        done = unpackBlock(packed.subarray(at, at + size), plain.subarray(0, end), done);
        at += size;
      }
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return done === length ? plain : undefined;
}

/** Unpacks a block to the place `from`; returns where it ends. */
function unpackBlock(packed: Uint8Array, plain: Uint8Array, from: number): number {
  let at = 0, to = from;
  const count = (nibble: number) => {
    let sum = nibble;
    for (let byte = nibble === 15 ? 255 : 0; byte === 255; sum += byte) {
      if (at === packed.length) throw new RangeError("the block ends within a length");
      byte = packed[at++];
    }
    return sum;
  };
  while (at < packed.length) {
    const token = packed[at++];
    const literals = count(token >> 4);
    if (literals > packed.length - at || literals > plain.length - to) {
      throw new RangeError("a run of literals goes too far");
    }
    plain.set(packed.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === packed.length) break; // the last sequence has no match
    if (packed.length - at < 2) throw new RangeError("the block ends within an offset");
    const back = packed[at] | packed[at + 1] << 8;
    at += 2;
    const match = count(token & 15) + 4;
    if (back === 0 || back > to - from || match > plain.length - to) {
      throw new RangeError("a copy goes too far");
    }
    for (const end = to + match; to < end; to++) plain[to] = plain[to - back];
  }
  return to;
}
