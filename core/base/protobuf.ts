// Fields of a protocol buffer as bytes, in the order in which they are asked for. No message is known here.
import { joinBytes } from "./join_bytes.ts";

/** A whole number from 0 up as a varint field. */
export function varintField(field: number, value: number): Uint8Array {
  return Uint8Array.of(...varint(8 * field), ...varint(value));
}

/** An f64, little-endian. */
export function doubleField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joinBytes([Uint8Array.from(varint(8 * field + 1)), bytes]);
}

/** A number as f32, little-endian. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joinBytes([Uint8Array.from(varint(8 * field + 5)), bytes]);
}

/** Text as UTF-8. */
export function textField(field: number, value: string): Uint8Array {
  return messageField(field, [new TextEncoder().encode(value)]);
}

/** A message within the message: its fields one after another, or bytes. */
export function messageField(field: number, fields: readonly Uint8Array[]): Uint8Array {
  const length = fields.reduce((sum, part) => sum + part.length, 0);
  return joinBytes([Uint8Array.of(...varint(8 * field + 2), ...varint(length)), ...fields]);
}

/** Seven bits a byte, the lowest first; exact up to 2⁵³. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
  return [...bytes, value];
}
