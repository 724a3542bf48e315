// Thrift's compact protocol as Parquet uses it, read with suspicion: lengths are held against the bytes that are
// there, nesting and integers have limits, and fields that nobody asked for are passed over without memory.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
import { Mistake } from "../../base/mistake.ts";

/** What stands in a file that is not what it should be. */
export class BadParquet extends Mistake {
  override readonly name = "BadParquet";

  /** @param thing The file. @param found What is wrong with it, and the fix. */
  constructor(thing: string, found: string) {
    super("file", { verb: "read", thing, found });
  }
}

const enum Type {
  Stop = 0,
  True = 1,
  False = 2,
  Byte = 3,
  I16 = 4,
  I32 = 5,
  I64 = 6,
  Double = 7,
  Binary = 8,
  List = 9,
  Set = 10,
  Map = 11,
  Struct = 12,
}

const MOST_NESTED = 32;
const MOST_VARINT_BYTES = 10;

/** A handler reads the field's value: it is given the value's type. */
export type FieldHandlers = Readonly<Record<number, (type: number) => void>>;

/** A cursor over thrift bytes. */
export class ThriftReader {
  #depth = 0;

  /** @param fail Throws an error that names the file. */
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    readonly fail: (what: string) => never,
  ) {}

  /** Reads a struct: each field goes to its handler, others are passed over. */
  struct(handlers: FieldHandlers): void {
    if (++this.#depth > MOST_NESTED) this.fail(`is nested over ${MOST_NESTED} deep`);
    let id = 0;
    for (let head; (head = this.#byte()) !== Type.Stop;) {
      const delta = head >> 4;
      id = delta === 0 ? this.#zigzag() : id + delta;
      const type = head & 15;
      const handler = Object.hasOwn(handlers, id) ? handlers[id] : undefined;
      if (handler === undefined) this.skip(type);
      else handler(type);
    }
    this.#depth--;
  }

  /** A list: `element` reads one value of the type that it is given. */
  list(type: number, element: (type: number) => void): void {
    if (type !== Type.List) this.fail(`has a field of type ${type}, expected a list`);
    const head = this.#byte();
    const length = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (length > this.bytes.length - this.at) { // an element takes a byte at least
      this.fail(`has a list of ${length} elements in ${this.bytes.length - this.at} bytes`);
    }
    for (let i = 0; i < length; i++) element(head & 15);
  }

  /** A whole number that a double holds exactly. */
  int(type: number): number {
    if (type === Type.Byte) return this.#byte() << 24 >> 24;
    if (type < Type.I16 || type > Type.I64) {
      this.fail(`has a field of type ${type}, expected an integer`);
    }
    return this.#zigzag();
  }

  /** True or false. */
  bool(type: number): boolean {
    if (type !== Type.True && type !== Type.False) {
      this.fail(`has a field of type ${type}, expected a boolean`);
    }
    return type === Type.True;
  }

  /** A string, strictly UTF-8. */
  text(type: number): string {
    if (type !== Type.Binary) this.fail(`has a field of type ${type}, expected a string`);
    const start = this.#advance(this.#varint());
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        .decode(this.bytes.slice(start, this.at));
    } catch {
      return this.fail("has a name that is not UTF-8");
    }
  }

  /** Passes over a value. */
  skip(type: number): void {
    switch (type) {
      case Type.True:
      case Type.False:
        return;
      case Type.Byte:
        this.#advance(1);
        return;
      case Type.I16:
      case Type.I32:
      case Type.I64:
        this.#skipVarint();
        return;
      case Type.Double:
        this.#advance(8);
        return;
      case Type.Binary:
        this.#advance(this.#varint());
        return;
      case Type.List:
      case Type.Set:
        if (++this.#depth > MOST_NESTED) this.fail(`is nested over ${MOST_NESTED} deep`);
        // In a list a boolean is a byte.
        this.list(Type.List, (t) => this.skip(t <= Type.False ? Type.Byte : t));
        this.#depth--;
        return;
      case Type.Struct:
        this.struct({});
        return;
      default:
        this.fail(`has a field of the unknown type ${type}`);
    }
  }

  #advance(length: number): number {
    const start = this.at;
    if (length > this.bytes.length - start) {
      this.fail(`has a field of ${length} bytes where ${this.bytes.length - start} remain`);
    }
    this.at += length;
    return start;
  }

  #byte(): number {
    return this.bytes[this.#advance(1)];
  }

  #skipVarint(): void {
    for (let i = 0; this.#byte() >= 0x80; i++) {
      if (i === MOST_VARINT_BYTES) this.fail("has an integer over 64 bits");
    }
  }

  /** Unsigned, in the range where doubles are exact. */
  #varint(): number {
    let value = 0;
    for (let scale = 1;; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) this.fail("has an integer over 53 bits");
      if (byte < 0x80) return value;
      if (scale > 2 ** 63) this.fail("has an integer over 64 bits");
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** Writes the few structs that a page needs; fields in ascending order of their ids, all positive and below 16. */
export function thriftStruct(
  fields: readonly (readonly [id: number, value: number | Uint8Array])[],
): Uint8Array {
  const bytes: number[] = [];
  let last = 0;
  for (const [id, value] of fields) {
    const type = typeof value === "number" ? Type.I32 : Type.Struct;
    bytes.push((id - last) << 4 | type);
    last = id;
    if (typeof value !== "number") bytes.push(...value);
    else {
      let rest = value * 2; // zigzag of what is not negative
      for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push(rest % 128 | 0x80);
      bytes.push(rest);
    }
  }
  return Uint8Array.from([...bytes, Type.Stop]);
}
