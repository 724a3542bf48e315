import { assertEquals } from "@std/assert";
import { NoVerdict } from "../../../core/mod.ts";
import { quote, UsageError } from "../../../cli/terminal/mistake.ts";

Deno.test("quote() is one short line without secrets", () => {
  assertEquals(quote('a "b"\n'), String.raw`"a \"b\"\n"`);
  assertEquals(quote("x".repeat(81)), `"${"x".repeat(79)}…"`);
  assertEquals(quote("https://me:word@host/x").includes("word"), false);
});

Deno.test("mistakes are told from each other by their codes", () => {
  const parts = { verb: "try", found: "x" };
  assertEquals(
    [new UsageError(parts), new NoVerdict(parts)].map(({ name, code }) => [name, code]),
    [["UsageError", "usage"], ["NoVerdict", "annotator"]],
  );
});
