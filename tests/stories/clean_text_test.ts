// Cleaning mends what the web broke and changes nothing else.
import { assertEquals } from "@std/assert";
import { cleanText } from "../../stories/clean_text.ts";

const CASES: [string, string][] = [
  ["\u00e2\u20ac\u0153Stop!\u00e2\u20ac\u009d he said.", '"Stop!" he said.'],
  ["\u00e2\u20ac\u0153Stop!\u00e2\u20ac he said.", '"Stop!" he said.'],
  ["Don\u00e2\u20ac\u2122t go \u00e2\u20ac\u201c it is late.", "Don't go - it is late."],
  ["\u201cYes\u201d, don\u2019t\u2014wait\u2026", '"Yes", don\'t-wait...'],
  ["one\r\ntwo  \nthree\tfour", "one\ntwo\nthree four"],
  ["Plain text stays as it is.\n\nEven so.", "Plain text stays as it is.\n\nEven so."],
];

Deno.test("cleanText() mends double-decoded quotes and makes marks plain", () => {
  for (const [text, wanted] of CASES) assertEquals(cleanText(text), wanted);
});

Deno.test("cleanText() is idempotent", () => {
  for (const [text] of CASES) assertEquals(cleanText(cleanText(text)), cleanText(text));
});
