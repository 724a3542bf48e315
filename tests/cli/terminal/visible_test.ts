import { assertEquals } from "@std/assert";
import { visible, visibleLine } from "../../../cli/terminal/visible.ts";

Deno.test("visible() escapes what a terminal obeys or cannot show, and nothing else", () => {
  const rows: readonly (readonly [text: string, wanted: string])[] = [
    ["plain text\n\twith lines", "plain text\n\twith lines"],
    ["\x1b[31mred\x07\b\r\0", "\\u001b[31mred\\u0007\\b\\r\\u0000"],
    ["\x7f\x80\x9f", "\\u007f\\u0080\\u009f"],
    ["a\u202eb\u2066c\u061c\u200e", "a\\u202eb\\u2066c\\u061c\\u200e"],
    ["\u2028\u2029\ufeff\u200b\u00ad", "\\u2028\\u2029\\ufeff\\u200b\\u00ad"],
    ["\u{e0041}", "\\udb40\\udc41"],
    ["héllo 中文 ع한 👍🏽 ❤️", "héllo 中文 ع한 👍🏽 ❤️"],
    ["👩‍👧", "👩‍👧"],
    ["می‌خواهم", "می‌خواهم"], // Persian spells with U+200C
    ["क्‍ष", "क्‍ष"],
    ["a\u200db\u200cc", "a\\u200db\\u200cc"],
  ];
  for (const [text, wanted] of rows) assertEquals(visible(text), wanted, JSON.stringify(text));
  const all = Array.from({ length: 0x2100 }, (_, i) => String.fromCharCode(i)).join("");
  // deno-lint-ignore no-control-regex
  assertEquals(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2060-\u206f]/.test(visible(all)), false);
});

Deno.test("visible() knows what came before in the same text", () => {
  assertEquals(visible("\u200d👧", "👩"), "\u200d👧");
  assertEquals(visible("\u200db", "a"), "\\u200db");
});

Deno.test("visibleLine() is one line", () => {
  assertEquals(visibleLine("a\nb\tc\r\x1b"), "a\\nb\\tc\\r\\u001b");
});
