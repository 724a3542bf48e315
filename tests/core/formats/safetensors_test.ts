import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import type { HostTensor } from "../../../core/base/host_tensor.ts";
import { encodeSafetensors, parseSafetensors } from "../../../core/formats/safetensors.ts";
import { Mistake } from "../../../core/base/mistake.ts";

/** A file of a header (text, or a value to become JSON) and `dataBytes` zero bytes. */
function file(header: unknown, dataBytes = 0, length?: number | bigint): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const head = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + head.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(length ?? head.length), true);
  out.set(head, 8);
  return out;
}
const text = (content: string) => new TextEncoder().encode(content);
const f32 = (shape: unknown, data_offsets: unknown) => ({ dtype: "F32", shape, data_offsets });
const CUT = "The download was cut: fetch the file again";

const MALFORMED: [what: string, bytes: Uint8Array, message: string][] = [
  [
    "an empty file",
    new Uint8Array(0),
    "the file is empty, expected a safetensors file. Fetch the file again",
  ],
  [
    "a cut length",
    text("abcde"),
    `it is 5 bytes long, expected at least the 8 of the header length. ${CUT}`,
  ],
  [
    "an LFS pointer",
    text("version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
    "the file is a Git LFS pointer, expected a safetensors file. Run `git lfs pull` in its folder",
  ],
  [
    "a web page",
    text("<!doctype html><title>Not found</title>"),
    "the file is a web page, expected a safetensors file. " +
    "Check the address and whether it asks for a login",
  ],
  ["a cut header", file("{}", 0, 1000), `the header says 1000 bytes and 2 remain. ${CUT}`],
  [
    "a huge header length",
    file("{}", 0, 100_000_001),
    "the header length is 100000001 bytes, expected at most 100000000. This is not a safetensors file",
  ],
  [
    "a header length beyond 2^53",
    file("{}", 0, 0xffffffffffffffffn),
    "the header length is 18446744073709551615 bytes, expected at most 100000000. " +
    "This is not a safetensors file",
  ],
  ["no header", file("", 4), 'the header does not start with "{", expected a JSON object'],
  ["an array", file([]), 'the header does not start with "{", expected a JSON object'],
  ["broken JSON", file('{"a":'), "the header is not JSON, expected a JSON object"],
  ["a comma too many", file("{,}"), "the header is not JSON, expected a JSON object"],
  [
    "a tensor twice",
    file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"a":{}}', 4),
    'the header has the key "a" twice, expected each key once',
  ],
  [
    "a field twice",
    file('{"a":{"dtype":"F32","shape":[],"shape":[2],"data_offsets":[0,4]}}', 4),
    'the header has the key "shape" twice, expected each key once',
  ],
  [
    "a tensor that is a number",
    file({ a: 1 }),
    'tensor "a" is 1, expected an object with dtype, shape, data_offsets',
  ],
  [
    "another dtype",
    file({ a: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, 8),
    'tensor "a" dtype is "I64", expected F32, F16 or BF16',
  ],
  [
    "no dtype",
    file({ a: { shape: [1], data_offsets: [0, 4] } }, 4),
    'tensor "a" dtype is undefined, expected F32, F16 or BF16',
  ],
  [
    "a dtype of Object's",
    file({ a: { dtype: "toString", shape: [1], data_offsets: [0, 4] } }, 4),
    'tensor "a" dtype is "toString", expected F32, F16 or BF16',
  ],
  [
    "a negative extent",
    file({ a: f32([-1], [0, 4]) }, 4),
    'tensor "a" shape is [-1], expected whole numbers of at least 0',
  ],
  [
    "a fractional extent",
    file({ a: f32([0.5, 2], [0, 4]) }, 4),
    'tensor "a" shape is [0.5,2], expected whole numbers of at least 0',
  ],
  [
    "an extent of text",
    file({ a: f32(["1"], [0, 4]) }, 4),
    'tensor "a" shape is ["1"], expected whole numbers of at least 0',
  ],
  [
    "an extent beyond 2^53",
    file('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4),
    'tensor "a" shape is [9007199254740992], expected whole numbers of at least 0',
  ],
  [
    "a huge product",
    file({ a: f32([2 ** 32, 2 ** 32, 2 ** 32], [0, 4]) }, 4),
    'tensor "a" shape is [4294967296, 4294967296, 4294967296], expected fewer than 2^51 elements',
  ],
  [
    "a product that overflows to NaN",
    file({ a: f32([...new Array(22).fill(2 ** 52), 0], [0, 0]) }, 0),
    `tensor "a" shape is ${`[${new Array(22).fill(2 ** 52).join(", ")}`.slice(0, 79)}…, ` +
    "expected fewer than 2^51 elements",
  ],
  [
    "one offset",
    file({ a: f32([1], [4]) }, 4),
    'tensor "a" data_offsets is [4], expected [begin, end] with 0 ≤ begin ≤ end',
  ],
  [
    "offsets the wrong way round",
    file({ a: f32([1], [4, 0]) }, 4),
    'tensor "a" data_offsets is [4,0], expected [begin, end] with 0 ≤ begin ≤ end',
  ],
  [
    "an offset out of bounds",
    file({ a: f32([2], [0, 8]) }, 4),
    `tensor "a" ends at byte 8, expected at most the 4 that follow the header. ${CUT}`,
  ],
  [
    "too few bytes for the shape",
    file({ a: f32([2, 2], [0, 12]) }, 12),
    'tensor "a" is 12 bytes long, expected 16 for F32 [2, 2]',
  ],
  [
    "too many bytes for the shape",
    file({ a: { dtype: "BF16", shape: [1], data_offsets: [0, 4] } }, 4),
    'tensor "a" is 4 bytes long, expected 2 for BF16 [1]',
  ],
  [
    "tensors that overlap",
    file({ a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, 8),
    'tensor "b" begins at byte 4, expected 8, where tensor "a" ends: they overlap',
  ],
  [
    "the same bytes twice",
    file({ a: f32([1], [0, 4]), b: f32([1], [0, 4]) }, 4),
    'tensor "b" begins at byte 0, expected 4, where tensor "a" ends: they overlap',
  ],
  [
    "a gap",
    file({ a: f32([1], [0, 4]), b: f32([1], [8, 12]) }, 12),
    'tensor "b" begins at byte 8, expected 4, where tensor "a" ends: ' +
    "bytes between them belong to no tensor",
  ],
  [
    "a gap at the start",
    file({ a: f32([1], [4, 8]) }, 8),
    'tensor "a" begins at byte 4, expected 0, where the header ends: ' +
    "bytes between them belong to no tensor",
  ],
  [
    "a tail",
    file({ a: f32([1], [0, 4]) }, 9),
    "9 bytes follow the header, expected the 4 of its tensors: the rest belongs to none",
  ],
  [
    "metadata of text",
    file({ __metadata__: "pt" }),
    '__metadata__ is "pt", expected an object of strings',
  ],
  [
    "metadata of numbers",
    file({ __metadata__: { a: 1 } }),
    '__metadata__ "a" is 1, expected a string',
  ],
  [
    "a name with a line break",
    file({ "a\nb": f32([1], [0, 8]) }, 8),
    'tensor "a\\nb" is 8 bytes long, expected 4 for F32 [1]',
  ],
];

for (const [what, bytes, message] of MALFORMED) {
  Deno.test(`parseSafetensors() refuses ${what}`, () => {
    const error = assertThrows(() => parseSafetensors(bytes, "m.safetensors"), Mistake);
    assertEquals(error.message, `Cannot read m.safetensors: ${message}`);
  });
}

Deno.test("parseSafetensors() refuses a header that is not UTF-8", () => {
  const bytes = file('{"a":1}');
  bytes[10] = 0xff;
  const error = assertThrows(() => parseSafetensors(bytes, "m"), Mistake);
  assertEquals(error.message, "Cannot read m: the header is not UTF-8, expected a JSON object");
});

Deno.test("parseSafetensors() never crashes on damaged bytes: it reads or throws a Mistake", () => {
  const whole = encodeSafetensors(new Map([["a", { shape: [2], data: Float32Array.of(1, 2) }]]));
  for (let cut = 0; cut < whole.length; cut++) {
    assertThrows(() => parseSafetensors(whole.subarray(0, cut), "m"), Mistake);
  }
  for (let at = 0; at < whole.length; at++) {
    for (const flip of [1, 0x20, 0x80]) {
      const damaged = whole.slice();
      damaged[at] ^= flip;
      try {
        parseSafetensors(damaged, "m");
      } catch (error) {
        assertEquals(error instanceof Mistake, true);
        assertStringIncludes((error as Error).message, "Cannot read m: ");
      }
    }
  }
});

const TENSORS = new Map<string, HostTensor>([
  ["z", { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, 3) }],
  ["a scalar", { shape: [], data: Float32Array.of(7) }],
  ["nothing", { shape: [0, 3], data: new Float32Array(0) }],
  ["__proto__", { shape: [1], data: Float32Array.of(-0) }],
]);

for (const dtype of ["F32", "F16", "BF16"] as const) {
  Deno.test(`encodeSafetensors() then parseSafetensors() is the identity for ${dtype}`, () => {
    const metadata = new Map([["format", "pt"], ["__proto__", "é"]]);
    const parsed = parseSafetensors(encodeSafetensors(TENSORS, { dtype, metadata }), "m");
    assertEquals(parsed.metadata, metadata);
    assertEquals([...parsed.tensors.keys()].sort(), [...TENSORS.keys()].sort());
    for (const [name, { shape, data }] of TENSORS) {
      assertEquals(parsed.tensors.get(name), { shape, data, dtype });
    }
  });
}

Deno.test("encodeSafetensors() keeps the bits of NaN and infinity in F32", () => {
  const data = new Float32Array(new Uint32Array([0x7fc00001, 0xffabcdef, 0x7f800000, 1]).buffer);
  const back = parseSafetensors(encodeSafetensors(new Map([["a", { shape: [4], data }]])), "m");
  assertEquals(new Uint32Array(back.tensors.get("a")!.data.buffer), new Uint32Array(data.buffer));
});

Deno.test("encodeSafetensors() gives the same bytes whatever the order, data at a multiple of 8", () => {
  const bytes = encodeSafetensors(TENSORS);
  assertEquals(bytes, encodeSafetensors(new Map([...TENSORS].reverse())));
  assertEquals((8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))) % 8, 0);
});

Deno.test("parseSafetensors() reads from any alignment and does not alias the file", () => {
  const whole = encodeSafetensors(TENSORS);
  for (let shift = 0; shift < 5; shift++) {
    const shifted = new Uint8Array(new ArrayBuffer(whole.length + 5), shift, whole.length);
    shifted.set(whole);
    const { tensors } = parseSafetensors(shifted, "m");
    shifted.fill(0);
    assertEquals(tensors.get("z")!.data, TENSORS.get("z")!.data);
  }
});

Deno.test("parseSafetensors() takes a header in another order than the bytes", () => {
  const bytes = file({
    last: { dtype: "F16", shape: [1], data_offsets: [4, 6] },
    first: f32([1], [0, 4]),
    none: f32([0], [4, 4]),
  }, 6);
  bytes[bytes.length - 1] = 0x3c;
  const { tensors } = parseSafetensors(bytes, "m");
  assertEquals([...tensors.keys()], ["first", "none", "last"]);
  assertEquals(tensors.get("last")!.data, Float32Array.of(1));
});

Deno.test("encodeSafetensors() writes a view, not the buffer under it", () => {
  const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
  const { tensors } = parseSafetensors(
    encodeSafetensors(new Map([["a", { shape: [2], data }]])),
    "m",
  );
  assertEquals(tensors.get("a")!.data, Float32Array.of(1, 2));
});

Deno.test("encodeSafetensors() refuses what would not be the same tensor", () => {
  const one = (shape: number[], ...data: number[]) =>
    new Map([["a", { shape, data: Float32Array.from(data) }]]);
  const rows: [() => unknown, string][] = [
    [
      () => encodeSafetensors(one([2], 1)),
      'Cannot write tensor "a": data is 1 elements long, expected 2 for shape [2]',
    ],
    [
      () => encodeSafetensors(one([-1], 1)),
      'Cannot write tensor "a": shape is [-1], expected whole numbers of at least 0',
    ],
    [
      () => encodeSafetensors(new Map([["__metadata__", { shape: [], data: Float32Array.of(1) }]])),
      'Cannot write tensor "__metadata__": its name is that of the header\'s metadata, expected another name',
    ],
    [
      () => encodeSafetensors(one([2], 1, 70000), { dtype: "F16" }),
      'Cannot write tensor "a" as F16: element 1 is 70000, expected at most 65504. Use BF16 or F32',
    ],
    [
      () => encodeSafetensors(one([1], 3.4e38), { dtype: "BF16" }),
      `Cannot write tensor "a" as BF16: element 0 is ${Math.fround(3.4e38)}, ` +
      "expected at most 3.39e38. Use F32",
    ],
    [
      () => encodeSafetensors(one([1], 1), { dtype: "I8" as "F32" }),
      'Cannot write safetensors: dtype is "I8", expected F32, F16 or BF16',
    ],
  ];
  for (const [act, message] of rows) assertEquals(assertThrows(act, Error).message, message);
  encodeSafetensors(one([1], Infinity), { dtype: "F16" }); // what is infinite stays so
});
