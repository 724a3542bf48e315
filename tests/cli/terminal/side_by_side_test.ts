import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli";
import { sideBySide } from "../../../cli/terminal/side_by_side.ts";

Deno.test("sideBySide() puts texts into columns of one width, wide characters too", () => {
  const texts = ["a short one", "今日は天気がいいから散歩しましょう、そうしましょう。\nline two"];
  const rows = sideBySide(["left", "right"], texts, 63);
  assertEquals(rows[0], "[left]" + " ".repeat(24) + " │ [right]");
  for (const row of rows) assert(unicodeWidth(row) <= 63, row);
  assertEquals(new Set(rows.map((row) => unicodeWidth(row.split("│")[0]))), new Set([31]));
  const right = rows.slice(1).map((row) => row.split(" │ ")[1] ?? "").join("");
  assertEquals(right, texts[1].replace("\n", ""));
});

Deno.test("sideBySide() of one text is its lines, and where there is no room one comes after the other", () => {
  assertEquals(sideBySide(["a"], ["one\ntwo"], 80), ["one", "two"]);
  assertEquals(sideBySide(["a", "b"], ["one", "two"], 40), ["[a]", "one", "", "[b]", "two"]);
});

Deno.test("sideBySide() keeps the end of a long label", () => {
  const label = "runs/a-very-long-name-of-a-run-folder/adapter";
  const [head] = sideBySide([label, "b"], ["x", "y"], 63);
  assert(/^\[….*folder\/adapter\] │ \[b\]$/.test(head), head);
});
