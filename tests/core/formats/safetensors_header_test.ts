import { assertEquals, assertThrows } from "@std/assert";
import {
  elementBytes,
  encodeHeader,
  headerLength,
  isCounts,
  parseHeader,
  unreadType,
} from "../../../core/formats/safetensors_header.ts";
import { Mistake } from "../../../core/base/mistake.ts";

Deno.test("parseHeader() reads a __metadata__ of null as none, as safetensors does", () => {
  const bytes = new TextEncoder().encode('{"__metadata__":null}');
  assertEquals(parseHeader(bytes, "f", 0), { entries: [], metadata: new Map() });
});

Deno.test("encodeHeader() then headerLength() and parseHeader() is the identity, data at a multiple of 8", () => {
  const tensors = [
    { name: "i", dtype: "I64", shape: [2], bytes: 16 },
    { name: "w", dtype: "BF16", shape: [3, 1], bytes: 6 },
    { name: "é", dtype: "BOOL", shape: [], bytes: 1 },
  ];
  const bytes = encodeHeader(tensors, new Map([["format", "pt"]]));
  assertEquals(bytes.length % 8, 0);
  assertEquals(headerLength(bytes, bytes.length + 23, "f"), bytes.length - 8);
  const { entries, metadata } = parseHeader(bytes.subarray(8), "f", 23);
  assertEquals(metadata, new Map([["format", "pt"]]));
  assertEquals(entries.map(({ name, begin, end }) => [name, begin, end]), [
    ["i", 0, 16],
    ["w", 16, 22],
    ["é", 22, 23],
  ]);
  assertEquals(
    entries.map(({ dtype, shape }) => [dtype, shape]),
    tensors.map((t) => [t.dtype, t.shape]),
  );
});

Deno.test("parseHeader() lists every type of the format with its size", () => {
  const types: [number, string[]][] = [
    [1, ["BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"]],
    [2, ["I16", "U16", "F16", "BF16"]],
    [4, ["I32", "U32", "F32"]],
    [8, ["I64", "U64", "F64"]],
  ];
  for (const [bytes, names] of types) {
    for (const dtype of names) {
      assertEquals(elementBytes(dtype), bytes, dtype);
      const header = encodeHeader([{ name: "t", dtype, shape: [5], bytes: 5 * bytes }]);
      assertEquals(parseHeader(header.subarray(8), "f", 5 * bytes).entries[0].dtype, dtype);
    }
  }
  assertEquals(elementBytes("Q4_K"), undefined);
  assertEquals(elementBytes("toString"), undefined);
});

Deno.test("headerLength() needs no more of the file than its start", () => {
  const start = encodeHeader([{ name: "w", dtype: "F32", shape: [1], bytes: 4 }]).subarray(0, 8);
  assertThrows(() => headerLength(start, 10, "f"), Mistake, "The download was cut");
  assertEquals(headerLength(start, 1e12, "f") > 0, true);
});

Deno.test("isCounts() and unreadType()", () => {
  assertEquals([isCounts([0, 3]), isCounts([-1]), isCounts([0.5]), isCounts("3")], [
    true,
    false,
    false,
    false,
  ]);
  assertEquals(
    unreadType("f", { name: "w", dtype: "I8" }).message,
    'Cannot read f: tensor "w" dtype is "I8", expected F32, F16 or BF16',
  );
});
