import { assertEquals, assertThrows } from "@std/assert";
import type { GgufValue } from "../../../../core/formats/gguf/header.ts";
import { GgufMetadata } from "../../../../core/formats/gguf/metadata.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

function metadataOf(values: Record<string, GgufValue>): GgufMetadata {
  const metadata = new Map(Object.entries({ "general.architecture": "llama", ...values }));
  const header = { version: 3, metadata, tensors: new Map(), alignment: 32, dataOffset: 0 };
  return new GgufMetadata(header, "m.gguf");
}

Deno.test("GgufMetadata puts the architecture before keys that begin with a dot", () => {
  const m = metadataOf({ "llama.block_count": 3, "block_count": 4 });
  assertEquals([m.architecture, m.count(".block_count"), m.count("block_count")], ["llama", 3, 4]);
});

Deno.test("GgufMetadata.count() takes one number a layer where all are equal", () => {
  const m = metadataOf({ same: Int32Array.of(4, 4, 4), mixed: Int32Array.of(4, 2) });
  assertEquals(m.count("same"), 4);
  assertThrows(
    () => m.count("mixed"),
    Mistake,
    "Cannot read m.gguf: mixed is an array of 2, expected a whole number of at least 0",
  );
});

Deno.test("GgufMetadata.positive() gives the shortest decimal of the file's f32", () => {
  const values = { eps: Math.fround(1e-5), third: Math.fround(1 / 3), wide: 0.1 };
  const m = metadataOf(values);
  assertEquals([m.positive("eps"), m.positive("third"), m.positive("wide")], [
    1e-5,
    0.33333334,
    0.1,
  ]);
});

Deno.test("GgufMetadata names the key, what it is and what it should be", () => {
  const m = metadataOf({ zero: 0, text: "x", big: 2n ** 60n, list: ["a"], flag: 1, nan: NaN });
  const lines: [() => unknown, string][] = [
    [() => m.size("zero"), "zero is 0, expected at least 1"],
    [() => m.size(".gone"), "llama.gone is missing, expected a whole number of at least 0"],
    [() => m.count("text"), 'text is "x", expected a whole number of at least 0'],
    [() => m.count("big"), "big is 1152921504606846976, expected a whole number of at least 0"],
    [() => m.positive("nan"), "nan is NaN, expected a finite number above 0"],
    [() => m.flag("flag"), "flag is 1, expected true or false"],
    [() => m.text("list"), "list is an array of 1, expected a string"],
    [() => m.texts("text"), 'text is "x", expected an array of strings'],
    [() => m.numbers("list"), "list is an array of 1, expected an array of numbers"],
  ];
  for (const [act, line] of lines) assertThrows(act, Mistake, `Cannot read m.gguf: ${line}`);
});

Deno.test("GgufMetadata gives undefined or the fallback for what is absent", () => {
  const m = metadataOf({});
  assertEquals([m.flag("x"), m.text("x"), m.texts("x"), m.numbers("x")], [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals([m.count("x", 0), m.size("x", 5), m.positive("x", 0.5)], [0, 5, 0.5]);
});

Deno.test("GgufMetadata refuses a file without an architecture", () => {
  assertThrows(
    () => metadataOf({ "general.architecture": 3 }),
    Mistake,
    "Cannot read m.gguf: general.architecture is 3, expected a string",
  );
});
