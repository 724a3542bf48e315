import { assert, assertEquals, assertThrows } from "@std/assert";
import { rubricByName, rubricNames } from "../../../core/judge/rubric.ts";

Deno.test("rubricByName() has three rubrics that speak of length and ties, and no other", () => {
  assertEquals(rubricNames.length, 3);
  for (const name of rubricNames) {
    const { text } = rubricByName(name);
    assert(/it is a tie\.$/.test(text), name);
    assert(!/[AB]\b.*winner/.test(text), `${name} says nothing about the form of the reply`);
  }
  assertThrows(
    () => rubricByName("kind"),
    RangeError,
    "the rubric is kind, expected one of helpful",
  );
});
