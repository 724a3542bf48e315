// The interpreter runs Jinja as Python's Jinja 3.1 under transformers does; what stays out is one line.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { jinjaCases } from "../../../support/jinja_cases.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

const fixture: { now: string; jinja: Record<string, { source: string; text: string }> } = JSON
  .parse(
    await Deno.readTextFile(new URL("../../../fixtures/chat/rendered.json", import.meta.url)),
  );

for (const [what, { source, text }] of Object.entries(fixture.jinja)) {
  Deno.test(`TemplateInterpreter has Python's way: ${what}`, () => {
    assertEquals(chatTemplate(source, { now: () => new Date(fixture.now) }).render([]), text);
  });
}

const { variables, cases } = await jinjaCases();
for (const [what, { source, text }] of Object.entries(cases)) {
  Deno.test(`TemplateInterpreter renders as Python's Jinja: ${what}`, () => {
    const render = () => chatTemplate(source).render([], { variables });
    if (text !== undefined) {
      assertEquals(render(), text);
      return;
    }
    const { message } = assertThrows(render, Mistake); // Python refuses it too
    assert(/^Cannot (read|render) chat template: .+$/.test(message), message);
  });
}

const REFUSED: [source: string, says: string][] = [
  ["{% raw %}{{ x }}{% endraw %}", "Unknown statement type: raw"],
  ["{% with a = 1 %}{{ a }}{% endwith %}", "Unknown statement type: with"],
  ["{% for i in [1] recursive %}{% endfor %}", "Parser Error"],
  ["{%+ if true %}{% endif %}", "Unknown statement"],
  ["{% set x | upper %}a{% endset %}", "Invalid LHS"],
  ["{{ 1e3 }}", "Parser Error"],
  ["{{ () }}", "Unexpected token"],
  ["{{ {1: 2} }}", "Object keys must be strings"],
  ["{{ 1 < 2 < 3 < 'a' }}", "it compares"],
  ["{{ 'a'|wordwrap }}", "Unknown filter: wordwrap"],
  ["{{ cycler('a') }}", "not a function"],
  ["{{ 'a'.encode() }}", "not a function"],
  ["{% macro m() %}{% endmacro %}{{ m.name }}", "it looks up name of a function"],
];
for (const [source, says] of REFUSED) {
  Deno.test(`TemplateInterpreter refuses on one line what it has not of Jinja: ${source}`, () => {
    const { message } = assertThrows(() => chatTemplate(source).render([]), Mistake, says);
    assert(!message.includes("\n"));
  });
}
