import { assertEquals } from "@std/assert";
import { sentencepieceMerges } from "../../../../core/formats/gguf/merges.ts";

Deno.test("sentencepieceMerges() makes every cut into two pieces a merge, best score first", () => {
  const pieces = ["abc", "ab", "bc", "a", "b", "c", "xyz"];
  const score = (id: number) => [-3, -1, -2, -9, -9, -9, -4][id];
  assertEquals(sentencepieceMerges(pieces, { score, ties: "ids" }), [
    ["a", "b"],
    ["b", "c"],
    ["ab", "c"],
    ["a", "bc"],
  ]);
});

Deno.test("sentencepieceMerges() orders equal scores by ids, or long halves first", () => {
  const pieces = ["aa", "aaa", "aaaa", "a"];
  const score = () => 0;
  assertEquals(sentencepieceMerges(pieces, { score, ties: "ids" }), [
    ["a", "a"],
    ["aa", "a"],
    ["a", "aa"],
    ["aa", "aa"],
    ["aaa", "a"],
    ["a", "aaa"],
  ]);
  assertEquals(sentencepieceMerges(pieces, { score, ties: "lengths" }), [
    ["aaa", "a"],
    ["aa", "aa"],
    ["aa", "a"],
    ["a", "aaa"],
    ["a", "aa"],
    ["a", "a"],
  ]);
});

Deno.test("sentencepieceMerges() counts characters, not halves of surrogate pairs", () => {
  const pieces = ["🙂🙂é", "🙂🙂", "éé", "é", "🙂", "🙂é"];
  const merges = sentencepieceMerges(pieces, { score: () => 0, ties: "lengths" });
  assertEquals(merges, [["🙂🙂", "é"], ["🙂", "🙂é"], ["🙂", "🙂"], ["é", "é"], ["🙂", "é"]]);
});

Deno.test("sentencepieceMerges() makes no merge of skipped pieces", () => {
  const pieces = ["ab", "a", "b"];
  assertEquals(
    sentencepieceMerges(pieces, { score: () => 0, ties: "ids", skip: (id) => id === 0 }),
    [],
  );
});

Deno.test("sentencepieceMerges() gives up on pieces that would take minutes", () => {
  const order = { score: () => 0, ties: "ids" } as const;
  assertEquals(sentencepieceMerges(["x".repeat(20_000)], order), undefined);
  assertEquals(sentencepieceMerges(["x".repeat(2000)], order), []);
  assertEquals(sentencepieceMerges(Array(1 << 20).fill("words"), order), undefined);
});
