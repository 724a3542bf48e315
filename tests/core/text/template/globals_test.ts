import { assertEquals, assertThrows } from "@std/assert";
import { FUNCTIONS, templateGlobals } from "../../../../core/text/template/globals.ts";
import { TemplateBudgetError } from "../../../../core/text/template/meter.ts";
import { Refusal } from "../../../../core/text/template/render_mistake.ts";

type Call = (...args: unknown[]) => unknown;
const globals = templateGlobals(() => new Date(2024, 1, 29)) as Record<string, Call>;

Deno.test("templateGlobals() range() is Python's, of bounded length", () => {
  assertEquals(globals.range(3), [0, 1, 2]);
  assertEquals(globals.range(5, 0, -2), [5, 3, 1]);
  assertEquals(globals.range(0, -1), []);
  assertThrows(() => globals.range(0, 1, 0), Error, "a step that is not 0");
  assertThrows(() => globals.range(65_537), TemplateBudgetError, "a range of 65537");
});

Deno.test("templateGlobals() tell the day, and refuse as a template says", () => {
  assertEquals(globals.strftime_now("%d %b %Y"), "29 Feb 2024");
  assertThrows(() => globals.raise_exception("roles must alternate"), Refusal, "must alternate");
});

Deno.test("FUNCTIONS are those that need a template's own values", () => {
  assertEquals(Object.keys(FUNCTIONS), ["dict", "joiner"]);
});
