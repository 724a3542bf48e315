import { assertEquals } from "@std/assert";
import { COLUMNS, shownOrder } from "../../../files/datasets/exported_pair.ts";

Deno.test("shownOrder() is a first, unless the annotator was asked otherwise or both ways", () => {
  const rows = [
    ["a", undefined, "chosen,rejected"],
    ["b", "a,b", "rejected,chosen"],
    ["b", "b,a", "chosen,rejected"],
    ["a", "both", "both"],
    ["a", 7, "chosen,rejected"],
  ] as const;
  for (const [outcome, asked, order] of rows) assertEquals(shownOrder(outcome, asked), order);
});

Deno.test("COLUMNS has the ids as integers and their log-probs as reals", () => {
  assertEquals([COLUMNS.chosen_ids, COLUMNS.chosen_logps, COLUMNS.order], [
    "ints",
    "reals",
    "text",
  ]);
});
