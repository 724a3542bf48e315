// The rules of a safetensors header, in one place for the reader of whole files, the reader of parts and the
// writers: 8 bytes of length, a JSON object, tensors that tile the data without gap or overlap.
import { parseJsonObject, refuseWrongDownload } from "../base/json_object.ts";
import { isObject, quote, show, showShape } from "../base/quote.ts";
import { cannotRead, type Mistake } from "../base/mistake.ts";

/** A tensor as the header describes it. */
export interface HeaderEntry {
  /** Its name. */
  readonly name: string;
  /** One of the format's types, not only those that this package reads. */
  readonly dtype: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** First byte, from the end of the header. */
  readonly begin: number;
  /** The byte after the last. */
  readonly end: number;
}

/** What a header says. */
export interface Header {
  /** In the order of their bytes. */
  readonly entries: HeaderEntry[];
  /** The strings of `__metadata__`. */
  readonly metadata: Map<string, string>;
}

/** A tensor to be written. */
export interface HeaderTensor {
  /** Its name. */
  readonly name: string;
  /** Type in the file. */
  readonly dtype: string;
  /** Extent of each axis. */
  readonly shape: readonly number[];
  /** Its bytes in the file. */
  readonly bytes: number;
}

const MAX_HEADER = 100_000_000;
/** Bytes of an element of each type of the format. */
const BYTES: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1, F8_E8M0: 1 },
  ...{ I16: 2, U16: 2, F16: 2, BF16: 2 },
  ...{ I32: 4, U32: 4, F32: 4 },
  ...{ I64: 8, U64: 8, F64: 8 },
};
/** First bytes of what people rename to .safetensors. */
const OTHERS: readonly (readonly [magic: readonly number[], what: string, fix: string])[] = [
  [
    [0x50, 0x4b, 0x03, 0x04],
    "a zip archive, as torch.save writes",
    "Save it with save_pretrained(safe_serialization=True)",
  ],
  [[0x80], "a Python pickle", "Save it with save_pretrained(safe_serialization=True)"],
  [[0x47, 0x47, 0x55, 0x46], "a GGUF file", "Name it .gguf"],
  [[0x1f, 0x8b], "a gzip archive", "Unpack it first"],
];

/** How many of a file's first bytes `headerLength` looks at. */
export const HEADER_START = 64;

/**
 * Length of the JSON header, checked against the file.
 *
 * @param start The file's first bytes, `HEADER_START` of them where it has so many.
 * @param size Bytes of the file.
 * @param name What to call the file in errors.
 * @throws {Mistake} If this is no safetensors file, or it ends within the header.
 */
export function headerLength(start: Uint8Array, size: number, name: string): number {
  refuseWrongDownload(start, name, "a safetensors file");
  if (size < 8) {
    throw malformed(
      name,
      `it is ${size} bytes long, expected at least the 8 of the header length. ` +
        "The download was cut: fetch the file again",
    );
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER)) {
    const other = OTHERS.find(([magic]) => magic.every((byte, i) => start[i] === byte));
    throw malformed(
      name,
      other
        ? `the file is ${other[1]}, expected a safetensors file. ${other[2]}`
        : `the header length is ${length} bytes, expected at most ${MAX_HEADER}. ` +
          "This is not a safetensors file",
    );
  }
  if (8 + Number(length) > size) {
    throw malformed(
      name,
      `the header says ${length} bytes and ${size - 8} remain. ` +
        "The download was cut: fetch the file again",
    );
  }
  return Number(length);
}

/**
 * Reads the JSON header strictly.
 *
 * @param bytes The header without its length.
 * @param name What to call the file in errors.
 * @param dataBytes Bytes of the file after the header.
 * @throws {Mistake} If it breaks a rule of the format.
 */
export function parseHeader(bytes: Uint8Array, name: string, dataBytes: number): Header {
  if (bytes[0] !== 0x7b) {
    throw malformed(name, 'the header does not start with "{", expected a JSON object');
  }
  const header = parseJsonObject(bytes, name, "the header");
  const entries: HeaderEntry[] = [];
  for (const [key, value] of Object.entries(header)) {
    if (key !== "__metadata__") entries.push(readEntry(name, key, value, dataBytes));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkTiling(name, entries, dataBytes);
  return { entries, metadata: readMetadata(name, header) };
}

/**
 * The length and the JSON header of tensors that follow each other in this order, padded so that the data start at
 * a multiple of 8.
 */
export function encodeHeader(
  tensors: readonly HeaderTensor[],
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  const fields: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`);
    fields.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  let end = 0;
  for (const { name, dtype, shape, bytes } of tensors) {
    const begin = end;
    end += bytes;
    fields.push(
      `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":[${shape}],` +
        `"data_offsets":[${begin},${end}]}`,
    );
  }
  const json = new TextEncoder().encode(`{${fields.join(",")}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return header;
}

/** The error for a tensor whose numbers are not of a type that is read. */
export function unreadType(
  file: string,
  { name, dtype }: { name: string; dtype: string },
): Mistake {
  return malformed(
    file,
    `tensor ${quote(name)} dtype is ${show(dtype)}, expected F32, F16 or BF16`,
  );
}

/** Bytes of an element of one of the format's types; undefined for other types. */
export function elementBytes(dtype: string): number | undefined {
  return Object.hasOwn(BYTES, dtype) ? BYTES[dtype] : undefined;
}

/** Whether a JSON value is a list of whole numbers of at least 0. */
export function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function readEntry(file: string, name: string, value: unknown, dataBytes: number): HeaderEntry {
  const what = `tensor ${quote(name)}`;
  if (!isObject(value)) {
    throw malformed(
      file,
      `${what} is ${show(value)}, expected an object with dtype, shape, data_offsets`,
    );
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES, dtype)) {
    throw malformed(file, `${what} dtype is ${show(dtype)}, expected F32, F16 or BF16`);
  }
  if (!isCounts(shape)) {
    throw malformed(file, `${what} shape is ${show(shape)}, expected whole numbers of at least 0`);
  }
  let elements = 1;
  for (const extent of shape) elements *= extent;
  if (!Number.isSafeInteger(elements * 4)) {
    throw malformed(
      file,
      `${what} shape is ${showShape(shape)}, expected fewer than 2^51 elements`,
    );
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw malformed(
      file,
      `${what} data_offsets is ${show(offsets)}, expected [begin, end] with 0 ≤ begin ≤ end`,
    );
  }
  const [begin, end] = offsets;
  if (end > dataBytes) {
    throw malformed(
      file,
      `${what} ends at byte ${end}, expected at most the ${dataBytes} that follow the header. ` +
        "The download was cut: fetch the file again",
    );
  }
  const wanted = elements * BYTES[dtype];
  if (end - begin !== wanted) {
    throw malformed(
      file,
      `${what} is ${end - begin} bytes long, expected ${wanted} for ${dtype} ${showShape(shape)}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function checkTiling(file: string, entries: readonly HeaderEntry[], dataBytes: number): void {
  let end = 0;
  let before = "the header";
  for (const entry of entries) {
    if (entry.begin !== end) {
      const why = entry.begin < end ? "they overlap" : "bytes between them belong to no tensor";
      throw malformed(
        file,
        `tensor ${quote(entry.name)} begins at byte ${entry.begin}, ` +
          `expected ${end}, where ${before} ends: ${why}`,
      );
    }
    end = entry.end;
    before = `tensor ${quote(entry.name)}`;
  }
  if (end !== dataBytes) {
    throw malformed(
      file,
      `${dataBytes} bytes follow the header, expected the ${end} of its tensors: the rest belongs to none`,
    );
  }
}

function readMetadata(file: string, header: Record<string, unknown>): Map<string, string> {
  const metadata = new Map<string, string>();
  if (!Object.hasOwn(header, "__metadata__")) return metadata;
  const value = header.__metadata__;
  if (value === null) return metadata; // safetensors' own reader takes it for none
  if (!isObject(value)) {
    throw malformed(file, `__metadata__ is ${show(value)}, expected an object of strings`);
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") {
      throw malformed(file, `__metadata__ ${quote(key)} is ${show(text)}, expected a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function malformed(file: string, why: string): Mistake {
  return cannotRead(file, { found: why });
}
