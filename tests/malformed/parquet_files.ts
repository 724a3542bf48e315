// Parquet files that say what they should not: a good one with another footer or other pages.
import { constants } from "node:zlib";
import { parquetMetadata } from "hyparquet/src/metadata.js";
import { ByteWriter, parquetWriteBuffer } from "hyparquet-writer/src/index.js";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import { thriftStruct } from "../../core/formats/datasets/thrift.ts";

export const text = (content: string) => () => new TextEncoder().encode(content);

/** A file of one column `a` with three texts, uncompressed, one data page. */
export function good(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parquetWriteBuffer({
    columnData: [{ name: "a", data: ["x", "y", "z"], type: "STRING", encoding: "PLAIN" }],
    codec: "UNCOMPRESSED",
  }));
}

export type Metadata = ReturnType<typeof parquetMetadata>;

/** The good file with another footer, and with other pages if they are given. */
export function forged(change: (metadata: Metadata) => void, pages?: Uint8Array): Uint8Array {
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

export const meta = (metadata: Metadata) => metadata.row_groups[0].columns[0].meta_data!;

/** A page: its header as it stands there, then `body`. */
export function page(
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
  return Uint8Array.from([...header, ...body]);
}

/** Levels of three values that are there, then values. */
export const LEVELS = [2, 0, 0, 0, 6, 1];
export const same = () => {};
export const FAST = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } };
export const SHARED = { encoding: 7 };

/** Makes the column one of doubles. */
export function reals(metadata: Metadata): void {
  Object.assign(metadata.schema[1], { type: "DOUBLE", converted_type: undefined });
  delete metadata.schema[1].logical_type;
  meta(metadata).type = "DOUBLE";
}

export function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 + 128, ...varint(Math.floor(value / 128))];
}

/** Delta blocks of `first`, `first` + `step`, `first` + 2 `step` … */
export function deltas(count: number, first: number, step = 0): number[] {
  const block = [...varint(2 * step), 0, 0, 0, 0];
  const blocks = new Array(Math.ceil((count - 1) / 128)).fill(block).flat();
  return [0x80, 1, 4, ...varint(count), ...varint(2 * first), ...blocks];
}

/** A footer of these bytes. */
export function footer(...bytes: number[]): Uint8Array {
  const file = new Uint8Array(bytes.length + 12);
  const mark = new TextEncoder().encode("PAR1");
  file.set(mark);
  file.set(bytes, 4);
  new DataView(file.buffer).setUint32(bytes.length + 4, bytes.length, true);
  file.set(mark, bytes.length + 8);
  return file;
}
