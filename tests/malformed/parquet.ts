// Forged, cut and mistaken Parquet files: each with the one line that says so.
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { ByteWriter, parquetWriteBuffer } from "hyparquet-writer/src/index.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { thriftStruct } from "../../core/io/datasets/thrift.ts";

const text = (content: string) => () => new TextEncoder().encode(content);

/** A file of one column `a` with three texts, uncompressed, one data page. */
function good(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parquetWriteBuffer({
    columnData: [{ name: "a", data: ["x", "y", "z"], type: "STRING", encoding: "PLAIN" }],
    codec: "UNCOMPRESSED",
  }));
}

type Metadata = ReturnType<typeof parquetMetadata>;

/** The good file with another footer, and with other pages if they are given. */
function forged(change: (metadata: Metadata) => void, pages?: Uint8Array): Uint8Array {
  const bytes = good();
  const metadata = parquetMetadata(bytes.slice().buffer);
  const column = metadata.row_groups[0].columns[0];
  const meta = column.meta_data!;
  const start = Number(meta.data_page_offset);
  const body = pages ?? bytes.slice(start, start + Number(meta.total_compressed_size));
  meta.data_page_offset = 4n;
  meta.total_compressed_size = BigInt(body.length);
  delete meta.statistics;
  delete column.offset_index_offset;
  delete column.offset_index_length;
  change(metadata);
  const writer = new ByteWriter();
  writer.appendUint32(0x31524150);
  writer.appendBytes(body);
  writeMetadata(writer, metadata);
  writer.appendUint32(0x31524150);
  return new Uint8Array(writer.getBuffer());
}

const meta = (metadata: Metadata) => metadata.row_groups[0].columns[0].meta_data!;

/** A page: its header as it stands there, then `body`. */
function page(
  body: readonly number[],
  { values = 3, packed = body.length, unpacked = body.length, encoding = 0, kind = 0 } = {},
): Uint8Array {
  const detail = kind === 2
    ? [[1, values], [2, encoding]] as const
    : [[1, values], [2, encoding], [3, 3], [4, 3]] as const;
  const header = thriftStruct([
    ...[[1, kind], [2, unpacked], [3, packed]] as const,
    [kind === 2 ? 7 : 5, thriftStruct(detail)],
  ]);
  return Uint8Array.of(...header, ...body);
}

/** Levels of three values that are there, then values. */
const LEVELS = [2, 0, 0, 0, 6, 1];
const same = () => {};

/** A footer of these bytes. */
function footer(...bytes: number[]): Uint8Array {
  const file = new Uint8Array(bytes.length + 12);
  const mark = new TextEncoder().encode("PAR1");
  file.set(mark);
  file.set(bytes, 4);
  new DataView(file.buffer).setUint32(bytes.length + 4, bytes.length, true);
  file.set(mark, bytes.length + 8);
  return file;
}

const FETCH = "Fetch the file again";

/** `error` is the whole message where the file is called `file`. */
export const rows: { name: string; bytes: () => Uint8Array; file: string; error: string }[] = [
  {
    name: "an empty file",
    bytes: text(""),
    file: "pairs.parquet",
    error: `Cannot read pairs.parquet: the file is empty, expected a Parquet file. ${FETCH}`,
  },
  {
    name: "a Git LFS pointer",
    bytes: text("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 9\n"),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the file is a Git LFS pointer, expected a Parquet file. " +
      "Run `git lfs pull` in its folder",
  },
  {
    name: "a web page",
    bytes: text("<!DOCTYPE html><html></html>"),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the file is a web page, expected a Parquet file. " +
      "Check the address and whether it asks for a login",
  },
  {
    name: "another format",
    bytes: text("PK\x03\x04 a zip archive"),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: it begins with "PK\\u0003\\u0004", ' +
      'expected "PAR1" of a Parquet file',
  },
  {
    name: "a file that was cut",
    bytes: () => good().subarray(0, -100),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: it ends with "\\u0015\\u0004\\u0019,", ' +
      `expected "PAR1". The download was cut: fetch the file again`,
  },
  {
    name: "nothing but the mark",
    bytes: text("PAR1PAR1"),
    file: "pairs.parquet",
    error: `Cannot read pairs.parquet: it is 8 bytes long, expected at least 12. ${FETCH}`,
  },
  {
    name: "a footer longer than the file",
    bytes: text("PAR1\x00\x00\x00\x7fPAR1"),
    file: "pairs.parquet",
    error: `Cannot read pairs.parquet: the footer says 2130706432 bytes and 0 remain. ${FETCH}`,
  },
  {
    name: "a footer of no thrift",
    bytes: () => footer(...new Array(64).fill(0xff)),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the footer has a field of the unknown type 15",
  },
  {
    name: "a list of two thousand million columns",
    bytes: () => footer(0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the footer has a list of 2147483647 elements in 0 bytes",
  },
  {
    name: "structs in structs without end",
    bytes: () => footer(...new Array(10_000).fill(0x1c)),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the footer is nested over 32 deep",
  },
  {
    name: "a footer without an end",
    bytes: () => footer(0x15),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the footer has a field of 1 bytes where 0 remain",
  },
  {
    name: "more rows than its row groups have",
    bytes: () => forged((metadata) => metadata.num_rows = 2n ** 40n),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the footer says 1099511627776 rows, " +
      "expected 3 as in its row groups",
  },
  {
    name: "a million million rows in a few bytes",
    bytes: () =>
      forged((metadata) => {
        metadata.num_rows = metadata.row_groups[0].num_rows = meta(metadata).num_values = 2n ** 40n;
      }),
    file: "pairs.parquet",
    error: "Cannot read pairs.parquet: the footer says 1099511627776 values, " +
      "expected at most 4196992 in a file of this size",
  },
  {
    name: "an unknown codec",
    bytes: () => forged((metadata) => meta(metadata).codec = "LZO"),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: column "a" of row group 1 is compressed with LZO, ' +
      "expected none, SNAPPY, GZIP or ZSTD",
  },
  {
    name: "a column outside of the file",
    bytes: () => forged((metadata) => meta(metadata).data_page_offset = 2n ** 40n),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: column "a" of row group 1 is said to lie at 1099511627776 ' +
      `with 38 bytes, expected within 4 and 42. ${FETCH}`,
  },
  {
    name: "two row groups of the same bytes",
    bytes: () =>
      forged((metadata) => {
        metadata.row_groups.push(metadata.row_groups[0]);
        metadata.num_rows = 6n;
      }),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: column "a" of row group 2 shares bytes with ' +
      'column "a" of row group 1, expected each to have its own',
  },
  {
    name: "a column of another name",
    bytes: () => forged((metadata) => meta(metadata).path_in_schema = ["b"]),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: column "a" of row group 1 is called "b", ' +
      "expected the schema's name",
  },
  {
    name: "a column called __proto__",
    bytes: () => forged((metadata) => metadata.schema[1].name = "__proto__"),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: the schema has a column "__proto__", expected another name',
  },
  {
    name: "a page longer than its column",
    bytes: () => forged(same, page(LEVELS, { packed: 2 ** 30 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a page of 1073741824 bytes ' +
      `where 6 remain. ${FETCH}`,
  },
  {
    name: "a page that unfolds without bounds",
    bytes: () =>
      forged((metadata) => meta(metadata).codec = "ZSTD", page(LEVELS, { unpacked: 2 ** 30 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" unfolds into over 67109296 bytes ' +
      `with those before it. ${FETCH}`,
  },
  {
    name: "a page of another size than it says",
    bytes: () => forged(same, page(LEVELS, { unpacked: 7 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a page of 6 bytes, ' +
      `expected 7 as its header says. ${FETCH}`,
  },
  {
    name: "a page that is not compressed as it says",
    bytes: () => forged((metadata) => meta(metadata).codec = "SNAPPY", page(LEVELS)),
    file: "pairs.parquet",
    error:
      'Cannot read pairs.parquet: row group 1: column "a" has a page that SNAPPY cannot undo. ' +
      FETCH,
  },
  {
    name: "a run of five hundred million nulls",
    bytes: () => forged(same, page([6, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 4, 0])),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a run of 536870912 values, ' +
      `expected at most 3. ${FETCH}`,
  },
  {
    name: "a page of more values than rows",
    bytes: () => forged(same, page(LEVELS, { values: 4 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a page of 4 values ' +
      `where 3 are left. ${FETCH}`,
  },
  {
    name: "a page of fewer values than rows",
    bytes: () => forged(same, page([2, 0, 0, 0, 4, 0], { values: 2 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has 2 values in its pages, ' +
      `expected 3. ${FETCH}`,
  },
  {
    name: "references to no dictionary",
    bytes: () => forged(same, page([...LEVELS, 1, 6, 1], { encoding: 8 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a page that refers to a ' +
      `dictionary, and none before it. ${FETCH}`,
  },
  {
    name: "references beyond the dictionary",
    bytes: () =>
      forged(
        same,
        Uint8Array.of(
          ...page([1, 0, 0, 0, 0x78], { values: 1, kind: 2 }),
          ...page([...LEVELS, 1, 6, 1], { encoding: 8 }),
        ),
      ),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has pages that do not unpack. ' +
      FETCH,
  },
  {
    name: "delta blocks that go backwards",
    bytes: () =>
      forged(same, page([...LEVELS, 0, 0xff, 0xff, 0xff, 0xff, 0x0f, 3, 0], { encoding: 6 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a count of 4294967295. ' + FETCH,
  },
  {
    name: "an encoding that is not read",
    bytes: () => forged(same, page(LEVELS, { encoding: 7 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" is encoded in way 7, expected ' +
      "PLAIN, a dictionary, RLE, DELTA_BINARY_PACKED or DELTA_LENGTH_BYTE_ARRAY. Write it again with one of them",
  },
  {
    name: "a text longer than its page",
    bytes: () => forged(same, page([...LEVELS, 0xff, 0xff, 0xff, 0x7f, 0x78])),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has pages that do not unpack. ' +
      FETCH,
  },
  {
    name: "text that is not UTF-8",
    bytes: () => forged(same, page([...LEVELS, ...[0, 1, 2].flatMap(() => [1, 0, 0, 0, 0xff])])),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has text that is not UTF-8. ' +
      FETCH,
  },
];
