// The interpreter runs Jinja as Python's Jinja 3.1 under transformers does, where 0.5 of the package differs.
import { assertEquals } from "@std/assert";
import { chatTemplate } from "../../../core/text/chat_template.ts";

const fixture: { now: string; jinja: Record<string, { source: string; text: string }> } = JSON
  .parse(
    await Deno.readTextFile(new URL("../../fixtures/chat/rendered.json", import.meta.url)),
  );

for (const [what, { source, text }] of Object.entries(fixture.jinja)) {
  Deno.test(`TemplateInterpreter has Python's way: ${what}`, () => {
    assertEquals(chatTemplate(source, { now: () => new Date(fixture.now) }).render([]), text);
  });
}
