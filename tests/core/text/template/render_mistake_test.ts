import { assertEquals } from "@std/assert";
import { TemplateBudgetError } from "../../../../core/text/template/meter.ts";
import { oneLine, Refusal, renderMistake } from "../../../../core/text/template/render_mistake.ts";

Deno.test("renderMistake() says in one line who ended the rendering", () => {
  const rows: [cause: unknown, line: string][] = [
    [
      new TemplateBudgetError("it takes more than 9 steps"),
      "it takes more than 9 steps. Raise the budget if you trust the template",
    ],
    [new Refusal('say "a"\n'), String.raw`the template says "say \"a\"\n"`],
    [new RangeError("stack"), "it is nested too deep, expected a template that ends"],
    [new Error("Unknown x."), "Unknown x, expected what @huggingface/jinja knows of Jinja"],
  ];
  for (const [cause, line] of rows) {
    const mistake = renderMistake("t", cause);
    assertEquals([mistake.message, mistake.code], [`Cannot render t: ${line}`, "model"]);
    assertEquals(mistake.cause, cause);
  }
});

Deno.test("oneLine() shows control characters and leaves the full stop out", () => {
  assertEquals(oneLine(new Error("a\nb.")), String.raw`a\nb`);
  assertEquals(oneLine("c"), "c");
});
