import { assertEquals } from "@std/assert";
import { choice, fieldOf, flagOf, text, under } from "../../../cli/flags/kinds.ts";

Deno.test("fieldOf() and flagOf() undo each other", () => {
  for (const [flag, field] of [["max-new", "maxNew"], ["top-p", "topP"], ["n", "n"]]) {
    assertEquals([fieldOf(flag), flagOf(field)], [field, flag]);
  }
});

Deno.test("choice() shows its words as --help does, and under() gives rows their heading", () => {
  assertEquals(choice("a", "b").value, "a|b");
  const row = { name: "x", value: "X", type: text, help: "An x" };
  assertEquals(under("Head", [row]), [{ ...row, group: "Head" }]);
});
