// Patterns match as shells' do, and end.
import { assert, assertEquals } from "@std/assert";
import { matchesAny } from "../../../core/formats/wildcards.ts";
import { processorMs } from "../../support/cost.ts";

Deno.test("matchesAny() knows *, ** and ?", () => {
  const rows: [string, string, boolean][] = [
    ["a.csv", "a.csv", true],
    ["a.csv", "*.csv", true],
    ["d/a.csv", "*.csv", false],
    ["d/a.csv", "**.csv", true],
    ["d/a.csv", "**/*.csv", true],
    ["a.csv", "**/*.csv", true],
    ["d/e/a.csv", "d/**/a.csv", true],
    ["d/a.csv", "d/*", true],
    ["d/e/a.csv", "d/*", false],
    ["d/e/a.csv", "d/**", true],
    ["ab", "a?", true],
    ["a/", "a?", false],
    ["a+b", "a+b", true],
    ["aab", "a+b", false],
    ["train-00000-of-00002.parquet", "train-*-of-*.parquet", true],
    ["data/x/train.parquet", "data/*/t*n.parquet", true],
    ["", "*", true],
    ["a", "", false],
  ];
  for (const [name, pattern, wanted] of rows) {
    assertEquals(matchesAny(name, [pattern]), wanted, `${name} ${pattern}`);
  }
  assertEquals(matchesAny("a", ["b", "a"]), true);
  assertEquals(matchesAny("a", []), false);
});

Deno.test("matchesAny() ends on patterns that would make a backtracking matcher hang", () => {
  const start = processorMs();
  assertEquals(matchesAny("a".repeat(1000), ["*a".repeat(200) + "b"]), false);
  assertEquals(matchesAny("a/".repeat(500), ["**a*".repeat(100) + "b"]), false);
  assert(processorMs() - start < 1000);
});
