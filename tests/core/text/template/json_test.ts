// JSON is Python's. (More of it is compared with Python's in template_interpreter_test.ts.)
import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { jsonText } from "../../../../core/text/template/json.ts";
import { make } from "../../../../core/text/template/make.ts";
import { TemplateMeter } from "../../../../core/text/template/meter.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

Deno.test("jsonText() keeps 2.0, writes tuples as lists and sorts as Python does", () => {
  const render = (source: string) => chatTemplate(source).render([]);
  assertEquals(render("{{ [2.0, (1, none)]|tojson }}"), "[2.0, [1, null]]");
  assertEquals(
    render("{{ {'b': 1, 'B': 2, 'a': {}}|tojson(sort_keys=true, indent=1) }}"),
    '{\n "B": 2,\n "a": {},\n "b": 1\n}',
  );
  assertThrows(() => render("{{ nothing_here|tojson }}"), Mistake, "it wants JSON of undefined");
});

Deno.test("jsonText() is charged while it is written", () => {
  const meter = new TemplateMeter({ steps: 1000, characters: 100 });
  const wide = make.list(Array.from({ length: 40 }, () => make.integer(1)));
  const args = {
    ...{ args: [], named: new Map(), meter, at: () => [] },
    ...{ attributeOf: () => make.none, apply: () => make.none },
  };
  assertThrows(() => jsonText(wide, args), Error, "100 characters");
});
