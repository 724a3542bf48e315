// Changes to the numbers that binary formats count by: GGUF's lengths and types, the varints of Parquet's thrift.
import { EXTREMES, littleEndian, type Mutator, spliced } from "./mutate_bytes.ts";
import type { Choices } from "./random.ts";

interface Field {
  readonly at: number;
  readonly width: number;
}

const SCALARS: Readonly<Record<number, number>> = {
  ...{ 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 },
};

/** Where a GGUF file has its counts, lengths, types, extents and offsets, as far as it can be followed. */
export function ggufFields(bytes: Uint8Array<ArrayBuffer>): Field[] {
  const view = new DataView(bytes.buffer);
  const fields: Field[] = [];
  let at = 4;
  const u32 = () => {
    fields.push({ at, width: 4 });
    return view.getUint32((at += 4) - 4, true);
  };
  const u64 = () => {
    fields.push({ at, width: 8 });
    return Number(view.getBigUint64((at += 8) - 8, true));
  };
  const text = (): void => {
    const length = u64(); // which moves `at` itself
    at += length;
  };
  const value = (type: number): void => {
    if (type === 8) text();
    else if (type === 9) {
      const inner = u32(), count = u64();
      if (inner === 8) { for (let i = 0; i < count; i++) text(); }
      else if (inner === 9) { for (let i = 0; i < count; i++) value(9); }
      else at += count * (SCALARS[inner] ?? 1);
    } else {
      fields.push({ at, width: SCALARS[type] ?? 1 });
      at += SCALARS[type] ?? 1;
    }
  };
  try {
    u32();
    const tensors = u64(), entries = u64();
    for (let i = 0; i < entries; i++) {
      text();
      value(u32());
    }
    for (let i = 0; i < tensors; i++) {
      text();
      for (let axes = u32(); axes > 0; axes--) u64();
      u32();
      u64();
    }
  } catch { // it was changed before and leads out of the file
  }
  return fields.filter(({ at, width }) => at + width <= bytes.length);
}

/** For GGUF: one of its numbers becomes another. */
export const ggufMutator: Mutator = (bytes, choices) => {
  const fields = bytes.length < 24 ? [] : ggufFields(bytes);
  if (fields.length === 0) return bytes;
  const { at, width } = choices.pick(fields);
  const old = bytes.slice(at, at + width).reduceRight(
    (value, byte) => value << 8n | BigInt(byte),
    0n,
  );
  const value = choices.pick([
    ...[choices.pick(EXTREMES), old + 1n, old - 1n, old ^ 1n << BigInt(choices.below(8 * width))],
    BigInt(choices.below(40)),
  ]);
  return spliced(bytes, at, at + width, littleEndian(value, width));
};

interface Varint {
  readonly at: number;
  readonly length: number;
  /** A field's head: its number and type in one byte. */
  readonly isHead?: boolean;
}

/** Where a thrift struct (compact protocol) has its varints and its fields' heads. */
export function thriftNumbers(bytes: Uint8Array, from: number, to: number): Varint[] {
  const found: Varint[] = [];
  let at = from;
  const varint = (): number => {
    const start = at;
    let value = 0;
    while (at < to && bytes[at] >= 0x80) value += (bytes[at] & 0x7f) * 128 ** (at++ - start);
    value += (bytes[at] & 0x7f) * 128 ** (at++ - start);
    found.push({ at: start, length: at - start });
    return value;
  };
  const skip = (type: number, depth: number): void => {
    if (at >= to || depth > 40 || found.length > 5000) return void (at = to);
    if (type === 3) at++;
    else if (type >= 4 && type <= 6) varint();
    else if (type === 7) at += 8;
    else if (type === 8) {
      const length = varint(); // which moves `at` itself
      at += length;
    } else if (type === 9 || type === 10) {
      found.push({ at, length: 1, isHead: true });
      const head = bytes[at++];
      const count = head >> 4 === 15 ? varint() : head >> 4;
      const most = Math.min(count, to - at); // an element of no bytes, a boolean, would never come to an end
      for (let i = 0; i < most && at < to; i++) skip(head & 15, depth + 1);
    } else if (type === 12) struct(depth + 1);
  };
  const struct = (depth: number): void => {
    while (at < to) {
      found.push({ at, length: 1, isHead: true });
      const head = bytes[at++];
      if ((head & 15) === 0) return;
      if (head >> 4 === 0) varint();
      skip(head & 15, depth);
    }
  };
  struct(0);
  return found.filter(({ at, length }) => at + length <= to);
}

/** A varint; of `length` bytes where that is given, with zeros on top or cut. */
function varintOf(value: bigint, length?: number): Uint8Array {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    out.push(Number(rest & 127n) | 0x80);
    rest >>= 7n;
  } while (rest > 0n);
  while (length !== undefined && out.length < length) out.push(0x80);
  if (length !== undefined) out.length = length;
  out[out.length - 1] &= 0x7f;
  return Uint8Array.from(out);
}

function changed(
  bytes: Uint8Array,
  { at, length, isHead }: Varint,
  choices: Choices,
  keep: boolean,
): Uint8Array {
  if (isHead) return Uint8Array.of(bytes[at] ^ 1 << choices.below(8));
  const value = choices.pick([choices.pick(EXTREMES), BigInt(choices.below(300))]);
  return varintOf(value, keep ? length : undefined);
}

/** For Parquet: a number of the footer, whose length follows, or of the first page's header. */
export const parquetMutator: Mutator = (bytes, choices) => {
  const end = bytes.length - 8;
  if (end < 12) return bytes;
  const length = new DataView(bytes.buffer).getUint32(end, true);
  if (choices.oneIn(3)) { // a page: nothing may move
    const numbers = thriftNumbers(bytes, 4, Math.min(end, 200));
    const number = choices.pick(numbers.slice(0, 24));
    return spliced(
      bytes,
      number.at,
      number.at + number.length,
      changed(bytes, number, choices, true),
    );
  }
  if (length > end) return bytes;
  const numbers = thriftNumbers(bytes, end - length, end);
  if (numbers.length === 0) return bytes;
  const number = choices.pick(numbers);
  const part = changed(bytes, number, choices, false);
  const out = spliced(bytes, number.at, number.at + number.length, part);
  new DataView(out.buffer).setUint32(out.length - 8, length + part.length - number.length, true);
  return out;
};
