// Forged, cut and mistaken Parquet files: each with the one line that says so.
import { brotliCompressSync } from "node:zlib";
import {
  deltas,
  FAST,
  footer,
  forged,
  good,
  LEVELS,
  meta,
  page,
  reals,
  same,
  SHARED,
  text,
  varint,
} from "./parquet_files.ts";

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
      "expected none, SNAPPY, GZIP, ZSTD, BROTLI or LZ4",
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
    bytes: () => forged(same, page(LEVELS, { encoding: 4 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" is encoded in way 4, expected ' +
      "PLAIN, a dictionary, RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY or " +
      "BYTE_STREAM_SPLIT. Write it again with one of them",
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
  {
    name: "BROTLI that outgrows its page",
    bytes: () =>
      forged(
        (metadata) => meta(metadata).codec = "BROTLI",
        page([...brotliCompressSync(new Uint8Array(2 ** 26), FAST)], { unpacked: 100 }),
      ),
    file: "pairs.parquet",
    error:
      'Cannot read pairs.parquet: row group 1: column "a" has a page that BROTLI cannot undo. ' +
      FETCH,
  },
  {
    name: "LZ4 that copies without end",
    bytes: () =>
      forged(
        (metadata) => meta(metadata).codec = "LZ4_RAW",
        page([0x1f, 0x78, 1, 0, ...new Array(2 ** 20).fill(0xff), 0], { unpacked: 100 }),
      ),
    file: "pairs.parquet",
    error:
      'Cannot read pairs.parquet: row group 1: column "a" has a page that LZ4_RAW cannot undo. ' +
      FETCH,
  },
  {
    name: "LZ4 that copies from before its begin",
    bytes: () =>
      forged(
        (metadata) => meta(metadata).codec = "LZ4_RAW",
        page([0x10, 0x78, 2, 0], { unpacked: 5 }),
      ),
    file: "pairs.parquet",
    error:
      'Cannot read pairs.parquet: row group 1: column "a" has a page that LZ4_RAW cannot undo. ' +
      FETCH,
  },
  {
    name: "LZ4 in a frame of four thousand million bytes",
    bytes: () =>
      forged(
        (metadata) => meta(metadata).codec = "LZ4",
        page([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0], { unpacked: 9 }),
      ),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a page that LZ4 cannot undo. ' +
      FETCH,
  },
  {
    name: "a text that shares more than there is",
    bytes: () => forged(same, page([...LEVELS, ...deltas(3, 5), ...deltas(3, 1), 0x78], SHARED)),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a value that shares 5 bytes ' +
      `with one of 0. ${FETCH}`,
  },
  {
    name: "a text that goes on beyond its page",
    bytes: () => forged(same, page([...LEVELS, ...deltas(3, 0), ...deltas(3, 1), 0x78], SHARED)),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has a value of 1 bytes where ' +
      `0 remain. ${FETCH}`,
  },
  {
    name: "lengths of texts that end early",
    bytes: () => forged(same, page([...LEVELS, 0x80, 1, 4, 3, 0], SHARED)),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has values that end early. ' + FETCH,
  },
  {
    name: "texts that each repeat all those before",
    bytes: () => {
      const [values, length] = [3000, 100]; // 450 MB of 300 kB
      const levels = [3, 0, 0, 0, ...varint(2 * values), 1];
      const body = [...levels, ...deltas(values, 0, length), ...deltas(values, length)];
      return forged(
        (metadata) => {
          metadata.num_rows = metadata.row_groups[0].num_rows = BigInt(values);
          meta(metadata).num_values = BigInt(values);
        },
        page([...body, ...new Array(values * length).fill(0x78)], { ...SHARED, values }),
      );
    },
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" unfolds into over 71913760 bytes ' +
      `with those before it. ${FETCH}`,
  },
  {
    name: "split numbers that are fewer than said",
    bytes: () => forged(reals, page([...LEVELS, ...new Array(16).fill(0)], { encoding: 9 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" has 16 bytes of values, ' +
      `expected 3 of 8 bytes. ${FETCH}`,
  },
  {
    name: "split bytes of texts",
    bytes: () => forged(same, page(LEVELS, { encoding: 9 })),
    file: "pairs.parquet",
    error: 'Cannot read pairs.parquet: row group 1: column "a" is encoded in way 9, expected ' +
      "PLAIN, a dictionary, RLE, DELTA_BINARY_PACKED, DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY or " +
      "BYTE_STREAM_SPLIT. Write it again with one of them",
  },
];
