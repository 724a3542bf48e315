import { assertEquals } from "@std/assert";
import { bare, quote, show, showShape } from "../../../core/base/quote.ts";

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

Deno.test("quote(), bare() and show() say no password, be it where the text is cut", () => {
  const address = `https://user:${"secret".repeat(30)}@host/x`;
  assertEquals(quote(address), '"https://…@host/x"');
  assertEquals(bare(address), "https://…@host/x");
  assertEquals(show({ at: [address] }), '{"at":["https://…@host/x"]}');
});
