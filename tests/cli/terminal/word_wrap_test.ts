import { assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli";
import { WordFlow, wrap, wrapText } from "../../../cli/terminal/word_wrap.ts";

Deno.test("wrapText() breaks at spaces, under the line's own beginning, and leaves long words whole", () => {
  const rows: readonly (readonly [text: string, width: number, wanted: string])[] = [
    ["one two three", 8, "one two\nthree"],
    ["  one two three", 8, "  one\n  two\n  three"],
    ["          far in", 8, "  far in"],
    ["short\none two", 5, "short\none\ntwo"],
    ["a unbreakableword b", 6, "a\nunbreakableword\nb"],
    ["a  b   c", 80, "a  b   c"],
    ["中文 中文", 5, "中文\n中文"],
    ["trailing ", 8, "trailing"],
    ["", 1, ""],
  ];
  for (const [text, width, wanted] of rows) assertEquals(wrapText(text, width), wanted, text);
});

Deno.test("WordFlow shows whole words on lines that have room, whatever the pieces", () => {
  const text =
    "The quick brown fox jumps over the lazy dog.\nIt ran\taway from unbelievably big 中文中文中文 cats.";
  for (const width of [8, 20, 40, 200]) {
    const whole = new WordFlow(() => width);
    const wanted = whole.push(text) + whole.end();
    for (const size of [1, 2, 5, 7]) {
      const flow = new WordFlow(() => width);
      let shown = "";
      for (let i = 0; i < text.length; i += size) shown += flow.push(text.slice(i, i + size));
      assertEquals(shown + flow.end(), wanted, `${size} in ${width}`);
    }
    assertEquals(wanted.replaceAll(/\s/g, ""), text.replaceAll(/\s/g, ""));
    const words = text.split(/\s+/);
    for (const line of wanted.split("\n")) {
      const places = unicodeWidth(line.replaceAll("\t", " ").trimEnd());
      const [longest] = line.split(/\s/); // a line of its own, which the terminal itself goes on with
      assertEquals(places <= width || longest.length > width, true, `${line} in ${width}`);
      for (const word of line.split(/\s+/).filter((word) => /^[a-z.]+$/i.test(word))) {
        assertEquals(words.includes(word), true, `${word} was broken in ${width}`);
      }
    }
  }
});

Deno.test("WordFlow holds a word until it ends, not for ever", () => {
  const flow = new WordFlow(() => 10);
  assertEquals([flow.push("he"), flow.push("llo"), flow.push(" ")], ["", "", "hello "]);
  assertEquals(flow.push("x".repeat(40)).length, 41); // a line's end and what is longer than any word
  assertEquals(flow.end(), "");
});

Deno.test("wrap() breaks at spaces and leaves long words whole", () => {
  assertEquals(wrap("a bb ccc dddddd e", 6), ["a bb", "ccc", "dddddd", "e"]);
  assertEquals(wrap("unbreakable x", 4), ["unbreakable", "x"]);
  assertEquals(wrap("  ", 4), [""]);
});
