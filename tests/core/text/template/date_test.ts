import { assertEquals, assertThrows } from "@std/assert";
import { chatTemplate } from "../../../../core/text/template/chat_template.ts";
import { asksDate, dayOf, parseDate, templateDate } from "../../../../core/text/template/date.ts";
import { Mistake } from "../../../../core/base/mistake.ts";

Deno.test("templateDate() tells strftime_now the day, at its midnight", () => {
  const source = "{{ strftime_now('%Y-%m-%d %H:%M:%S') }}";
  const template = chatTemplate(source, templateDate(source, "2024-02-29"));
  assertEquals(template.render([]), "2024-02-29 00:00:00");
});

Deno.test("templateDate() sets date_string where a template knows no other way", () => {
  const llama31 =
    "{% if not date_string is defined %}{% set date_string = '26 Jul 2024' %}{% endif %}" +
    "{{ date_string }}";
  const render = (source: string, date?: string) =>
    chatTemplate(source, date === undefined ? {} : templateDate(source, date)).render([]);
  assertEquals([render(llama31), render(llama31, "2026-12-01")], ["26 Jul 2024", "01 Dec 2026"]);
  const own =
    "{% if not date_string is defined %}{% set date_string = strftime_now('%F') %}{% endif %}" +
    "{{ date_string }}";
  assertEquals(render(own, "2026-12-01"), "2026-12-01");
  assertEquals([asksDate(llama31), asksDate(own)], [false, true]);
  assertEquals(asksDate(new Map([["default", "x"], ["tool_use", own]])), true);
});

Deno.test("parseDate() takes days that are, and dayOf() gives them back", () => {
  for (const day of ["2026-11-30", "2024-02-29", "0001-01-01", "9999-12-31"]) {
    assertEquals(dayOf(parseDate(day)), day);
  }
  for (
    const day of [
      "2026-02-29",
      "2026-13-01",
      "2026-00-10",
      "26-01-01",
      "today",
      "2026-1-1",
      " 2026-01-01",
    ]
  ) {
    const error = assertThrows(() => parseDate(day), Mistake);
    assertEquals(
      error.message,
      `Cannot read the date: it is ${JSON.stringify(day)}, expected a day as YYYY-MM-DD`,
    );
  }
});
