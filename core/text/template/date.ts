// The date that a chat template is told, so that the same dialogue on another day is the same text.
import { quote } from "../../base/quote.ts";
import type { ChatTemplateOptions } from "./chat_template.ts";
import type { ChatTemplateSource } from "./pick_chat_template.ts";
import { formatTime } from "./strftime.ts";
import { Mistake } from "../../base/mistake.ts";

/** Whether a template asks for the date by itself: without one it takes today's. */
export function asksDate(source: ChatTemplateSource): boolean {
  return textsOf(source).some((text) => /\bstrftime_now\b/.test(text));
}

/**
 * What a template is told of a date: `strftime_now` by its midnight, and `date_string`, as Llama's templates call it, where
 * a template knows no other way.
 *
 * @example
 * ```ts
 * import { chatTemplate, templateDate } from "@leash/bpo/core";
 * import { assertEquals } from "@std/assert";
 * const source = "{{ strftime_now('%d %b %Y') }}";
 * const template = chatTemplate(source, templateDate(source, "2026-11-30"));
 * assertEquals(template.render([]), "30 Nov 2026");
 * ```
 *
 * @param date `YYYY-MM-DD`.
 * @throws {Mistake} If it is no date.
 */
export function templateDate(
  source: ChatTemplateSource,
  date: string,
): Pick<ChatTemplateOptions, "now" | "variables"> {
  const midnight = parseDate(date);
  const texts = textsOf(source);
  const wants = texts.some((text) => /\bdate_string\b/.test(text)) && !asksDate(source);
  return {
    now: () => new Date(midnight),
    ...(wants ? { variables: { date_string: formatTime(midnight, "%d %b %Y") } } : {}),
  };
}

/**
 * A day as its local midnight.
 *
 * @param date `YYYY-MM-DD`.
 * @throws {Mistake} If it is no date.
 */
export function parseDate(date: string): Date {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(date)?.map(Number) ?? [];
  const midnight = new Date(2000, 0, 1);
  midnight.setFullYear(year, month - 1, day); // as the constructor, which takes years below 100 for others
  if (midnight.getMonth() === month - 1 && midnight.getDate() === day) return midnight;
  throw new Mistake("model", {
    verb: "read",
    thing: "the date",
    found: `it is ${quote(date)}`,
    expected: "a day as YYYY-MM-DD",
  });
}

/** A moment's day here, as `YYYY-MM-DD`. */
export function dayOf(moment: Date): string {
  return formatTime(moment, "%F");
}

function textsOf(source: ChatTemplateSource): string[] {
  return typeof source === "string" ? [source] : [...source.values()];
}
