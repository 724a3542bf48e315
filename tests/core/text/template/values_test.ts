// Values are cut, compared and printed as Python does it.
import { assertEquals, assertThrows } from "@std/assert";
import { Environment } from "@huggingface/jinja";
import {
  equal,
  floatText,
  itemsOf,
  kindOf,
  pythonText,
  quotedText,
  replaceText,
  splitText,
  stripText,
} from "../../../../core/text/template/values.ts";

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

Deno.test("floatText(), quotedText() and kindOf() print as Python does", () => {
  const floats = [2, 0.1, 1e16, 1e-7, -0, Infinity, NaN].map(floatText);
  assertEquals(floats, ["2.0", "0.1", "1e+16", "1e-07", "-0.0", "inf", "nan"]);
  assertEquals(quotedText(value("a\u200b\ud83d\ude00\u00a0")), "'a\\u200b\ud83d\ude00\\xa0'");
  assertEquals([kindOf(value(1)), kindOf(value(null))], ["integer", "null"]);
});

Deno.test("itemsOf() goes through entries, keys and characters", () => {
  const items = [[1, 2], { a: 1 }, "aé😀", undefined].map((plain) => itemsOf(value(plain)).length);
  assertEquals(items, [2, 1, 3, 0]);
  assertThrows(() => itemsOf(value(5)), Error, "it goes through integer");
});
