// TFRecord: how TensorBoard's files hold one piece of bytes after another, so that a torn or changed one is seen.
import { crc32c } from "../../../core/base/crc32c.ts";
import { joinBytes } from "../../../core/base/join_bytes.ts";

/**
 * A record: u64 length, u32 masked CRC-32C of it, the bytes, u32 masked CRC-32C of them; little-endian.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function tfRecord(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new Uint8Array(12), tail = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setUint32(0, data.length % 2 ** 32, true);
  view.setUint32(4, Math.floor(data.length / 2 ** 32), true);
  view.setUint32(8, maskedCrc32c(head.subarray(0, 8)), true);
  new DataView(tail.buffer).setUint32(0, maskedCrc32c(data), true);
  return joinBytes([head, data, tail]);
}

/** CRC-32C rotated by 15 bits plus a constant: a checksum of bytes that hold checksums is weak without. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
