// Changes that know nothing of the format: flips, cuts, splices, and numbers at the edges of their ranges.
import type { Choices } from "./random.ts";

/** A changed copy of a file; `other` is another file of the same kind. */
export type Mutator = (
  bytes: Uint8Array<ArrayBuffer>,
  choices: Choices,
  other: Uint8Array<ArrayBuffer>,
) => Uint8Array<ArrayBuffer>;

/** Largest file that is tried. */
export const MOST_BYTES = 2 ** 20;

/** Whole numbers at which lengths and counts break. */
export const EXTREMES: readonly bigint[] = [
  ...[0n, 1n, 2n, 7n, 127n, 128n, 255n, 256n, 32767n, 65535n, 65536n],
  ...[2n ** 24n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 40n],
  ...[2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
];

/** Replaces bytes [from, to) by `part`; the result is cut to {@linkcode MOST_BYTES}. */
export function spliced(
  bytes: Uint8Array,
  from: number,
  to: number,
  part: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const length = Math.min(MOST_BYTES, from + part.length + bytes.length - to);
  const out = new Uint8Array(length);
  out.set(bytes.subarray(0, Math.min(from, length)));
  if (from < length) out.set(part.subarray(0, length - from), from);
  const rest = from + part.length;
  if (rest < length) out.set(bytes.subarray(to, to + length - rest), rest);
  return out;
}

/** A number in `width` little-endian bytes, cut to them. */
export function littleEndian(value: bigint, width: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: width }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
}

const flip: Mutator = (bytes, choices) => {
  const out = bytes.slice();
  for (let n = 1 + choices.below(4); n > 0; n--) {
    out[choices.below(out.length)] ^= 1 << choices.below(8);
  }
  return out;
};
const overwrite: Mutator = (bytes, choices) => {
  const out = bytes.slice();
  out[choices.below(out.length)] = choices.pick([0, 1, 0x20, 0x7f, 0x80, 0xff, choices.below(256)]);
  return out;
};
const cut: Mutator = (bytes, choices) => bytes.slice(0, choices.below(bytes.length));
const remove: Mutator = (bytes, choices) => {
  const from = choices.below(bytes.length);
  const length = 1 + choices.below(Math.min(64, bytes.length - from));
  return spliced(bytes, from, from + length, new Uint8Array(0));
};
const repeat: Mutator = (bytes, choices) => {
  const from = choices.below(bytes.length);
  const part = bytes.slice(from, from + 1 + choices.below(Math.min(64, bytes.length - from)));
  return spliced(bytes, from, from, part);
};
const insert: Mutator = (bytes, choices) => {
  const part = Uint8Array.from({ length: 1 + choices.below(8) }, () => choices.below(256));
  const at = choices.below(bytes.length + 1);
  return spliced(bytes, at, at, part);
};
const splice: Mutator = (bytes, choices, other) => {
  const from = choices.below(bytes.length), start = choices.below(other.length);
  const part = other.slice(start, start + 1 + choices.below(other.length - start));
  return spliced(
    bytes,
    from,
    choices.oneIn(2) ? bytes.length : Math.min(bytes.length, from + part.length),
    part,
  );
};
const extreme: Mutator = (bytes, choices) => {
  const width = choices.pick([1, 2, 4, 8]);
  const near = choices.oneIn(2) ? Math.min(64, bytes.length) : bytes.length; // lengths stand in front
  let at = choices.below(Math.max(1, near - width + 1));
  if (choices.oneIn(2)) at -= at % width;
  const part = littleEndian(choices.pick(EXTREMES), width);
  if (choices.oneIn(4)) part.reverse();
  return spliced(bytes, at, Math.min(bytes.length, at + width), part);
};
const digits: Mutator = (bytes, choices) => {
  const found: [number, number][] = [];
  for (let at = choices.below(bytes.length); at < bytes.length && found.length < 8; at++) {
    const from = at;
    while (at < bytes.length && bytes[at] >= 0x30 && bytes[at] <= 0x39) at++;
    if (at > from) found.push([from, at]);
  }
  if (found.length === 0) return overwrite(bytes, choices, bytes);
  const [from, to] = choices.pick(found);
  return spliced(bytes, from, to, new TextEncoder().encode(String(choices.pick(EXTREMES))));
};

/** All of them; each is given at least one byte. */
export const BYTE_MUTATORS: readonly Mutator[] = [
  ...[flip, overwrite, cut, remove, repeat, insert, splice, extreme, digits],
];
