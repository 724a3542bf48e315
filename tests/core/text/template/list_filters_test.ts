// Filters of lists keep the order of equals and the names of groups.
import { assertEquals } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { GROUPS, LIST_FILTERS } from "../../../../core/text/template/list_filters.ts";

const people = ["b1", "a2", "b3", "A4"].map((name) => ({ name, first: name[0] }));
const render = (source: string) => chatTemplate(source).render([], { variables: { people } });

Deno.test("LIST_FILTERS sort stably, either way round", () => {
  const names = "|map(attribute='name')|join(' ')";
  assertEquals(render(`{{ people|sort(attribute='first')${names} }}`), "a2 A4 b1 b3");
  assertEquals(render(`{{ people|sort(true, attribute='first')${names} }}`), "b1 b3 a2 A4");
  assertEquals(Object.hasOwn(LIST_FILTERS, "groupby"), true);
});

Deno.test("GROUPS knows the tuples of groupby, whose entries have names", () => {
  const groups =
    "{% for g in people|groupby('first') %}{{ g.grouper }}{{ g.list|length }} {% endfor %}";
  assertEquals(render(groups), "a2 b2 ");
  assertEquals(render("{{ (1, 2).grouper is defined }}"), "False");
  assertEquals(GROUPS.has({}), false);
});
