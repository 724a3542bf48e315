// Values are cut, compared and printed as Python does it.
import { assertEquals } from "@std/assert";
import { Environment } from "@huggingface/jinja";
import {
  equal,
  pythonText,
  replaceText,
  splitText,
  stripText,
} from "../../../core/text/template_values.ts";

const value = (plain: unknown) => new Environment().set("x", plain);

Deno.test("stripText() takes Python's white space, or the characters that it is given", () => {
  assertEquals(stripText("\u0085\u00a0 a\ufeff\u001f\n", "strip"), "a\ufeff");
  assertEquals(stripText(" a ", "lstrip"), "a ");
  assertEquals(stripText(" a ", "rstrip"), " a");
  assertEquals(stripText("xyaxy", "strip", "yx"), "a");
  assertEquals(stripText("  ", "strip"), "");
});

Deno.test("splitText() splits at a separator or at runs of white space, up to a limit", () => {
  assertEquals(splitText(" a  b ", null, -1), ["a", "b"]);
  assertEquals(splitText(" a  b c ", undefined, 1), ["a", "b c "]);
  assertEquals(splitText("a,,b", ",", -1), ["a", "", "b"]);
  assertEquals(splitText("a,b,c", ",", 1), ["a", "b,c"]);
  assertEquals(splitText("", ",", -1), [""]);
  assertEquals(splitText("", null, -1), []);
});

Deno.test("replaceText() replaces all or the first few, and puts text between characters", () => {
  assertEquals(replaceText("aaa", "a", "$&", -1), "$&$&$&");
  assertEquals(replaceText("aaa", "a", "b", 2), "bba");
  assertEquals(replaceText("ab", "", "-", -1), "-a-b-");
  assertEquals(replaceText("abc", "", "-", 2), "-a-bc");
  assertEquals(replaceText("abc", "", "-", 0), "abc");
});

Deno.test("equal() compares as Python's ==", () => {
  const rows: [unknown, unknown, boolean][] = [
    [1, true, true],
    [1, "1", false],
    [null, undefined, false],
    [[1, { a: null }], [1, { a: null }], true],
    [[1], [1, 2], false],
    [{ a: 1 }, { b: 1 }, false],
    ["", 0, false],
  ];
  for (const [a, b, same] of rows) assertEquals(equal(value(a), value(b)), same);
});

Deno.test("pythonText() prints as Python's str", () => {
  assertEquals(
    pythonText(value([true, null, "it's", "a\"'", 1.5, "\u0000"])),
    `[True, None, "it's", 'a"\\'', 1.5, '\\x00']`,
  );
  assertEquals(pythonText(value({ a: [] })), "{'a': []}");
  assertEquals(pythonText(value(undefined)), "");
  assertEquals(pythonText(value("it's")), "it's");
});
