import { assertEquals } from "@std/assert";
import {
  endingOf,
  FILE_FORMATS,
  formatOf,
  isDataFile,
  usualEndings,
} from "../../../files/datasets/file_formats.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("isDataFile() knows every format's endings, gzipped or not, whatever their case", () => {
  const endings = FILE_FORMATS.flatMap(({ endings }) => endings);
  for (const ending of endings) {
    assertEquals([`a.${ending}`, `a.${ending}.gz`, `a.${ending.toUpperCase()}`].map(isDataFile), [
      ...[true, true, true],
    ]);
    assertEquals(formatOf(ending).endings.includes(ending), true);
  }
  assertEquals(["a.md", "jsonl", "a.jsonl.zip"].map(isDataFile), [false, false, false]);
});

Deno.test("endingOf() believes the name, then the first bytes", () => {
  assertEquals(endingOf("a.CSV", bytes("PAR1")), "csv");
  assertEquals(
    ["PAR1…", "\ufeff [1]", '{"a":1}', "text"].map((text) => endingOf("a", bytes(text))),
    ["parquet", "json", "jsonl", "jsonl"],
  );
});

Deno.test("usualEndings() is a sentence's end", () => {
  assertEquals(usualEndings(), ".jsonl, .json, .csv, .tsv, .parquet or .txt");
});
