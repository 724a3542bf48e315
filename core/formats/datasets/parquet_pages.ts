// The pages of one column: every header is held against the bytes that are there, every page is decompressed into the
// size that it announced and no more, and its runs are checked. What leaves here is safe for hyparquet to unpack.
import { decompressSnappy, decompressZstd } from "hyparquet-compressors";
import { joinBytes } from "../../base/join_bytes.ts";
import { gunzip, unbrotli } from "./gunzip.ts";
import { unLz4, unLz4Hadoop } from "./lz4.ts";
import { nameOf, type ParquetChunk, type ParquetCodec } from "./parquet_footer.ts";
import { checkDeltas, checkRuns, checkSharedBytes, countRuns, type Fail } from "./parquet_runs.ts";
import { ThriftReader, thriftStruct } from "./thrift.ts";

/** Undoes a compression: bytes, and how many they become. */
export type Decompress = (
  bytes: Uint8Array<ArrayBuffer>,
  length: number,
) => Uint8Array | Promise<Uint8Array>;

/** One function a codec. */
export type Decompressors = Readonly<Record<Exclude<ParquetCodec, "UNCOMPRESSED">, Decompress>>;

/** Decompressors that run anywhere. A forged ZSTD page can keep that one busy for long; not every browser has Brotli. */
export const PORTABLE: Decompressors = {
  SNAPPY: (bytes, length) => decompressSnappy(bytes, length),
  GZIP: (bytes, length) => upTo(gunzip([bytes]), length),
  BROTLI: (bytes, length) => upTo(unbrotli([bytes]), length),
  LZ4: unLz4Hadoop,
  LZ4_RAW: unLz4,
  ZSTD: (bytes, length) => decompressZstd(bytes, new Uint8Array(length)),
};

/** How much a row group may unfold into, bytes: so much, and so many times its size in the file. */
const FREE_BYTES = 64 * 2 ** 20;
const UNFOLDS = 16;

const DATA = 0, INDEX = 1, DICTIONARY = 2, DATA_V2 = 3;
const PLAIN = 0, PLAIN_DICTIONARY = 2, RLE = 3, DELTA = 5, DELTA_LENGTH = 6, DELTA_BYTES = 7;
const RLE_DICTIONARY = 8, STREAM_SPLIT = 9;
/** Bytes of a value; those of FIXED_LEN_BYTE_ARRAY are in the schema. */
const WIDTHS: Readonly<Record<string, number>> = { INT32: 4, FLOAT: 4, INT64: 8, DOUBLE: 8 };

interface PageHeader {
  kind: number;
  unpacked: number;
  packed: number;
  values: number;
  nulls: number;
  rows: number;
  encoding: number;
  definitionBytes: number;
  repetitionBytes: number;
  isCompressed: boolean;
}

/** Bytes that the pages of a row group may still unfold into. */
export interface Budget {
  readonly most: number;
  left: number;
}

/** The budget of a row group. */
export function unfoldBudget(chunks: readonly ParquetChunk[]): Budget {
  const most = FREE_BYTES + UNFOLDS * chunks.reduce((sum, { length }) => sum + length, 0);
  return { most, left: most };
}

/**
 * The chunk as it would stand in a file without compression.
 *
 * @param bytes Its bytes in the file.
 * @param budget Of its row group; what the chunk takes is taken off.
 * @param fail Throws an error that names the file.
 */
export async function plainChunk(
  bytes: Uint8Array<ArrayBuffer>,
  chunk: ParquetChunk,
  decompressors: Decompressors,
  budget: Budget,
  fail: Fail,
): Promise<Uint8Array<ArrayBuffer>> {
  const { leaf, codec } = chunk;
  const bad: Fail = (what) => fail(`column ${nameOf(leaf)} ${what}. Fetch the file again`);
  const reader = new ThriftReader(bytes, 0, (what) => bad(`${what} in a page's header`));
  const parts: Uint8Array[] = [];
  let seen = 0;
  let hasDictionary = false;
  while (reader.at < bytes.length && seen < chunk.values) {
    const header = readHeader(reader);
    if (
      !(header.packed >= 0 && header.packed <= bytes.length - reader.at && header.unpacked >= 0)
    ) {
      bad(`has a page of ${header.packed} bytes where ${bytes.length - reader.at} remain`);
    }
    const packed = bytes.subarray(reader.at, reader.at + header.packed);
    reader.at += header.packed;
    if (header.kind === INDEX) continue;
    if ((budget.left -= header.unpacked) < 0) {
      bad(`unfolds into over ${budget.most} bytes with those before it`);
    }
    const page = await unpack(packed, header, codec, decompressors, bad);
    if (header.kind === DICTIONARY) {
      if (hasDictionary || seen > 0) bad("has a dictionary that is not its first page");
      if (!(header.values >= 0 && header.values <= page.length)) {
        bad(`has a dictionary of ${header.values} values in ${page.length} bytes`);
      }
      hasDictionary = true;
    } else {
      if (!(header.values >= 0 && header.values <= chunk.values - seen)) {
        bad(`has a page of ${header.values} values where ${chunk.values - seen} are left`);
      }
      seen += header.values;
      budget.left -= checkPage(page, header, chunk, hasDictionary, bad, fail);
      if (budget.left < 0) bad(`unfolds into over ${budget.most} bytes with those before it`);
    }
    parts.push(plainHeader(header, page.length), page);
  }
  if (seen !== chunk.values) bad(`has ${seen} values in its pages, expected ${chunk.values}`);
  return joinBytes(parts);
}

function readHeader(reader: ThriftReader): PageHeader {
  const header: PageHeader = {
    ...{ kind: -1, unpacked: -1, packed: -1, values: -1, nulls: 0, rows: 0, encoding: -1 },
    ...{ definitionBytes: 0, repetitionBytes: 0, isCompressed: true },
  };
  type Numbers = Exclude<keyof PageHeader, "isCompressed">;
  const take = (field: Numbers) => (type: number) => {
    header[field] = reader.int(type);
  };
  const plain = { 1: take("values"), 2: take("encoding") };
  reader.struct({
    1: take("kind"),
    2: take("unpacked"),
    3: take("packed"),
    5: () => reader.struct(plain),
    7: () => reader.struct(plain),
    8: () =>
      reader.struct({
        1: take("values"),
        2: take("nulls"),
        3: take("rows"),
        4: take("encoding"),
        5: take("definitionBytes"),
        6: take("repetitionBytes"),
        7: (type) => header.isCompressed = reader.bool(type),
      }),
  });
  return header;
}

/** The page's bytes without compression; the levels of a newer page are never compressed and stay in front. */
async function unpack(
  packed: Uint8Array<ArrayBuffer>,
  header: PageHeader,
  codec: ParquetCodec,
  decompressors: Decompressors,
  bad: Fail,
): Promise<Uint8Array> {
  const { kind, unpacked } = header;
  const isNewer = kind === DATA_V2;
  if (!isNewer && kind !== DATA && kind !== DICTIONARY) {
    bad(`has a page of the unknown kind ${kind}`);
  }
  const levels = isNewer ? header.definitionBytes + header.repetitionBytes : 0;
  const isSound = header.definitionBytes >= 0 && header.repetitionBytes >= 0 &&
    levels <= packed.length && levels <= unpacked;
  if (!isSound) bad(`has levels of ${levels} bytes in a page of ${packed.length}`);
  const body = packed.subarray(levels);
  let plain: Uint8Array = body;
  if (codec !== "UNCOMPRESSED" && header.isCompressed) {
    try { // nothing but nulls leaves nothing, which codecs still make a byte or two of
      plain = unpacked === levels
        ? new Uint8Array(0)
        : await decompressors[codec](body, unpacked - levels);
    } catch {
      bad(`has a page that ${codec} cannot undo`);
    }
  }
  if (plain.length !== unpacked - levels) {
    bad(`has a page of ${plain.length + levels} bytes, expected ${unpacked} as its header says`);
  }
  return levels === 0 ? plain : joinBytes([packed.subarray(0, levels), plain]);
}

/** Returns how many bytes its values take beyond its own. */
function checkPage(
  page: Uint8Array,
  header: PageHeader,
  { leaf }: ParquetChunk,
  hasDictionary: boolean,
  bad: Fail,
  fail: Fail,
): number {
  const { values, encoding } = header;
  const { element: { type, type_length }, maxDefinition, maxRepetition } = leaf;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let at = 0;
  const levels = (most: number, given: number | undefined) => {
    if (given === undefined && at + 4 > page.length) bad("has a page that ends within its levels");
    const length = given ?? view.getUint32(at, true);
    if (given === undefined) at += 4;
    if (length > page.length - at) bad(`has levels of ${length} bytes in a page of ${page.length}`);
    checkRuns(page, at, at + length, 32 - Math.clz32(most), values, bad);
    at += length;
    return page.subarray(at - length, at);
  };
  const isNewer = header.kind === DATA_V2;
  if (isNewer && !(header.nulls >= 0 && header.nulls <= values && header.rows >= 0)) {
    bad(`has a page of ${header.nulls} nulls among ${values} values`);
  }
  if (maxRepetition > 0) levels(maxRepetition, isNewer ? header.repetitionBytes : undefined);
  else if (isNewer) at += header.repetitionBytes;
  let definitions: Uint8Array | undefined;
  if (maxDefinition > 0) {
    definitions = levels(maxDefinition, isNewer ? header.definitionBytes : undefined);
  } else if (isNewer) at += header.definitionBytes;
  const present = () =>
    isNewer || definitions === undefined
      ? values - header.nulls
      : countRuns(definitions, maxDefinition, values, bad);
  const isFixed = type === "FIXED_LEN_BYTE_ARRAY";
  if (encoding === PLAIN) return 0;
  if (encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY) {
    if (!hasDictionary) bad("has a page that refers to a dictionary, and none before it");
    if (type === "BOOLEAN") bad("has a dictionary of booleans");
    if (at < page.length) checkRuns(page, at + 1, page.length, page[at], values, bad);
  } else if (encoding === RLE && type === "BOOLEAN") {
    checkRuns(page, at + 4, page.length, 1, values, bad);
  } else if (encoding === DELTA && (type === "INT32" || type === "INT64")) {
    if (at < page.length) checkDeltas(page, at, page.length, bad);
  } else if (encoding === DELTA_LENGTH && type === "BYTE_ARRAY") {
    if (at < page.length) checkDeltas(page, at, page.length, bad);
  } else if (encoding === DELTA_BYTES && (type === "BYTE_ARRAY" || isFixed)) {
    return checkSharedBytes(page, at, present(), isFixed ? type_length : undefined, bad);
  } else if (encoding === STREAM_SPLIT && (isFixed || WIDTHS[type!] !== undefined)) {
    const [count, width] = [present(), isFixed ? type_length! : WIDTHS[type!]];
    if (count * width !== page.length - at) {
      bad(`has ${page.length - at} bytes of values, expected ${count} of ${width} bytes`);
    }
  } else {
    fail(
      `column ${
        nameOf(leaf)
      } is encoded in way ${encoding}, expected PLAIN, a dictionary, RLE, DELTA_BINARY_PACKED, ` +
        "DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY or BYTE_STREAM_SPLIT. Write it again with one of them",
    );
  }
  return 0;
}

function plainHeader(header: PageHeader, length: number): Uint8Array {
  const { kind, values, nulls, rows, encoding, definitionBytes, repetitionBytes } = header;
  const detail = kind === DATA_V2
    ? [
      ...[[1, values], [2, nulls], [3, rows], [4, encoding]] as const,
      ...[[5, definitionBytes], [6, repetitionBytes]] as const,
    ]
    : kind === DATA
    ? [[1, values], [2, encoding], [3, RLE], [4, RLE]] as const
    : [[1, values], [2, encoding]] as const;
  const id = kind === DATA_V2 ? 8 : kind === DATA ? 5 : 7;
  return thriftStruct([[1, kind], [2, length], [3, length], [id, thriftStruct(detail)]]);
}

/** Parts laid end to end; throws, and the unpacking stops, where they outgrow the size that they should have. */
async function upTo(unpacked: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let left = length;
  for await (const part of unpacked) {
    if ((left -= part.length) < 0) throw new RangeError(`it outgrows ${length} bytes`);
    parts.push(part);
  }
  return joinBytes(parts);
}
