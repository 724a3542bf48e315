import { assertEquals } from "@std/assert";
import { NoVerdict } from "../../../core/mod.ts";
import { UsageError } from "../../../cli/terminal/mistake.ts";

Deno.test("mistakes are told from each other by their codes", () => {
  const parts = { verb: "try", found: "x" };
  assertEquals(
    [new UsageError(parts), new NoVerdict(parts)].map(({ name, code }) => [name, code]),
    [["UsageError", "usage"], ["NoVerdict", "annotator"]],
  );
});
