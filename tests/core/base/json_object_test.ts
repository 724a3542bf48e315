import { assertEquals, assertThrows } from "@std/assert";
import {
  duplicateKey,
  parseJsonObject,
  refuseWrongDownload,
} from "../../../core/base/json_object.ts";
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
