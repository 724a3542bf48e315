import { assertEquals, assertThrows } from "@std/assert";
import {
  bare,
  duplicateKey,
  parseJsonObject,
  quote,
  refuseWrongDownload,
  show,
  showShape,
} from "../../../core/base/mistakes.ts";
import { Mistake } from "../../../core/base/mistake.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("duplicateKey() finds a key that stands twice in one object, and only then", () => {
  const rows: [string, string | undefined][] = [
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"a":{"b":1},"c":{"b":1,"b":2}}', "b"],
    ['{"a":"b","b":"a"}', undefined],
    ['{"a":[{"x":1},{"x":1}],"x":0}', undefined],
    ['{"a":"\\"a\\":1,\\"a\\":2","b":["a","a"]}', undefined],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ['[{"a":1},{"a":1,"b":[1,2,"b"],"a":1}]', "a"],
    ['{"a":[],"b":{},"a":0}', "a"],
    ["{}", undefined],
  ];
  for (const [json, wanted] of rows) assertEquals(duplicateKey(json), wanted, json);
});

Deno.test("quote() keeps a message on one line and short", () => {
  assertEquals(quote('a"b\n\u2028\u009b'), '"a\\"b\\n\\u2028\\u009b"');
  assertEquals(quote("x".repeat(500)).length, 82);
  assertEquals(bare("a.b\n"), "a.b\\n");
});

Deno.test("show() is one short line for any JSON value", () => {
  assertEquals(show({ a: [1, "b"] }), '{"a":[1,"b"]}');
  assertEquals(show(undefined), "undefined");
  assertEquals(show(new Array(500).fill(1)).length, 80);
  assertEquals(
    show({ a: undefined, "b\u2028": null, c: "x\u009b" }),
    '{"b\\u2028":null,"c":"x\\u009b"}',
  );
  assertEquals(show({ a: "x".repeat(500) }), '{"a":"' + "x".repeat(73) + "…");
  const deep = JSON.parse("[".repeat(100_000) + "]".repeat(100_000));
  assertEquals(show(deep), "[".repeat(79) + "…");
  assertEquals(showShape([2, 3]), "[2, 3]");
});

Deno.test("refuseWrongDownload() names what came instead of the file", () => {
  const rows: [string, string][] = [
    ["", "Cannot read f: the file is empty, expected a model. Fetch the file again"],
    [
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
      "Cannot read f: the file is a Git LFS pointer, expected a model. Run `git lfs pull` in its folder",
    ],
    [
      "\n<!DOCTYPE html><html></html>",
      "Cannot read f: the file is a web page, expected a model. " +
      "Check the address and whether it asks for a login",
    ],
  ];
  for (const [text, message] of rows) {
    const error = assertThrows(() => refuseWrongDownload(bytes(text), "f", "a model"), Mistake);
    assertEquals(error.message, message);
  }
  refuseWrongDownload(bytes("<unk>"), "f", "a model");
});

Deno.test("parseJsonObject() takes objects and says what else it found", () => {
  assertEquals(parseJsonObject(bytes('{"a":1}'), "f", "the file"), { a: 1 });
  const rows: [Uint8Array, string][] = [
    [bytes("[1]"), "Cannot read f: the file is [1], expected a JSON object"],
    [bytes("{"), "Cannot read f: the file is not JSON, expected a JSON object"],
    [bytes('\ufeff{"a":1}'), "Cannot read f: the file is not JSON, expected a JSON object"],
    [Uint8Array.of(0xff), "Cannot read f: the file is not UTF-8, expected a JSON object"],
    [
      bytes('{"a":1,"a":1}'),
      'Cannot read f: the file has the key "a" twice, expected each key once',
    ],
  ];
  for (const [input, message] of rows) {
    assertEquals(
      assertThrows(() => parseJsonObject(input, "f", "the file"), Mistake).message,
      message,
    );
  }
});

Deno.test("quote(), bare() and show() say no password, be it where the text is cut", () => {
  const address = `https://user:${"secret".repeat(30)}@host/x`;
  assertEquals(quote(address), '"https://…@host/x"');
  assertEquals(bare(address), "https://…@host/x");
  assertEquals(show({ at: [address] }), '{"at":["https://…@host/x"]}');
});
