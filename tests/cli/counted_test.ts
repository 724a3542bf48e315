import { assertEquals } from "@std/assert";
import { counted } from "../../cli/counted.ts";

Deno.test("counted() has one of one and several of all else", () => {
  assertEquals([0, 1, 2].map((n) => counted(n, "pair")), ["0 pairs", "1 pair", "2 pairs"]);
  assertEquals([1, 2].map((n) => counted(n, "reply", "replies")), ["1 reply", "2 replies"]);
});
