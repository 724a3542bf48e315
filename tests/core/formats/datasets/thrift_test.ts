import { assertEquals, assertThrows } from "@std/assert";
import { ThriftReader, thriftStruct } from "../../../../core/formats/datasets/thrift.ts";

const reader = (...bytes: number[]) =>
  new ThriftReader(Uint8Array.from(bytes), 0, (what) => {
    throw new TypeError(what);
  });

Deno.test("ThriftReader reads integers, booleans, strings, lists and structs by their ids", () => {
  const found: unknown[] = [];
  const r = reader(
    ...[0x15, 0x03], // 1: i32 −2
    ...[0x11], // 2: true
    ...[0x18, 2, 0xc3, 0xa9], // 3: "é"
    ...[0x19, 0x25, 2, 4], // 4: [1, 2]
    ...[0x1c, 0x16, 0xfe, 0xff, 0xff, 0xff, 0x1f, 0], // 5: { 1: i64 2³² − 1 }
    0,
  );
  r.struct({
    1: (t) => found.push(r.int(t)),
    2: (t) => found.push(r.bool(t)),
    3: (t) => found.push(r.text(t)),
    4: (t) => r.list(t, (e) => found.push(r.int(e))),
    5: () => r.struct({ 1: (t) => found.push(r.int(t)) }),
  });
  assertEquals(found, [-2, true, "é", 1, 2, 2 ** 32 - 1]);
});

Deno.test("ThriftReader passes over what nobody asks for", () => {
  let last = 0;
  const r = reader(
    ...[0x17, 0, 0, 0, 0, 0, 0, 0, 0], // double
    ...[0x19, 0x21, 1, 2], // two booleans
    ...[0x1c, 0x18, 1, 0x61, 0], // a struct with a string
    ...[0x15, 0x0e],
    0,
  );
  r.struct({ 4: (t) => last = r.int(t) });
  assertEquals([last, r.at], [7, r.bytes.length]);
});

const ROWS: [what: string, bytes: number[], message: string][] = [
  ["a struct without an end", [0x15, 2], "has a field of 1 bytes where 0 remain"],
  ["a string beyond the end", [0x18, 9, 0], "has a field of 9 bytes where 1 remain"],
  ["a list beyond the end", [0x19, 0xf5, 0x80, 1], "has a list of 128 elements in 0 bytes"],
  ["a map", [0x1b, 0], "has a field of the unknown type 11"],
  [
    "an integer without an end",
    [0x15, ...new Array(12).fill(0x80), 0],
    "has an integer over 64 bits",
  ],
  ["too many structs in structs", new Array(40).fill(0x1c), "is nested over 32 deep"],
  ["too many lists in lists", new Array(80).fill(0x19), "is nested over 32 deep"],
];
for (const [what, bytes, message] of ROWS) {
  Deno.test(`ThriftReader refuses ${what}`, () => {
    assertEquals(assertThrows(() => reader(...bytes).struct({}), TypeError).message, message);
  });
}

Deno.test("ThriftReader.int() refuses what a double does not hold, and other types", () => {
  const r = reader(0x16, ...new Array(8).fill(0xff), 0x7f, 0);
  assertThrows(() => r.struct({ 1: (t) => r.int(t) }), TypeError, "over 53 bits");
  const other = reader(0x18, 0, 0);
  assertThrows(() => other.struct({ 1: (t) => other.int(t) }), TypeError, "expected an integer");
});

Deno.test("thriftStruct() writes what ThriftReader reads", () => {
  const bytes = thriftStruct([[1, 0], [3, 2 ** 31 - 1], [5, thriftStruct([[2, 300]])]]);
  const found: number[] = [];
  const r = reader(...bytes);
  r.struct({
    1: (t) => found.push(r.int(t)),
    3: (t) => found.push(r.int(t)),
    5: () => r.struct({ 2: (t) => found.push(r.int(t)) }),
  });
  assertEquals(found, [0, 2 ** 31 - 1, 300]);
});
