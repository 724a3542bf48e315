// A Parquet file's footer: what columns and pages it says there are, held against the size of the file before
// anything is allocated for them. https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
import type { SchemaElement } from "hyparquet";
import { refuseWrongDownload } from "../../base/json_object.ts";
import { quote } from "../../base/quote.ts";
import type { RandomAccessFile } from "../../base/random_access.ts";
import { parseSchema } from "./parquet_schema.ts";
import { BadParquet, ThriftReader } from "./thrift.ts";

/** A column whose values are stored: a leaf of the schema. */
export interface ParquetLeaf {
  /** Names from the top-level column down. */
  readonly path: readonly string[];
  /** Its entry in the schema. */
  readonly element: SchemaElement;
  /** How often it is nullable or repeated on the way down. */
  readonly maxDefinition: number;
  /** How often it is repeated on the way down. */
  readonly maxRepetition: number;
}

/** The stored values of one leaf in one row group. */
export interface ParquetChunk {
  readonly leaf: ParquetLeaf;
  readonly codec: ParquetCodec;
  /** Values and nulls. */
  readonly values: number;
  /** Where its pages are, bytes. */
  readonly start: number;
  readonly length: number;
}

/** Rows that are stored together. */
export interface ParquetGroup {
  readonly rows: number;
  readonly chunks: readonly ParquetChunk[];
}

/** What a footer says. */
export interface ParquetFooter {
  /** The schema, depth first, as hyparquet takes it. */
  readonly schema: SchemaElement[];
  /** Names of the top-level columns. */
  readonly columns: readonly string[];
  readonly groups: readonly ParquetGroup[];
}

/** Compressions that are read. */
export type ParquetCodec =
  | "UNCOMPRESSED"
  | "SNAPPY"
  | "GZIP"
  | "BROTLI"
  | "LZ4"
  | "ZSTD"
  | "LZ4_RAW";

const CODECS = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];
const NOT_READ = "LZO";
const TYPES = 8;
const WANTED = "a Parquet file";
/** Largest footer, bytes. */
const MOST_FOOTER_BYTES = 16 * 2 ** 20;
/** Nulls cost next to nothing in a file: this many values are believed, and so many more for each byte. */
const FREE_VALUES = 2 ** 22;
const VALUES_PER_BYTE = 64;

/** Reads and checks the footer. */
export async function readFooter(file: RandomAccessFile): Promise<ParquetFooter> {
  const { name, size } = file;
  const fail = (what: string): never => {
    throw new BadParquet(name, what);
  };
  const head = await file.read(0, Math.min(64, size));
  refuseWrongDownload(head, name, WANTED);
  if (magic(head.subarray(0, 4)) !== "PAR1") {
    fail(`it begins with ${quote(magic(head.subarray(0, 4)))}, expected "PAR1" of ${WANTED}`);
  }
  if (size < 12) fail(`it is ${size} bytes long, expected at least 12. Fetch the file again`);
  const tail = await file.read(size - 8, 8);
  if (magic(tail.subarray(4)) !== "PAR1") {
    fail(
      `it ends with ${quote(magic(tail.subarray(4)))}, expected "PAR1". ` +
        "The download was cut: fetch the file again",
    );
  }
  const length = new DataView(tail.buffer).getUint32(0, true);
  if (length > size - 12) {
    fail(`the footer says ${length} bytes and ${size - 12} remain. Fetch the file again`);
  }
  if (length > MOST_FOOTER_BYTES) {
    fail(`the footer is ${length} bytes long, expected at most ${MOST_FOOTER_BYTES}`);
  }
  const footer = parseFooter(await file.read(size - 8 - length, length), (what) => fail(what));
  checkSizes(footer, size - 8 - length, (what) => fail(what));
  return footer;
}

/** Four bytes as text, whatever they are. */
function magic(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function parseFooter(bytes: Uint8Array, fail: (what: string) => never): ParquetFooter {
  const reader = new ThriftReader(bytes, 0, (what) => fail(`the footer ${what}`));
  let schema: ReturnType<typeof parseSchema> | undefined;
  let rows: number | undefined;
  const groups: ParquetGroup[] = [];
  reader.struct({
    2: (type) => schema = parseSchema(reader, type, fail),
    3: (type) => rows = reader.int(type),
    4: (type) => {
      const { leaves } = schema ?? fail("the footer has no schema before its row groups");
      reader.list(type, () => groups.push(parseGroup(reader, leaves, groups.length, fail)));
    },
    8: () => fail("the file is encrypted, expected a plain Parquet file"),
  });
  if (schema === undefined) return fail("the footer has no schema");
  const sum = groups.reduce((total, group) => total + group.rows, 0);
  if (rows !== sum) fail(`the footer says ${rows} rows, expected ${sum} as in its row groups`);
  return { schema: schema.elements, columns: schema.columns, groups };
}

function parseGroup(
  reader: ThriftReader,
  leaves: readonly ParquetLeaf[],
  index: number,
  fail: (what: string) => never,
): ParquetGroup {
  const chunks: ParquetChunk[] = [];
  let rows = -1;
  reader.struct({
    1: (type) =>
      reader.list(type, () => {
        const leaf = leaves[chunks.length] ??
          fail(
            `row group ${index + 1} has over ${leaves.length} columns, expected as in the schema`,
          );
        chunks.push(parseChunk(reader, leaf, index, fail));
      }),
    3: (type) => rows = reader.int(type),
  });
  if (rows < 0) fail(`row group ${index + 1} has ${rows} rows, expected at least 0`);
  if (chunks.length !== leaves.length) {
    fail(
      `row group ${
        index + 1
      } has ${chunks.length} columns, expected ${leaves.length} as in the schema`,
    );
  }
  for (const { leaf, values } of chunks) {
    const isRight = leaf.maxRepetition === 0 ? values === rows : values >= rows;
    if (!isRight) {
      fail(
        `column ${nameOf(leaf)} of row group ${
          index + 1
        } has ${values} values, expected ${rows} as there are rows`,
      );
    }
  }
  return { rows, chunks };
}

function parseChunk(
  reader: ThriftReader,
  leaf: ParquetLeaf,
  index: number,
  fail: (what: string) => never,
): ParquetChunk {
  const where = `column ${nameOf(leaf)} of row group ${index + 1}`;
  const found = { type: -1, codec: -1, values: -1, length: -1, data: -1, dictionary: 0 };
  const path: string[] = [];
  const take = (field: keyof typeof found) => (type: number) => found[field] = reader.int(type);
  reader.struct({
    1: () => fail(`${where} lies in another file, expected one file`),
    3: () =>
      reader.struct({
        1: take("type"),
        3: (type) => reader.list(type, (element) => path.push(reader.text(element))),
        4: take("codec"),
        5: take("values"),
        7: take("length"),
        9: take("data"),
        11: take("dictionary"),
      }),
  });
  if (!(found.type >= 0 && found.type < TYPES)) fail(`${where} has no metadata`);
  if (path.join("\0") !== leaf.path.join("\0")) {
    fail(`${where} is called ${quote(path.join("."))}, expected the schema's name`);
  }
  const codec = CODECS[found.codec];
  if (codec === undefined || codec === NOT_READ) {
    fail(
      `${where} is compressed with ${codec ?? `the unknown codec ${found.codec}`}, ` +
        "expected none, SNAPPY, GZIP, ZSTD, BROTLI or LZ4",
    );
  }
  const start = found.dictionary > 0 ? Math.min(found.dictionary, found.data) : found.data;
  return {
    leaf,
    codec: codec as ParquetCodec,
    values: found.values,
    start,
    length: found.length,
  };
}

/** Pages lie in the file without sharing bytes, and hold no more values than bytes can. */
function checkSizes(
  { groups }: ParquetFooter,
  end: number,
  fail: (what: string) => never,
): void {
  const all: { where: string; start: number; length: number }[] = [];
  let total = 0;
  for (const [g, { chunks }] of groups.entries()) {
    for (const { leaf, start, length, values } of chunks) {
      const where = `column ${nameOf(leaf)} of row group ${g + 1}`;
      if (start < 4 || length < 0 || start + length > end) {
        fail(
          `${where} is said to lie at ${start} with ${length} bytes, ` +
            `expected within 4 and ${end}. Fetch the file again`,
        );
      }
      total += values;
      all.push({ where, start, length });
    }
  }
  const most = FREE_VALUES + VALUES_PER_BYTE * end;
  if (total > most) {
    fail(`the footer says ${total} values, expected at most ${most} in a file of this size`);
  }
  all.sort((a, b) => a.start - b.start);
  for (let i = 1; i < all.length; i++) {
    if (all[i - 1].start + all[i - 1].length > all[i].start) {
      fail(`${all[i].where} shares bytes with ${all[i - 1].where}, expected each to have its own`);
    }
  }
}

/** A leaf's name for errors. */
export function nameOf(leaf: ParquetLeaf): string {
  return quote(leaf.path.join("."));
}
