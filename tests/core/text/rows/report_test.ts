import { assertEquals, assertThrows } from "@std/assert";
import {
  describeRows,
  placeOf,
  RowCounter,
  UnusableRow,
} from "../../../../core/text/rows/report.ts";

Deno.test("RowCounter.take() counts what is used and what is not, with the first place of each reason", () => {
  const counter = new RowCounter();
  const refuse = (reason: string) => () => {
    throw new UnusableRow(reason);
  };
  assertEquals(counter.take("f:1", () => 7), 7);
  assertEquals(counter.take("f:2", refuse("empty")), undefined);
  counter.take("f:3", refuse("too long"));
  counter.take("f:4", refuse("empty"));
  assertEquals([counter.read, counter.used], [4, 1]);
  assertEquals([...counter.skipped], [
    ["empty", { count: 2, first: "f:2" }],
    ["too long", { count: 1, first: "f:3" }],
  ]);
  assertEquals(describeRows(counter), [
    "1 of 4 rows used",
    "2 skipped: empty (first f:2)",
    "1 skipped: too long (first f:3)",
  ]);
});

Deno.test("RowCounter.take() lets other errors pass: a broken reader is no unusable row", () => {
  const counter = new RowCounter();
  assertThrows(() => counter.take("f:1", () => JSON.parse("no")), SyntaxError);
  assertEquals(counter.skipped.size, 0);
});

Deno.test("placeOf() names a line of a text file and a row of another", () => {
  const row = { row: {}, file: "a.csv", unit: "line" as const, number: 3 };
  assertEquals(placeOf(row), "a.csv:3");
  assertEquals(placeOf({ ...row, file: "a.parquet", unit: "row" }), "a.parquet row 3");
});
