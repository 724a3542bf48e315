// The budget ends every template, and says of what there was too much.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { TemplateBudgetError, TemplateMeter } from "../../../../core/text/template/meter.ts";
import { rows } from "../../../malformed/chat_template.ts";
import { processorMs } from "../../../support/cost.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

for (const { name, bytes, error } of rows) {
  Deno.test(`chatTemplate() refuses ${name}, within 5 s of a processor`, async () => {
    const source = new TextDecoder().decode(await bytes());
    const start = processorMs();
    const thrown = assertThrows(
      () => chatTemplate(source, { name: "file" }).render([{ role: "user", content: "Hi" }]),
      Error,
    );
    assert(processorMs() - start < 5000, `it took ${processorMs() - start} ms`);
    assertEquals(thrown.message, error);
    assert(thrown instanceof Mistake);
  });
}

Deno.test("TemplateMeter counts steps and characters up to its limits and not past them", () => {
  const meter = new TemplateMeter({ steps: 10, characters: 4 });
  meter.charge(10);
  meter.checkLength(4);
  assertThrows(() => meter.charge(1), TemplateBudgetError, "more than 10 steps");
  assertThrows(() => meter.checkLength(5), TemplateBudgetError, "more than 4 characters");
});

Deno.test("TemplateMeter charges a search by its worst case", () => {
  const meter = new TemplateMeter({ steps: 1000, characters: 4 });
  meter.chargeSearch("</think>", "a".repeat(10_000)); // 313 steps
  assertThrows(() => meter.chargeSearch("a".repeat(1000), "a".repeat(1000)), TemplateBudgetError);
});
