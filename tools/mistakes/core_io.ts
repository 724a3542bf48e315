/** Mistakes in core/io: formats. */
import type { MistakeRow } from "./mistake.ts";

/** One a row. */
export const CORE_IO: readonly MistakeRow[] = [
  ["readQ80", "bytes[at + 2 + i] << 24 >> 24", "bytes[at + 2 + i]"],
  ["readQ41", "d * (pair >> 4) + m", "d * (pair >> 4) - m"],
  ["readQ51", "fifth >>> (i + HALF) & 1", "fifth >>> i & 1"],
  ["readQ3K", "(low | high << 4) - 32", "(low | high << 4) - 16"],
  ["readQ5K", "scale * q - least", "scale * q + least"],
  ["readQ5K", "(group & 1) * 4", "(group & 1) * 2"],
  ["twoBitShift", "(group >> 1 & 3) * 2", "(group & 3) * 2"],
  ["u32At", "bytes[at + 2] << 16", "bytes[at + 2] << 8"],
  ["numberToF16", "(rebiased >> 13) & 1", "0"],
  ["numberToF16", "112 << 23", "111 << 23"],
  ["numberToF16", "magnitude >= 0x47800000", "magnitude >= 0x47000000"],
  ["numberToBf16", "(x + 0x7fff + ((x >>> 16) & 1)) >>> 16", "x >>> 16"],
  ["unpackFrames", "end > length", "end >= length"],
  ["unLz4", "unpackBlock(packed, plain, 0) !== length", "unpackBlock(packed, plain, 0) < 0"],
  ["thriftStruct", "(id - last) << 4", "id << 4"],
  ["thriftStruct", "value * 2", "value"],
  ["checkSharedBytes", "shared[i] <= last", "true"],
  ["checkSharedBytes", "sum += last", "sum += own[i]"],
  ["varint", "128 ** i", "256 ** i"],
  ["isGlob", "[*?{[]", "[*?{]"],
  ["search", "depth >= MOST_DEEP", "false"],
  ["segmentPattern", 'c === "?") source += "[^/]"', 'c === "?") source += "[^/]*"'],
  ["shownOrder", '(asked !== "b,a")', '(asked === "b,a")'],
  ["parsePartName", "Number(part) < 1 ||", ""],
  ["isWithin", "host.endsWith(`.${wanted}`)", "host.endsWith(wanted)"],
  [
    "guardedFetch",
    "authorization !== undefined && at.origin === home.origin",
    "authorization !== undefined",
  ],
  ["asText", "isEnded(chosen) && isEnded(rejected)", "isEnded(chosen) || isEnded(rejected)"],
  ["rawOf", 'if (Object.is(value, -0)) return "-0";', ""],
  ["openOwnFile", "opened.nlink > 1", "opened.nlink > 2"],
];
