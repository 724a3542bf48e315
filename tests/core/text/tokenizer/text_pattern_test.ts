import { assertEquals } from "@std/assert";
import {
  plainPattern,
  regexPattern,
  replaceMatches,
} from "../../../../core/text/tokenizer/text_pattern.ts";

Deno.test("plainPattern() finds a text from left to right, none in another", () => {
  assertEquals(plainPattern("aa").matches("aaaaa"), [[0, 2], [2, 4]]);
  assertEquals(plainPattern(".*").matches("a.*b"), [[1, 3]]);
  assertEquals(plainPattern("x").matches(""), []);
});

Deno.test("replaceMatches() puts a text in the place of each match, and takes it as it is", () => {
  assertEquals(replaceMatches("a b  c", regexPattern("\\s+"), "$&"), "a$&b$&c");
  assertEquals(replaceMatches("ab", regexPattern("c*"), "-"), "ab".replace(/c*/gu, "-"));
  assertEquals(replaceMatches("abc", regexPattern("x"), "-"), "abc");
  assertEquals(replaceMatches("", regexPattern("$"), "-"), "-");
});
