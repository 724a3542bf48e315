import { assertEquals, assertThrows } from "@std/assert";
import { Mistake } from "../../../../core/base/mistake.ts";
import { compileTemplate } from "../../../../core/text/template/program.ts";

Deno.test("compileTemplate() reads a template, and refuses what is none by its name", () => {
  assertEquals(compileTemplate("{{ a }}", 10, "t").type, "Program");
  const rows: [unknown, string][] = [
    [5, "Cannot read t: it is a number, expected Jinja source"],
    ["x".repeat(3000), "it is 3000 characters long, expected at most 2000. Raise the budget"],
    [" ".repeat(1025), "it has 1025 blanks in a row, expected at most 1024"],
    ["{% if a %}", "expected a Jinja template that transformers reads"],
    ["{{ " + "(".repeat(1900), "expected a Jinja template that transformers reads"],
  ];
  for (const [source, line] of rows) {
    assertThrows(() => compileTemplate(source, 2000, "t"), Mistake, line);
  }
});
