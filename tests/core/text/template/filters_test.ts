// Filters are found by their own names only. (What they give is compared with Python's in template_interpreter_test.ts.)
import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { isFilter } from "../../../../core/text/template/filters.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const render = (source: string) => chatTemplate(source).render([]);

Deno.test("isFilter() knows filters, and nothing that objects inherit", () => {
  const names = ["upper", "selectattr", "shell", "constructor", "toString"];
  assertEquals(names.map(isFilter), [true, true, false, false, false]);
});

Deno.test("applyFilter() refuses filters and arguments that it does not know", () => {
  const rows = [
    ["{{ 1|toString }}", "Unknown filter: toString"],
    ["{{ 'a'|indent('x', width=[]) }}{{ 'a'|center([]) }}", "expected an integer"],
    ["{{ 5|length }}", "it wants the length of integer"],
    ["{{ [1]|tojson(indent=9) }}", "tojson takes indent up to 8"],
    ["{{ [1]|map }}", "map wants a filter or an attribute"],
  ];
  for (const [source, message] of rows) assertThrows(() => render(source), Mistake, message);
});
